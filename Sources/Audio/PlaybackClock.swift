import Synchronization

/// How much the visitor has heard, in one consistent look.
public struct PlaybackPosition: Sendable, Equatable {
    /// Counts flushes, wrapping; 0 before the first.
    public let epoch: UInt16
    /// 24 kHz frames written in this epoch and heard. Grows only, counts no silence, and equals the frames written once
    /// all were heard.
    public let heardFrames: Int
}

/// The playback clock: flushes and gains go to the audio thread, the position comes back, each in one atomic word.
final class PlaybackClock: @unchecked Sendable {
    // SAFETY: `heardAtEnd` is written by the audio thread before it releases `published`, and read by the owner after
    // acquiring it. The owner reads no slot that a flush asked for by now could write again.

    /// A flush on its way: the epoch it begins, and how many frames had been written to the ring before it.
    struct Flush: Equatable {
        let epoch: UInt16
        let writtenFrames: Int
    }

    /// Ended epochs whose heard frames can be asked for; flushes are done within 20 ms, so two would do.
    static let rememberedEpochs = 16
    /// Frames fit into the lower 48 bits for 371 years.
    private static let frameBits: UInt64 = 48
    private static let frameMask: UInt64 = 1 << 48 - 1

    /// Times sound stopped in the middle because frames were late, and went on.
    let gaps = Atomic<Int>(0)
    private let requested = Atomic<UInt64>(0)
    private let published = Atomic<UInt64>(0)
    /// A gain and the epoch that it is for.
    private let gain = Atomic<UInt64>(pack(0, Int(GainRamp.one)))
    private let heardAtEnd: UnsafeMutablePointer<Int>

    init() {
        heardAtEnd = .allocate(capacity: Self.rememberedEpochs)
        heardAtEnd.initialize(repeating: 0, count: Self.rememberedEpochs)
    }

    deinit { heardAtEnd.deallocate() }

    /// Any thread.
    var position: PlaybackPosition {
        let (epoch, frames) = Self.unpack(published.load(ordering: .acquiring))
        return PlaybackPosition(epoch: epoch, heardFrames: frames)
    }

    // MARK: Owner

    /// Asks for a flush of all that was written so far and returns the epoch that it begins.
    func requestFlush(writtenFrames: Int) -> UInt16 {
        let epoch = Self.unpack(requested.load(ordering: .relaxed)).epoch &+ 1
        requested.store(Self.pack(epoch, writtenFrames), ordering: .releasing)
        request(gain: GainRamp.one)
        return epoch
    }

    /// Asks for a gain, in 1/32768, of all that can still be changed of this epoch.
    func request(gain: Int32) {
        let epoch = Self.unpack(requested.load(ordering: .relaxed)).epoch
        self.gain.store(Self.pack(epoch, Int(gain)), ordering: .releasing)
    }

    /// Frames heard of the epoch that the flush beginning `epoch` ended. Nil until that flush has happened, and for
    /// flushes longer ago than `rememberedEpochs`.
    func heardFrames(endedBy epoch: UInt16) -> Int? {
        let latest = Self.unpack(requested.load(ordering: .relaxed)).epoch
        let age = latest &- epoch
        let isDone = age >= latest &- position.epoch
        guard isDone, age < Self.rememberedEpochs - 1 else { return nil }
        return heardAtEnd[slot(epoch &- 1)]
    }

    // MARK: Audio thread

    /// The latest flush that was asked for and not done. Real-time.
    var pendingFlush: Flush? {
        let (epoch, frames) = Self.unpack(requested.load(ordering: .acquiring))
        return epoch == position.epoch ? nil : Flush(epoch: epoch, writtenFrames: frames)
    }

    /// The gain of this epoch; nil while it is to end, and its gain is what it was. Real-time.
    var wantedGain: Int32? {
        let (epoch, gain) = Self.unpack(gain.load(ordering: .acquiring))
        return epoch == position.epoch ? Int32(truncatingIfNeeded: gain) : nil
    }

    /// Publishes what was heard in this epoch; a smaller number than before is ignored. Real-time.
    func publish(heardFrames: Int) {
        let current = position
        guard heardFrames > current.heardFrames else { return }
        published.store(Self.pack(current.epoch, heardFrames), ordering: .releasing)
    }

    /// Ends the epoch with the heard frames published last, and begins the flush's epoch at 0. Epochs that came and
    /// went between two looks were not heard at all. Real-time.
    func complete(_ flush: Flush) {
        let current = position
        heardAtEnd[slot(current.epoch)] = current.heardFrames
        var skipped = current.epoch &+ 1
        while skipped != flush.epoch {
            heardAtEnd[slot(skipped)] = 0
            skipped &+= 1
        }
        published.store(Self.pack(flush.epoch, 0), ordering: .releasing)
    }

    private func slot(_ epoch: UInt16) -> Int { Int(epoch) % Self.rememberedEpochs }

    private static func pack(_ epoch: UInt16, _ frames: Int) -> UInt64 {
        UInt64(epoch) << frameBits | UInt64(truncatingIfNeeded: frames) & frameMask
    }

    private static func unpack(_ word: UInt64) -> (epoch: UInt16, frames: Int) {
        (UInt16(truncatingIfNeeded: word >> frameBits), Int(truncatingIfNeeded: word & frameMask))
    }
}
