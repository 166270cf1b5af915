/// Whether every string of a message can be read as an object's key.
///
/// FoundationEssentials of Swift 6.0 traps where a key is no text (`try!` in its JSONDecoder.swift): bytes that are no
/// UTF-8, and an escape that is half of a surrogate pair. Nothing a server sends may trap, so such a message is refused
/// before the decoder sees it. Of the escapes keys alone are judged: in a value the decoder throws, as it should.
enum KeyText {
    /// Blocks for the time of the work only: one look at each byte.
    static func isSound(_ json: [UInt8]) -> Bool {
        guard String(validating: json, as: UTF8.self) != nil else { return false }
        return json.withUnsafeBufferPointer { bytes in
            var index = 0
            while index < bytes.count {
                defer { index += 1 }
                guard bytes[index] == UInt8(ascii: "\"") else { continue }
                let isSound = skipString(bytes, &index)
                if !isSound, isColon(bytes, after: index) { return false }
            }
            return true
        }
    }

    /// Goes from a string's first quotation mark to its last. False when it escapes half of a surrogate pair.
    private static func skipString(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Bool {
        var isSound = true
        /// Where the other half of a pair has to be escaped.
        var lowAt: Int?
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            let unit = unicodeEscape(bytes, at: index)
            let isLow = unit.map { (0xdc00...0xdfff).contains($0) } ?? false
            if isLow != (lowAt == index) { isSound = false }
            let isHigh = unit.map { (0xd800...0xdbff).contains($0) } ?? false
            if let lowAt, lowAt != index { isSound = false }
            lowAt = isHigh ? index + 6 : nil
            index += unit == nil ? 2 : 6
        }
        return isSound && lowAt == nil
    }

    /// The UTF-16 unit of `\uXXXX`; nil when something else is escaped there.
    private static func unicodeEscape(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index + 1] == UInt8(ascii: "u") else { return nil }
        return UInt16(String(decoding: bytes[index + 2..<index + 6], as: UTF8.self), radix: 16)
    }

    private static func isColon(_ bytes: UnsafeBufferPointer<UInt8>, after index: Int) -> Bool {
        let spaces: [UInt8] = [0x20, 0x09, 0x0a, 0x0d]
        return bytes.dropFirst(index + 1).first { !spaces.contains($0) } == UInt8(ascii: ":")
    }
}
