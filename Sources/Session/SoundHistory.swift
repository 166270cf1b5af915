import Realtime

/// How loud a stretch of captured audio was.
public struct SoundLevel: Sendable, Equatable {
    /// The stretch ends before this frame since the start of audio, and begins where the one before it ended.
    public var untilFrame: Int
    /// The squares of its 16-bit samples, added up.
    public var squares: Int

    public init(untilFrame: Int, squares: Int) {
        self.untilFrame = untilFrame
        self.squares = squares
    }
}

/// What was measured of the speech in a turn.
public struct TurnSound: Sendable, Equatable {
    /// Milliseconds in which somebody spoke: all but pauses of more than 200 ms, and what is before and behind.
    public var speechMs: Int
    /// The mean of the squares of its 16-bit samples.
    public var meanSquare: Double

    public init(speechMs: Int, meanSquare: Double) {
        self.speechMs = speechMs
        self.meanSquare = meanSquare
    }
}

/// The loudness of the last minutes of captured audio, from which each turn's is taken when it is committed.
///
/// Under server detection it also knows which captured frames the server's milliseconds mean.
struct SoundHistory: Sendable {
    private struct Block {
        let untilFrame: Int
        var frames: Int
        var squares: Int
        var meanSquare: Double { Double(squares) / Double(frames) }
    }

    /// Captured frames that were appended without a gap, and where the server's clock stood at the first.
    private struct Sent {
        let serverFrame: Int
        var frames: Range<Int>
    }

    /// Loudness is kept for stretches of at least 20 ms, shorter than any speech sound that lasts.
    static let blockFrames = sessionRate / 50
    /// Longest turn that is measured whole: the longest hold of the button is 120 s. The blocks of 180 s are 220 kB.
    static let keptFrames = 180 * sessionRate
    /// The dynamic range of speech is 30 dB (ANSI S3.5-1997): what is softer than a turn's loudest by more is none.
    static let speechRange = 1000.0
    /// A shorter pause is part of speech: the hangover of ITU-T P.56.
    static let pauseFrames = sessionRate / 5
    /// Stretches of appended audio that are remembered; the microphone is muted once an answer.
    static let sentLimit = 64

    private var blocks: [Block] = []
    private var sent: [Sent] = []
    private var serverFrame = 0
    /// The item whose speech the server announced last, and its milliseconds.
    private var speech: (item: ItemID, startMs: Int, endMs: Int?)?

    /// Captured audio was measured.
    mutating func measured(_ level: SoundLevel) {
        let start = blocks.last?.untilFrame ?? max(0, level.untilFrame - Self.blockFrames)
        guard level.untilFrame > start else { return }
        var block = Block(
            untilFrame: level.untilFrame, frames: level.untilFrame - start, squares: max(0, level.squares))
        if let last = blocks.last, last.frames < Self.blockFrames {
            blocks.removeLast()
            block.frames += last.frames
            block.squares += last.squares
        }
        blocks.append(block)
        // In one go now and then: taking the first of thousands out each time would move the others.
        guard blocks.count.isMultiple(of: 256) else { return }
        let oldest = level.untilFrame - Self.keptFrames
        blocks.removeSubrange(..<(blocks.firstIndex { $0.untilFrame > oldest } ?? 0))
    }

    /// The speech in these captured frames; nil when they were not measured.
    func sound(in frames: Range<Int>) -> TurnSound? {
        // A block counts where most of it is inside.
        let inside = blocks.filter { frames.contains($0.untilFrame - $0.frames / 2) }
        guard let loudest = inside.map(\.meanSquare).max() else { return nil }
        var speech: [Block] = []
        var pause: [Block] = []
        for block in inside {
            guard loudest > 0, block.meanSquare * Self.speechRange >= loudest else {
                pause.append(block)
                continue
            }
            if !speech.isEmpty, Self.frames(of: pause) <= Self.pauseFrames { speech += pause }
            pause = []
            speech.append(block)
        }
        let count = Self.frames(of: speech)
        let squares = speech.reduce(0.0) { $0 + Double($1.squares) }
        return TurnSound(speechMs: count * 1000 / sessionRate, meanSquare: count == 0 ? 0 : squares / Double(count))
    }

    private static func frames(of blocks: [Block]) -> Int { blocks.reduce(0) { $0 + $1.frames } }

    // MARK: Server detection

    mutating func sessionOpened() {
        sent = []
        serverFrame = 0
        speech = nil
    }

    /// These captured frames were appended to the server's buffer.
    mutating func appended(_ frames: Range<Int>) {
        if let last = sent.indices.last, sent[last].frames.upperBound == frames.lowerBound {
            sent[last].frames = sent[last].frames.lowerBound..<frames.upperBound
        } else {
            sent = sent.suffix(Self.sentLimit - 1) + [Sent(serverFrame: serverFrame, frames: frames)]
        }
        serverFrame += frames.count
    }

    mutating func speechStarted(_ item: ItemID, audioStartMs: Int) { speech = (item, audioStartMs, nil) }

    mutating func speechStopped(_ item: ItemID, audioEndMs: Int) {
        if speech?.item == item { speech?.endMs = audioEndMs }
    }

    /// How long the speech has lasted that the server announced last, without its pauses, up to a captured frame; nil
    /// when it was not measured.
    func speechMs(untilFrame frame: Int) -> Int? {
        guard let speech, let start = captured(ms: speech.startMs), start < frame else { return nil }
        return sound(in: start..<frame)?.speechMs
    }

    /// The captured frames in which the server heard the speech of an item; nil when it did not say.
    func frames(of item: ItemID) -> Range<Int>? {
        guard let speech, speech.item == item, let endMs = speech.endMs,
            let start = captured(ms: speech.startMs), let end = captured(ms: endMs), start < end
        else { return nil }
        return start..<end
    }

    /// The captured frame that the server calls so many milliseconds after the session's first.
    private func captured(ms: Int) -> Int? {
        // No session is longer than a day: the server's number must not overflow.
        guard (0...86_400_000).contains(ms) else { return nil }
        let frame = ms * sessionRate / 1000
        guard let stretch = sent.last(where: { $0.serverFrame <= frame }) else { return nil }
        return min(stretch.frames.lowerBound + frame - stretch.serverFrame, stretch.frames.upperBound)
    }
}
