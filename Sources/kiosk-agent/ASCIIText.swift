/// Text for a terminal that knows ASCII only: transliterated where readers of the language would do so, `?` elsewhere.
enum ASCIIText {
    static func text(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 > 0x7F }) else { return text }
        var plain = ""
        for character in text {
            if character.isASCII {
                plain.append(character)
            } else {
                plain += transliterated(character)
            }
        }
        return plain
    }

    private static func transliterated(_ character: Character) -> String {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return "" }
        let base = first.isASCII ? String(first) : table[first] ?? spelled(first)
        guard let base else { return "?" }
        // A diaeresis that is written apart.
        let hasUmlaut = scalars.dropFirst().contains("\u{308}") && "aouAOU".contains(base)
        let others = scalars.dropFirst().filter { !isMark($0) }
        return base + (hasUmlaut ? "e" : "") + (others.isEmpty ? "" : "?")
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: true
        default: false
        }
    }

    private static func spelled(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        // Spaces of all widths, dashes, and what takes no room.
        case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: " "
        case 0x2010...0x2012, 0x2212: "-"
        case 0x2013...0x2015: "--"
        // Letters, digits and signs in their full width.
        case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0).map { String($0) }
        case _ where isMark(scalar): ""
        default: nil
        }
    }

    /// Every letter of Latin-1 and Latin Extended-A, and the signs that transcripts use. German, Danish, Norwegian,
    /// Icelandic and French ligatures by their languages' rules; elsewhere the letter without its mark.
    private static let table: [Unicode.Scalar: String] = {
        let spellings = [
            "ae": "äæ", "Ae": "ÄÆ", "oe": "öøœ", "Oe": "ÖØŒ", "ue": "ü", "Ue": "Ü", "ss": "ß", "SS": "ẞ",
            "aa": "å", "Aa": "Å", "th": "þ", "Th": "Þ", "d": "ðďđ", "D": "ÐĎĐ", "ij": "ĳ", "IJ": "Ĳ",
            "a": "àáâãāăąª", "A": "ÀÁÂÃĀĂĄ", "c": "çćĉċč", "C": "ÇĆĈĊČ", "e": "èéêëēĕėęě", "E": "ÈÉÊËĒĔĖĘĚ",
            "g": "ĝğġģ", "G": "ĜĞĠĢ", "h": "ĥħ", "H": "ĤĦ", "i": "ìíîïĩīĭįı", "I": "ÌÍÎÏĨĪĬĮİ", "j": "ĵ", "J": "Ĵ",
            "k": "ķĸ", "K": "Ķ", "l": "ĺļľŀł", "L": "ĹĻĽĿŁ", "n": "ñńņňŉŋ", "N": "ÑŃŅŇŊ", "o": "òóôõōŏőº",
            "O": "ÒÓÔÕŌŎŐ", "r": "ŕŗř", "R": "ŔŖŘ", "s": "śŝşšſș", "S": "ŚŜŞŠȘ", "t": "ţťŧț", "T": "ŢŤŦȚ",
            "u": "ùúûũūŭůűųµ", "U": "ÙÚÛŨŪŬŮŰŲ", "w": "ŵ", "W": "Ŵ", "y": "ýÿŷ", "Y": "ÝŶŸ", "z": "źżž", "Z": "ŹŻŽ",
            "'": "\u{2018}\u{2019}\u{201A}\u{201B}\u{2032}´‹›", "\"": "\u{201C}\u{201D}\u{201E}\u{201F}\u{2033}«»",
            "...": "…", "*": "•·", "!": "¡", "?": "¿", "x": "×", "/": "÷⁄", "<=": "≤", ">=": "≥", "+-": "±",
            " deg": "°", "EUR": "€", "GBP": "£", "JPY": "¥", "cent": "¢", "(c)": "©", "(r)": "®", "TM": "™",
            "No.": "№", "S.": "§", "1/2": "½", "1/4": "¼", "3/4": "¾", "1": "¹", "2": "²", "3": "³",
            "->": "→", "<-": "←", "|": "¦",
        ]
        var table: [Unicode.Scalar: String] = [:]
        for (spelling, letters) in spellings {
            for letter in letters.unicodeScalars { table[letter] = spelling }
        }
        return table
    }()
}
