import Foundation
import Journal
import Session
import Testing

@testable import kiosk_agent

@Suite struct TextSearchTests {
    private let week: JournalWeek

    init() throws { week = try JournalWeek() }

    /// What is found with the look at the bytes, as the command does it.
    private func lines(_ words: [String], isCaseSensitive: Bool = false, isMarked: Bool = false) throws -> [String] {
        let search = TextSearch(words, isCaseSensitive: isCaseSensitive)
        let lines = try week.lines().map { $0[...] }
        let all = lines.flatMap { KnownEntry($0).map { search.lines($0, isMarked: isMarked) } ?? [] }
        let looked = lines.filter(search.mayBeIn).flatMap {
            KnownEntry($0).map { search.lines($0, isMarked: isMarked) } ?? []
        }
        #expect(looked == all, "the look at the bytes misses an entry")
        return looked
    }

    private func isFound(_ word: String, in text: String, isCaseSensitive: Bool = false) throws -> Bool {
        let week = try JournalWeek()
        try week.append([.turn(JournalWeek.turn(1, text))])
        let search = TextSearch([word], isCaseSensitive: isCaseSensitive)
        let line = try #require(try week.lines().first)[...]
        let isThere = try !search.lines(#require(KnownEntry(line)), isMarked: false).isEmpty
        #expect(search.mayBeIn(line) || !isThere, "the look at the bytes misses \(word) in \(text)")
        return isThere
    }

    @Test func wordsAreFoundInTranscriptsAnswersAndTasks() throws {
        try week.append([
            ("turn", JournalEntry.turn(JournalWeek.turn(1, "Where is the Station?", builtIn: "Where's the ration?")).members),
            ("turn", JournalEntry.turn(JournalWeek.turn(
                2, "Thanks", assistant: AssistantPart(status: .completed, text: "The station is near."))).members),
            ("task", #"{"session":"sess_1","turn":2,"name":"sum","status":"ok","text":"Asked for the STATION."}"#),
            ("task", #"{"session":"sess_1","turn":2,"name":"sum","status":"failed","reason":"no station"}"#),
            ("fault", #"{"class":"link","what":"station"}"#),
        ])
        #expect(try lines(["station"]) == [
            "2026-11-21T10:15:00Z sess_1/1 visitor: Where is the Station?\n",
            "2026-11-21T10:15:01Z sess_1/2 assistant: The station is near.\n",
            "2026-11-21T10:15:02Z sess_1/2 task sum: Asked for the STATION.\n",
        ])
        #expect(try lines(["Station"], isCaseSensitive: true).count == 1)
        #expect(try lines(["airport"]) == [])
    }

    @Test func allWordsMustBeInTheEntryAndAPhraseTogether() throws {
        try week.append([.turn(JournalWeek.turn(1, "My policy number")), .turn(JournalWeek.turn(2, "My number, please"))])
        #expect(try lines(["number", "policy"]).count == 2)
        #expect(try lines(["policy", "course"]).count == 3)
        #expect(try lines(["policy", "airport"]) == [])
        #expect(try lines(["policy number"]).count == 2)
        #expect(try lines(["number policy"]) == [])
    }

    @Test(arguments: [
        ("GROSSE", "große grosse", true), ("größe", "GRÖSSE", false), ("ärger", "ÄRGER", true), ("straße", "STRASSE", false),
        ("привет", "ПРИВЕТ", true), ("東京", "東京駅", true), ("kelvin", "\u{212a}elvin", true), ("k", "\u{212a}", true),
        ("cafe\u{301}", "caf\u{e9}", true), ("caf\u{e9}", "cafe\u{301}", true), ("cafe", "caf\u{e9}", false),
        ("say \"hi\"", "Say \"Hi\"", true), ("a\\b", "A\\B", true), ("tab\there", "Tab\there", true),
        ("line\nbreak", "line\nbreak", true), ("\u{1b}[2j", "\u{1b}[2J", true), ("and/or", "and/or", true),
        ("i\u{307}", "\u{130}", true), ("👍🏽", "ok 👍🏽", true), ("5.5", "5.5", true), ("5.5", "5x5", false),
        ("sigma Σ", "SIGMA σ", true), ("Йод", "йод", true), ("и\u{306}од", "Йод", true), ("Йод", "и\u{306}од", true), ("ЁЖ", "ёж", true),
        ("\u{f900}", "豈", true), ("豈", "\u{f900}", true), ("不", "\u{f967}", true), ("москва", "Ђ МОСКВА", true), ("kiosk", "KIOSK", true), ("kk", "KK", true),
    ])
    func caseAndCompositionDoNotMatter(word: String, text: String, isThere: Bool) throws {
        #expect(try isFound(word, in: text) == isThere)
    }

    @Test func capitalsMatterOnRequest() throws {
        #expect(try isFound("Ärger", in: "Ärger", isCaseSensitive: true))
        #expect(try !isFound("ärger", in: "Ärger", isCaseSensitive: true))
        #expect(try !isFound("abc", in: "ABC", isCaseSensitive: true))
    }

    /// JSON may write any character as an escape; this journal's writer does not, another's might.
    @Test func escapesOfAnotherWriterAreFound() throws {
        try week.append([("turn", #"{"session":"s","turn":1,"realtime":{"status":"ok","text":"\u0068ello \u00FCber"}}"#)])
        #expect(try lines(["hello"]).count == 1)
        #expect(try lines(["über"]).count == 1)
    }

    @Test func aLongTextIsShownAroundTheFirstMatchAndNothingOfItIsRaw() throws {
        let far = String(repeating: "x ", count: 60)
        try week.append([.turn(JournalWeek.turn(1, far + "ne\u{1b}[2Jedle" + far + "needle", builtIn: far + "needle needle" + far))])
        #expect(try lines(["needle"]) == [
            "2026-11-21T10:15:00Z sess_1/1 visitor: …" + String(repeating: "x ", count: 20) + "needle\n",
            "2026-11-21T10:15:00Z sess_1/1 visitor (built-in): …" + String(repeating: "x ", count: 20)
                + "needle needle" + String(repeating: "x ", count: 16) + "x…\n",
        ])
        #expect(try lines(["x"]).first?.hasSuffix("… (99 more)\n") == true)
    }

    @Test func matchesAreBoldOnATerminal() throws {
        try week.append([.turn(JournalWeek.turn(1, "One fish, two FISH"))])
        #expect(try lines(["fish", "two"], isMarked: true).first
            == "2026-11-21T10:15:00Z sess_1/1 visitor: One \u{1b}[1mfish\u{1b}[0m, \u{1b}[1mtwo\u{1b}[0m \u{1b}[1mFISH\u{1b}[0m\n")
    }

    @Test(arguments: ["", "a", "ab", "aab", "needle", "xyz", "NEEDLE"])
    func bytesAreFoundAsTheStandardLibraryFindsThem(needle: String) {
        var state: UInt64 = 7
        for length in 0..<300 {
            let letters = (0..<length % 41).map { _ -> Character in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Array("aabbnedlNEDL")[Int(state >> 33) % 12]
            }
            let text = String(letters) + (length % 3 == 0 ? "Needle" : "") + String(letters.reversed())
            #expect(ByteSearch(needle.utf8).isIn(Array(text.utf8)[...]) == (needle.isEmpty || text.contains(needle)))
            let folded = needle.isEmpty || text.lowercased().contains(needle.lowercased())
            #expect(ByteSearch(needle.utf8.map { [$0, $0 ^ 0x20] }).isIn(Array(text.utf8)[...]) == folded)
        }
    }
}
