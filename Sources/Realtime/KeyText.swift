/// Whether every string of a message can be read as an object's key.
///
/// FoundationEssentials of Swift 6.0 traps where a key is no text (`try!` in its JSONDecoder.swift): bytes that are no
/// UTF-8, control characters, halves of surrogate pairs. Nothing a server sends may trap, so such a message is refused
/// before the decoder sees it. Apart from the bytes keys alone are judged: in a value the decoder throws, as it should.
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

    /// Goes from a string's first quotation mark to its last. False when what is between them is no text: a control
    /// character, an escape that JSON does not have, half of a surrogate pair.
    private static func skipString(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Bool {
        var isSound = true
        /// Where the other half of a pair has to be escaped.
        var lowAt: Int?
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            guard bytes[index] == UInt8(ascii: "\\") else {
                if bytes[index] < 0x20 { isSound = false }
                index += 1
                continue
            }
            let escape = Escape(bytes, at: index)
            if escape.isUnknown || escape.isLow != (lowAt == index) || (lowAt ?? index) != index { isSound = false }
            lowAt = escape.isHigh ? index + escape.length : nil
            index += escape.length
        }
        return isSound && lowAt == nil
    }

    /// What begins with a backslash.
    private struct Escape {
        var isUnknown = false
        var isHigh = false
        var isLow = false
        var length = 2

        init(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) {
            guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "u") else {
                isUnknown = index + 1 >= bytes.count || !#""\/bfnrt"#.utf8.contains(bytes[index + 1])
                return
            }
            let digits = bytes[(index + 2)...].prefix(4)
            guard digits.count == 4, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
            else {
                isUnknown = true
                return
            }
            isHigh = (0xd800...0xdbff).contains(unit)
            isLow = (0xdc00...0xdfff).contains(unit)
            length = 6
        }
    }

    private static func isColon(_ bytes: UnsafeBufferPointer<UInt8>, after index: Int) -> Bool {
        let spaces: [UInt8] = [0x20, 0x09, 0x0a, 0x0d]
        return bytes.dropFirst(index + 1).first { !spaces.contains($0) } == UInt8(ascii: ":")
    }
}
