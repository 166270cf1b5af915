import Glibc

/// An extended regular expression, regex(7), over UTF-8: the C library's.
final class RegularExpression: Sendable {
    /// It cannot be compiled; the C library's words.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Characters are UTF-8's whatever the environment says. Never freed: it is the process's.
    private static nonisolated(unsafe) let characters = newlocale(Int32(LC_CTYPE_MASK), "C.UTF-8", nil)

    // SAFETY: written before anybody else knows of it; regexec(3) locks what it changes.
    private nonisolated(unsafe) let compiled: UnsafeMutablePointer<regex_t>

    init(_ pattern: String, ignoresCase: Bool = false) throws(Malformed) {
        compiled = try Self.compile(pattern, ignoresCase: ignoresCase)
    }

    private static func compile(
        _ pattern: String, ignoresCase: Bool
    ) throws(Malformed) -> UnsafeMutablePointer<regex_t> {
        let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        compiled.initialize(to: regex_t())
        let flags = REG_EXTENDED | (ignoresCase ? REG_ICASE : 0)
        let code = pattern.utf8.contains(0)
            ? Int32(_REG_BADPAT.rawValue) : inUTF8 { regcomp(compiled, pattern, flags) }
        guard code == 0 else {
            var words = [CChar](repeating: 0, count: 200)
            regerror(code, nil, &words, words.count)
            compiled.deallocate()
            throw Malformed(description: words.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
        }
        return compiled
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    /// Whether it is found in a text of no characters.
    var isFoundInNothing: Bool { find(in: [], from: 0) != .nowhere }

    /// The text with `replacement` in place of everything that fits, from left to right, the longest each. A text that
    /// the C library has no memory to search is replaced as a whole.
    func replace(in text: String, by replacement: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var next = 0
        while next < bytes.count {
            switch find(in: bytes, from: next) {
            case .nowhere:
                if next == 0 { return text }
                return String(decoding: result + bytes[next...], as: UTF8.self)
            case .failed:
                return replacement
            case .at(let range) where range.isEmpty:
                // Nothing to replace: on behind the next character.
                let end = bytes[(range.lowerBound + 1)...].firstIndex { $0 & 0xC0 != 0x80 } ?? bytes.count
                result += bytes[next..<min(end, bytes.count)]
                next = end
            case .at(let range):
                result += bytes[next..<range.lowerBound] + Array(replacement.utf8)
                next = range.upperBound
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private enum Finding: Equatable {
        case nowhere
        case at(Range<Int>)
        case failed
    }

    /// By the bytes' count and not up to the first zero: a server may send one.
    private func find(in bytes: [UInt8], from start: Int) -> Finding {
        var match = regmatch_t(rm_so: regoff_t(start), rm_eo: regoff_t(bytes.count))
        let code = bytes.withUnsafeBytes { bytes in
            Self.inUTF8 {
                // Of an empty array there is no address.
                let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                guard let text else { return regexec(compiled, "", 1, &match, 0) }
                return regexec(compiled, text, 1, &match, REG_STARTEND)
            }
        }
        switch code {
        case 0: return .at(Int(match.rm_so)..<Int(match.rm_eo))
        case Int32(_REG_NOMATCH.rawValue): return .nowhere
        default: return .failed
        }
    }

    private static func inUTF8<Result>(_ body: () -> Result) -> Result {
        let former = uselocale(characters)
        defer { uselocale(former) }
        return body()
    }
}
