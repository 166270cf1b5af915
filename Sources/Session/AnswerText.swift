import Realtime

/// The text of an answer, part by part, and how much of it goes with the audio that was heard.
struct AnswerText: Sendable {
    private var parts: [ContentPart: String] = [:]
    /// In the order of their first words.
    private var responses: [ResponseID] = []

    mutating func append(_ delta: String, to part: ContentPart) {
        know(part.response)
        parts[part, default: ""] += delta
    }

    mutating func set(_ text: String, of part: ContentPart) {
        know(part.response)
        parts[part] = text
    }

    private mutating func know(_ response: ResponseID) {
        if !responses.contains(response) { responses.append(response) }
    }

    /// Text that came only with the end of the response.
    mutating func fill(from response: Response) {
        guard !responses.contains(response.id) else { return }
        for (index, item) in response.output.enumerated() where !item.text.isEmpty {
            set(item.text, of: ContentPart(response: response.id, item: item.id, outputIndex: index))
        }
    }

    /// All parts in the order of the responses.
    var whole: String { join { _, text in text } }

    /// The part probably heard: of each part the share of its text that its heard audio has, whole words only.
    ///
    /// No alignment of text and audio exists on the wire, so the share is an estimate.
    func heard(of segments: [Playout.Segment]) -> String {
        join { part, text in
            let own = segments.filter { $0.part == part }
            let frames = own.reduce(0) { $0 + $1.frames }
            let heardFrames = own.reduce(0) { $0 + $1.heardFrames }
            return heardFrames == frames && frames > 0 ? text : Self.words(of: text, share: heardFrames, of: frames)
        }
    }

    private func join(_ text: (ContentPart, String) -> String) -> String {
        func place(_ part: ContentPart) -> (Int, Int, Int) {
            (responses.firstIndex(of: part.response) ?? 0, part.outputIndex, part.contentIndex)
        }
        return parts.sorted { place($0.key) < place($1.key) }
            .map { text($0.key, $0.value) }
            .filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    private static func words(of text: String, share: Int, of whole: Int) -> String {
        guard whole > 0 else { return "" }
        let count = Int(Double(text.count) * Double(share) / Double(whole))
        let heard = text.prefix(count)
        guard heard.endIndex < text.endIndex, !text[heard.endIndex].isWhitespace else { return String(heard) }
        return String(heard.prefix(upTo: heard.lastIndex(where: \.isWhitespace) ?? heard.startIndex))
    }
}
