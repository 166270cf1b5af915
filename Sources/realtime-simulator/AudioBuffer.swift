/// The session's input audio buffer: what was appended and not yet committed. Positions are frames since the
/// session began; neither commit nor clear resets them.
struct AudioBuffer {
    private(set) var samples: [Int16] = []
    private(set) var startFrame = 0

    var endFrame: Int { startFrame + samples.count }
    var endMs: Int { AudioTime.ms(frames: endFrame) }

    mutating func append(_ more: [Int16]) {
        samples += more
    }

    /// Takes all that is buffered.
    mutating func takeAll() -> [Int16] {
        take(fromMs: 0, toMs: Int.max / AudioTime.framesPerMs)
    }

    /// Takes what lies between two positions and drops what lies before them.
    mutating func take(fromMs: Int, toMs: Int) -> [Int16] {
        let from = min(max(fromMs * AudioTime.framesPerMs - startFrame, 0), samples.count)
        let to = min(max(toMs * AudioTime.framesPerMs - startFrame, from), samples.count)
        let taken = Array(samples[from..<to])
        samples.removeFirst(to)
        startFrame += to
        return taken
    }

    /// Drops all but the newest milliseconds.
    mutating func keep(newestMs: Int) {
        let surplus = samples.count - newestMs * AudioTime.framesPerMs
        guard surplus > 0 else { return }
        samples.removeFirst(surplus)
        startFrame += surplus
    }
}
