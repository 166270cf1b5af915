import FoundationEssentials

/// What a visitor may say and what is answered, as shipped in `Samples` (samples.json and WAV files).
struct SampleLibrary: Sendable {
    /// A sentence with its sound.
    struct Speech: Equatable, Sendable {
        let text: String
        let samples: [Int16]
    }

    /// One sentence of a visitor, with the answer to it.
    struct Utterance: Sendable {
        let name: String
        let speech: Speech
        let answer: Speech
    }

    let utterances: [Utterance]
    /// The answer to whatever is not recognised.
    let fallback: Speech

    init(utterances: [Utterance], fallback: Speech) {
        self.utterances = utterances
        self.fallback = fallback
    }

    /// Reads `folder/samples.json` and the WAV files it names.
    /// - Throws: `SimulatorError.sampleFile` with the file that is missing or wrong.
    init(folder: String) throws(SimulatorError) {
        let index = folder + "/samples.json"
        guard let list = JSON(parsing: try SampleLibrary.contents(index)), !list.elements.isEmpty else {
            throw .sampleFile(path: index, reason: "wanted a list of samples")
        }
        var utterances: [Utterance] = []
        var fallback: Speech?
        for entry in list.elements {
            guard let name = entry["name"]?.text, let file = entry["file"]?.text, let text = entry["text"]?.text,
                let answerFile = entry["answer_file"]?.text, let answerText = entry["answer_text"]?.text
            else {
                throw .sampleFile(
                    path: index, reason: "wanted name, file, text, answer_file and answer_text in each sample")
            }
            let answer = Speech(text: answerText, samples: try SampleLibrary.samples(folder + "/" + answerFile))
            if file.isEmpty {
                fallback = answer
            } else {
                let speech = Speech(text: text, samples: try SampleLibrary.samples(folder + "/" + file))
                utterances.append(Utterance(name: name, speech: speech, answer: answer))
            }
        }
        guard let fallback else {
            throw .sampleFile(
                path: index, reason: "wanted one sample without a file, whose answer is for unrecognised audio")
        }
        self.init(utterances: utterances, fallback: fallback)
    }

    /// The folder of the samples: `Sources/realtime-simulator/Samples` in the executable's folder, the current one,
    /// or the nearest folder above either.
    static func find() throws(SimulatorError) -> String {
        let files = FileManager.default
        let executable = (try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let starts = [executable, files.currentDirectoryPath]
        for start in starts {
            var parts = start.split(separator: "/")
            while true {
                let candidate = "/" + (parts + ["Sources", "realtime-simulator", "Samples"]).joined(separator: "/")
                if files.fileExists(atPath: candidate + "/samples.json") { return candidate }
                if parts.popLast() == nil { break }
            }
        }
        throw .samplesNotFound(searched: starts.map { "Sources/realtime-simulator/Samples above \($0)" })
    }

    private static func samples(_ path: String) throws(SimulatorError) -> [Int16] {
        try WAVFile(bytes: contents(path), path: path).samples
    }

    private static func contents(_ path: String) throws(SimulatorError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .sampleFile(path: path, reason: "cannot be read")
        }
        return Array(data)
    }
}
