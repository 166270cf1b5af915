/// Whether what the microphone delivers can be speech: notices digital silence and clipping, and says each once.
///
/// Sans-IO. Time is counted in captured frames, 24 kHz.
public struct MicrophoneHealth: Sendable {
    public enum Finding: Sendable, Equatable, CustomStringConvertible {
        /// Every sample was the same for `silenceFrames`.
        case digitalSilence
        /// After `digitalSilence`: the samples differ again.
        case soundAgain
        /// So much of a turn was at full scale, in tenths of a percent.
        case clipping(permille: Int)

        public var description: String {
            switch self {
            case .digitalSilence:
                "nothing but digital silence for 10 s: the microphone is muted, unplugged or another one"
            case .soundAgain: "the microphone delivers sound again"
            case .clipping(let permille):
                "\(permille / 10).\(permille % 10) % of what was said is clipped: turn the capture level down"
            }
        }
    }

    /// 10 s. A live microphone's noise moves the last bit of 16 many times a second.
    static let silenceFrames = 10 * 24_000
    /// Samples from here on count as clipped: 0.1 dB below full scale, because a resampler bends a clipped top.
    static let clippedFrom: Int16 = 32_390
    /// More than this of a turn: speech sounds rough, and recognition gets worse.
    static let clippedPermille = 10

    private enum Silence: Equatable {
        /// So many frames in a row were all `value`. -> `said` after `silenceFrames`.
        case counting(frames: Int, value: Int16)
        /// `digitalSilence` was said. -> `counting` with the first sample that differs.
        case said(value: Int16)
    }

    private struct Turn: Equatable {
        var frames = 0
        var clippedFrames = 0
    }

    private let noticesSilence: Bool
    private var silence = Silence.counting(frames: 0, value: 0)
    private var turn: Turn?
    /// Clipping is said again only after a turn without.
    private var isClippingSaid = false

    /// `noticesSilence`: false for a file, which ends in silence.
    public init(noticesSilence: Bool = true) { self.noticesSilence = noticesSilence }

    /// Handles the next captured samples; `isTurnOpen` while the visitor speaks.
    public mutating func captured(_ samples: UnsafeBufferPointer<Int16>, isTurnOpen: Bool) -> [Finding] {
        guard !samples.isEmpty else { return [] }
        return (noticesSilence ? follow(samples) : []) + measure(samples, isTurnOpen: isTurnOpen)
    }

    /// Another device took over, or the same began anew.
    public mutating func restarted() { self = MicrophoneHealth(noticesSilence: noticesSilence) }

    private mutating func follow(_ samples: UnsafeBufferPointer<Int16>) -> [Finding] {
        let last = samples[samples.count - 1]
        switch silence {
        case .counting(let frames, let value):
            // The run of equal samples that the last one ends.
            let run = samples.reversed().prefix { $0 == last }.count
            let frames = run == samples.count && value == last ? frames + run : run
            guard frames >= Self.silenceFrames else {
                silence = .counting(frames: frames, value: last)
                return []
            }
            silence = .said(value: last)
            return [.digitalSilence]
        case .said(let value):
            if samples.allSatisfy({ $0 == value }) { return [] }
            silence = .counting(frames: 0, value: last)
            return [.soundAgain]
        }
    }

    private mutating func measure(_ samples: UnsafeBufferPointer<Int16>, isTurnOpen: Bool) -> [Finding] {
        if isTurnOpen {
            var current = turn ?? Turn()
            current.frames += samples.count
            for sample in samples where sample >= Self.clippedFrom || sample <= -Self.clippedFrom {
                current.clippedFrames += 1
            }
            turn = current
            return []
        }
        guard let ended = turn else { return [] }
        turn = nil
        let permille = ended.clippedFrames * 1000 / ended.frames
        guard ended.clippedFrames * 1000 > Self.clippedPermille * ended.frames else {
            isClippingSaid = false
            return []
        }
        defer { isClippingSaid = true }
        return isClippingSaid ? [] : [.clipping(permille: permille)]
    }
}
