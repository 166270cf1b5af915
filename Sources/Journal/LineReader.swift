import Glibc

/// The lines of a file, in order, each in one piece; memory is bounded by the longest entry, not by the file.
///
/// Ask `next` until it is nil. The file may grow meanwhile, as a segment does beside the agent that writes it.
struct LineReader: ~Copyable {
    struct Line {
        /// Without its line feed; empty when it `isTooLong`. Valid until the next call.
        let bytes: UnsafeRawBufferPointer
        /// Where it lies in the file, line feed included.
        let range: Range<Int64>
        /// Counted from 1.
        let number: Int
        /// False for half a line at the end of the file.
        let hasLineFeed: Bool
        /// Longer than any entry.
        let isTooLong: Bool
        /// How many zero bytes half a line ends with.
        let zeroBytes: Int64
    }

    /// As much is asked of the file at a time: a few hundred reads for a segment, and within a core's cache.
    private static let readBytes = 256 * 1024
    private static let capacity = EntryLine.limitBytes + 1 + readBytes

    private let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    /// What is in the buffer and was not handed over, and how far it was searched for a line feed.
    private var start = 0
    private var searched = 0
    private var end = 0
    /// In the file, of `start`.
    private var offset: Int64
    /// Bytes of the present line that were let go, and the zeros they end with.
    private var dropped: Int64 = 0
    private var droppedZeros: Int64 = 0
    private var number = 0

    init(from offset: Int64 = 0) {
        self.offset = offset
    }

    deinit { buffer.deallocate() }

    /// The next line; nil at the end of the file.
    mutating func next(_ file: borrowing File) throws(JournalError) -> Line? {
        while true {
            // SAFETY: `searched` to `end` is inside the buffer and was filled by read.
            if let lineFeed = memchr(buffer + searched, 10, end - searched) {
                return take(upTo: UnsafeRawPointer(lineFeed) - UnsafeRawPointer(buffer), hasLineFeed: true)
            }
            searched = end
            if end - start > EntryLine.limitBytes { drop() }
            makeRoom()
            let limit = min(Self.readBytes, Self.capacity - end)
            let space = UnsafeMutableRawBufferPointer(start: buffer + end, count: limit)
            let count = try file.read(at: offset + Int64(end - start), into: space)
            if count == 0 {
                return end > start || dropped > 0 ? take(upTo: end, hasLineFeed: false) : nil
            }
            end += count
        }
    }

    private mutating func take(upTo lineEnd: Int, hasLineFeed: Bool) -> Line {
        let isTooLong = dropped > 0 || lineEnd - start > EntryLine.limitBytes
        let bytes = UnsafeRawBufferPointer(start: buffer + start, count: lineEnd - start)
        let zeros = hasLineFeed ? 0 : Self.zeros(atEndOf: bytes)
        let behind = lineEnd + (hasLineFeed ? 1 : 0)
        let range = offset - dropped..<offset + Int64(behind - start)
        number += 1
        let line = Line(
            bytes: isTooLong ? UnsafeRawBufferPointer(rebasing: bytes[..<0]) : bytes, range: range, number: number,
            hasLineFeed: hasLineFeed, isTooLong: isTooLong,
            zeroBytes: zeros == bytes.count && !hasLineFeed ? droppedZeros + Int64(zeros) : Int64(zeros))
        offset = range.upperBound
        (start, searched, dropped, droppedZeros) = (behind, behind, 0, 0)
        return line
    }

    /// Lets go of a line that is too long to be an entry.
    private mutating func drop() {
        let bytes = UnsafeRawBufferPointer(start: buffer + start, count: end - start)
        let zeros = Self.zeros(atEndOf: bytes)
        droppedZeros = zeros == bytes.count ? droppedZeros + Int64(zeros) : Int64(zeros)
        dropped += Int64(bytes.count)
        offset += Int64(bytes.count)
        (start, searched, end) = (0, 0, 0)
    }

    private mutating func makeRoom() {
        if start == end {
            (start, searched, end) = (0, 0, 0)
        } else if Self.capacity - end < Self.readBytes, start > 0 {
            memmove(buffer, buffer + start, end - start)
            (start, searched, end) = (0, searched - start, end - start)
        }
    }

    private static func zeros(atEndOf bytes: UnsafeRawBufferPointer) -> Int {
        var count = 0
        while count < bytes.count, bytes[bytes.count - 1 - count] == 0 { count += 1 }
        return count
    }
}
