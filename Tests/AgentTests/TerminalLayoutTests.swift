import Testing

@testable import kiosk_agent

@Suite struct TerminalLayoutTests {
    private func layout(_ columns: Int = 40, isASCII: Bool = false) -> TerminalLayout {
        TerminalLayout(columns: columns, isASCII: isASCII)
    }

    private func widest(_ text: String) -> Int {
        text.split(separator: "\n").map { CharacterWidth.columns($0) }.max() ?? 0
    }

    @Test func aParagraphIsWrappedAtWordsUnderItsLabel() {
        #expect(layout().paragraph("visitor", "I would like to know when you open on Sundays") == """
              visitor    I would like to know when
                         you open on Sundays

            """)
        #expect(layout().paragraph("visitor", "") == "")
        #expect(layout().paragraph("a label of many words", "x") == "  a label of many words x\n")
    }

    @Test func linesOfTheTextAreLinesOfTheirOwn() {
        #expect(layout().paragraph("note", "one\n\ntwo\r\nthree\u{2028}four") == """
              note       one
                         two
                         three
                         four

            """)
    }

    @Test func aWordLongerThanALineIsBroken() {
        #expect(layout().paragraph("word", "a " + String(repeating: "x", count: 60) + " b") == """
              word       a
                         xxxxxxxxxxxxxxxxxxxxxxxxxx
                         xxxxxxxxxxxxxxxxxxxxxxxxxx
                         xxxxxxxx b

            """)
    }

    @Test func wideCharactersTakeTwoColumnsAndAreNeverCutInHalf() {
        let text = layout().paragraph("words", String(repeating: "東", count: 40))
        #expect(text.split(separator: "\n").map { $0.filter { $0 == "東" }.count } == [13, 13, 13, 1])
        let odd = layout().paragraph("words", "x" + String(repeating: "東", count: 40))
        #expect(odd.split(separator: "\n").map { $0.filter { $0 == "東" }.count } == [12, 13, 13, 2])
    }

    @Test(arguments: [
        ("a", 1), ("é", 1), ("e\u{301}", 1), ("東", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2), ("👍", 2), ("❤\u{FE0F}", 2),
        ("\u{200B}", 0), ("ก", 1), ("あ", 2), ("、", 2), ("€", 1), ("\u{1F1E9}\u{1F1EA}", 4),
    ])
    func aCharacterHasTheColumnsOfATerminal(character: Character, columns: Int) {
        #expect(CharacterWidth.columns(character) == columns)
    }

    @Test func noLineReachesTheLastColumnWhateverIsSaid() {
        var random = SystemRandomNumberGenerator()
        let scalars: [Unicode.Scalar] = [
            "a", " ", " ", "é", "東", "👍", "\n", "\t", "\u{301}", "\u{1B}", "\u{202E}", "ß", "-",
        ]
        for _ in 0..<300 {
            let columns = Int.random(in: 32...100, using: &random)
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...200, using: &random) { text.append(scalars.randomElement(using: &random)!) }
            for isASCII in [false, true] {
                let layout = layout(columns, isASCII: isASCII)
                let shown = layout.paragraph("visitor", String(text)) + layout.rule(String(text))
                #expect(widest(shown) < columns)
                #expect(shown.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
                #expect(!shown.unicodeScalars.contains("\u{202E}"))
                #expect(!isASCII || shown.utf8.allSatisfy { $0 < 0x7F })
            }
        }
    }

    @Test func nothingIsLostOnTheWay() {
        let words = (0..<200).map { "word\($0)" }
        let shown = layout().paragraph("x", words.joined(separator: " "))
        #expect(shown.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init) == words)
    }

    @Test func aTextWithoutEndIsCutAndThatIsSaid() {
        let shown = layout(80).paragraph("x", String(repeating: "word ", count: 100_000))
        #expect(shown.utf8.count < 3 * TerminalLayout.longestText / 2)
        #expect(shown.hasSuffix(" ... (more is in the journal)\n"))
    }

    @Test func controlCharactersAreShownAndNotSent() {
        #expect(layout(80).paragraph("x", "a\u{1B}[2Jb\u{9B}c\u{202E}d\u{7}e\u{0}f\tg")
            == "  x          a\\u{1b}[2Jb\\u{9b}c\\u{202e}d\\u{7}e\\u{0}f g\n")
    }

    @Test func aRuleGoesToTheRightEdge() {
        #expect(layout().rule("live") == "--- live " + String(repeating: "-", count: 30) + "\n")
        #expect(layout().rule(String(repeating: "x", count: 50))
            == "--- " + String(repeating: "x", count: 31) + " ---\n")
    }

    @Test func columnsHaveLimits() {
        #expect(layout(1).columns == 32 && layout(10_000).columns == 400)
    }

    @Test(arguments: [
        ("TERM=xterm LANG=C.UTF-8", false), ("TERM=xterm LANG=de_DE.utf8", false), ("TERM=vt100 LANG=C.UTF-8", true),
        ("TERM=vt220 LANG=C.UTF-8", true), ("LANG=C.UTF-8", true), ("TERM=xterm", true), ("TERM=xterm LANG=C", true),
        ("TERM=xterm LANG=en_US.UTF-8 LC_ALL=C", true), ("TERM=xterm LC_ALL= LC_CTYPE=en_US.UTF-8 LANG=C", false),
        ("TERM=linux LANG=de_DE.ISO-8859-1", true),
    ])
    func theEnvironmentSaysWhetherItIsForASCIIOnly(variables: String, isASCII: Bool) {
        let pairs = variables.split(separator: " ").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
        let environment = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
        #expect(TerminalLayout.isASCII(environment: environment) == isASCII)
    }

    @Test(arguments: [
        ("Grüße, Öl & Straße", "Gruesse, Oel & Strasse"), ("u\u{308}ber A\u{308}rger", "ueber Aerger"),
        ("crème brûlée", "creme brulee"), ("e\u{301}", "e"), ("„Ja“ – ‘no’ — …", "\"Ja\" -- 'no' -- ..."),
        ("Łódź, Ångström, smørrebrød", "Lodz, Aangstroem, smoerrebroed"), ("20 °C · 5 €", "20  degC * 5 EUR"),
        ("東京 👍", "?? ?"), ("Москва", "??????"), ("a\u{A0}b\u{200B}c\u{2011}d", "a bc-d"), ("ＡＢ１", "AB1"),
        ("½ × 3 → 4", "1/2 x 3 -> 4"), ("plain", "plain"), ("", ""),
    ])
    func whatASCIIHasNotIsTransliteratedOrAQuestionMark(text: String, plain: String) {
        #expect(ASCIIText.text(text) == plain)
    }

    @Test func everyLetterOfLatin1AndExtendedAHasASpelling() {
        let letters = (0xC0...0x17F).compactMap(Unicode.Scalar.init).filter { $0.properties.isAlphabetic }
        #expect(letters.count > 180)
        for letter in letters {
            let plain = ASCIIText.text(String(letter))
            #expect(plain != "?" && !plain.isEmpty && plain.utf8.allSatisfy { $0 < 0x7F }, "\(letter)")
        }
    }
}
