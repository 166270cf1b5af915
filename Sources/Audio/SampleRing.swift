import Synchronization

/// A wait-free ring of PCM16 frames between exactly one writing and one reading thread.
///
/// No call blocks, allocates or locks, and each moves its frames in at most two copies. What was written is read once,
/// in order. When the ring is full the newest frames are left out and counted, so the reader never sees a torn run.
public final class SampleRing: @unchecked Sendable {
    // SAFETY: `storage` is shared by two threads. The writer touches only frames between the indexes' free span, the
    // reader only the filled span; each span is handed over by a releasing store and an acquiring load of an index.

    /// Frames a ring may hold at most: 11 minutes at 24 kHz, 32 MiB.
    public static let maximumCapacity = 1 << 24

    /// Frames the ring can hold; a power of two.
    public let capacity: Int

    private let mask: Int
    private let storage: UnsafeMutablePointer<Int16>
    private let dropped = Atomic<Int>(0)
    private let writer = RingHalf()
    private let reader = RingHalf()

    /// Allocates a ring for at least `minimumCapacity` frames, rounded up to a power of two and kept within
    /// 1 ... `maximumCapacity`.
    public init(minimumCapacity: Int) {
        var capacity = 1
        while capacity < min(minimumCapacity, Self.maximumCapacity) { capacity *= 2 }
        self.capacity = capacity
        mask = capacity - 1
        storage = .allocate(capacity: capacity)
        // Touches every page now, so that no audio thread takes the fault later.
        storage.initialize(repeating: 0, count: capacity)
    }

    deinit { storage.deallocate() }

    // MARK: Writing side

    /// Writes as many frames as fit and returns their number; the rest is counted in `droppedFrames`. Real-time.
    @discardableResult
    @_noAllocation
    public func write(_ samples: UnsafeBufferPointer<Int16>) -> Int {
        let writeIndex = writer.index.load(ordering: .relaxed)
        var free = capacity &- (writeIndex &- writer.otherIndex.load(ordering: .relaxed))
        if free < samples.count {
            let readIndex = reader.index.load(ordering: .acquiring)
            writer.otherIndex.store(readIndex, ordering: .relaxed)
            free = capacity &- (writeIndex &- readIndex)
        }
        let count = min(free, samples.count)
        if count < samples.count { dropped.wrappingAdd(samples.count &- count, ordering: .relaxed) }
        guard count > 0, let source = samples.baseAddress else { return 0 }
        let start = writeIndex & mask
        let first = min(count, capacity &- start)
        copy(source, to: storage + start, count: first)
        copy(source + first, to: storage, count: count &- first)
        writer.index.store(writeIndex &+ count, ordering: .releasing)
        return count
    }

    /// Frames that `write` would take now; it can only grow until the next write. Writing thread, real-time.
    public var availableToWrite: Int {
        capacity &- (writer.index.load(ordering: .relaxed) &- reader.index.load(ordering: .acquiring))
    }

    /// Frames that wait to be read; it can only shrink until the next write. Writing thread, real-time.
    var unreadFrames: Int { capacity &- availableToWrite }

    // MARK: Reading side

    /// Reads up to `samples.count` frames and returns their number. Real-time.
    @_noAllocation
    public func read(into samples: UnsafeMutableBufferPointer<Int16>) -> Int {
        let readIndex = reader.index.load(ordering: .relaxed)
        let count = min(filled(from: readIndex, wanted: samples.count), samples.count)
        guard count > 0, let target = samples.baseAddress else { return 0 }
        let start = readIndex & mask
        let first = min(count, capacity &- start)
        copy(storage + start, to: target, count: first)
        copy(storage, to: target + first, count: count &- first)
        reader.index.store(readIndex &+ count, ordering: .releasing)
        return count
    }

    /// Skips up to `frames` frames unread and returns their number. Reading thread, real-time.
    @discardableResult
    @_noAllocation
    public func discard(_ frames: Int) -> Int {
        let readIndex = reader.index.load(ordering: .relaxed)
        let count = max(0, min(filled(from: readIndex, wanted: frames), frames))
        reader.index.store(readIndex &+ count, ordering: .releasing)
        return count
    }

    /// Frames that `read` would give now; it can only grow until the next read. Reading thread, real-time.
    public var availableToRead: Int {
        writer.index.load(ordering: .acquiring) &- reader.index.load(ordering: .relaxed)
    }

    // MARK: Either side

    /// Frames left out by `write` since the start because the ring was full. Any thread.
    public var droppedFrames: Int { dropped.load(ordering: .relaxed) }

    /// Frames written since the start. Writing thread exact, others a lower bound.
    var writtenFrames: Int { writer.index.load(ordering: .acquiring) }

    /// Frames read or discarded since the start. Reading thread exact, others a lower bound.
    var readFrames: Int { reader.index.load(ordering: .acquiring) }

    /// As `UnsafeMutablePointer.update`, which the compiler cannot see through in a debug build.
    @_noAllocation
    private func copy(_ source: UnsafePointer<Int16>, to target: UnsafeMutablePointer<Int16>, count: Int) {
        UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: 2 &* count)
    }

    @_noAllocation
    private func filled(from readIndex: Int, wanted: Int) -> Int {
        let known = reader.otherIndex.load(ordering: .relaxed) &- readIndex
        if known >= wanted { return known }
        let writeIndex = writer.index.load(ordering: .acquiring)
        reader.otherIndex.store(writeIndex, ordering: .relaxed)
        return writeIndex &- readIndex
    }
}

/// One side's index and its last view of the other side's, alone on their cache lines.
private struct RingHalf: ~Copyable {
    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    private let paddingBefore: Words = (0, 0, 0, 0, 0, 0, 0, 0)
    /// Frames moved by this side since the start. Written by this side only.
    let index = Atomic<Int>(0)
    /// The other side's index when this side last looked; spares it the other's cache line. Used by this side only.
    let otherIndex = Atomic<Int>(0)
    private let paddingAfter: Words = (0, 0, 0, 0, 0, 0, 0, 0)
}
