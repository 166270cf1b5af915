/// A short WAV file as a whole: what the runner plays from memory.
public struct WAVSound: Sendable, Equatable {
    /// Longest file, in seconds: 1.4 MB of samples.
    public static let longestSeconds = 30

    /// 24 kHz mono, at least one frame.
    public let samples: [Int16]

    /// Reads a RIFF file of 16-bit PCM, 8 to 48 kHz, mono or stereo (mixed to mono). Blocks for the disk.
    public init(path: String) throws(AudioError) {
        var reader = try WAVReader(path: path)
        let rate = reader.rate, frameCount = reader.frameCount
        guard frameCount > 0 else { throw AudioError(.tellOperator, "wav:\(path): no sound in it: wanted some") }
        guard frameCount <= Self.longestSeconds * rate else {
            throw AudioError(
                .tellOperator, "wav:\(path): \(frameCount / rate) s: wanted at most \(Self.longestSeconds) s")
        }
        var resampler = try Resampler(from: rate, to: runnerRate)
        // Silence behind the end pushes the last frames out of the filter.
        let paddedFrames = frameCount + resampler.inputLatencyFrames
        let wantedFrames = max(1, frameCount * runnerRate / rate)
        var input = [Int16](repeating: 0, count: WAVReader.stepFrames)
        var output = [Int16](repeating: 0, count: resampler.outputBound(inputFrames: WAVReader.stepFrames))
        var samples: [Int16] = []
        samples.reserveCapacity(wantedFrames)
        var readFrames = 0
        while readFrames < paddedFrames, samples.count < wantedFrames {
            let code = input.withUnsafeMutableBufferPointer { reader.read(into: $0) }
            if code < 0 { throw .system("wav:\(path)", "read", -code) }
            readFrames += input.count
            var consumed = 0
            while consumed < input.count {
                let step = input.withUnsafeBufferPointer { source in
                    output.withUnsafeMutableBufferPointer { target in
                        resampler.process(UnsafeBufferPointer(rebasing: source[consumed...]), into: target)
                    }
                }
                consumed += step.consumed
                samples += output[..<step.produced]
            }
        }
        self.samples = Array(samples.prefix(wantedFrames))
    }
}
