import KioskBench

extension Bench {
    /// Holds the button while `sample` is spoken, which stands at `at` ms before the microphone. The press is early: on
    /// a busy machine the command takes half a second, and the pre-roll is not what is tried here.
    func speak(_ sample: Samples.Sample, at: Int) async throws {
        try await microphoneReaches(ms: at - 700)
        try await button("press")
        try await microphoneReaches(ms: try at + sample.lengthMs)
        try await button("release")
    }
}
