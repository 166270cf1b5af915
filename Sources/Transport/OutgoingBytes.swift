/// Bytes on their way out, in order.
struct OutgoingBytes {
    /// Memory kept for the next messages once all is written, in bytes; a larger burst gives its memory back.
    private static let keptCapacity = 64 * 1024

    private var bytes: [UInt8] = []
    private var writtenCount = 0

    var count: Int { bytes.count - writtenCount }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

    /// Writes until all is gone (`.done`), or says why it stopped.
    mutating func write(to stream: any ByteStream) -> IOResult {
        while !isEmpty {
            let result = bytes.withUnsafeBytes { stream.write(.init(rebasing: $0.dropFirst(writtenCount))) }
            guard case .done(let count) = result else { return result }
            writtenCount += count
        }
        if writtenCount > 0 {
            bytes.removeAll(keepingCapacity: bytes.capacity <= OutgoingBytes.keptCapacity)
            writtenCount = 0
        }
        return .done(0)
    }
}
