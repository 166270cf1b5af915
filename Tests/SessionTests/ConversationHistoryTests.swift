import Realtime
import Testing

@testable import Session

@Suite struct ConversationHistoryTests {
    private static func turn(
        _ said: String, _ answer: AssistantPart = .none, builtIn: Transcript = .off
    ) -> SettledTurn {
        SettledTurn(
            session: "sess_1", number: 1, item: "i", realtime: .heard(said), builtIn: builtIn, assistant: answer)
    }

    private static func completed(_ text: String) -> AssistantPart {
        AssistantPart(status: .completed, text: text, playedMs: 900)
    }

    private static func id(_ number: Int) -> TurnID { TurnID(rawValue: number) }

    @Test func aTurnBecomesAUserTextAndAnAssistantText() {
        var history = ConversationHistory()
        let kept = history.add(Self.turn("My policy?", Self.completed("Found it.")), id: Self.id(3))
        #expect(kept?.items == [
            NewItem(.user([.text("My policy?")]), id: "kept_3u"), NewItem(.assistant("Found it."), id: "kept_3a"),
        ])
    }

    @Test(arguments: [
        (AssistantPart(status: .truncated, text: "one two three", playedMs: 300, heardText: "one"), "one"),
        (AssistantPart(status: .truncated, text: "one two three", playedMs: 3), ""),
        (AssistantPart(status: .cancelled, text: "one two three"), ""),
        (AssistantPart(status: .failed, text: "one two", playedMs: 600, reason: "x"), "one two"),
        (AssistantPart(status: .failed, text: "one two", reason: "x"), ""),
        (AssistantPart(status: .completed, text: " \n"), ""),
    ])
    func ofAnAnswerOnlyWhatWasHeardIsKept(part: AssistantPart, heard: String) {
        var history = ConversationHistory()
        #expect(history.add(Self.turn("hello", part), id: Self.id(1))?.assistant == heard)
    }

    @Test func theTranscriptThatIsWholeIsKeptElseWhatHadArrived() {
        var history = ConversationHistory()
        var turn = Self.turn("", .none, builtIn: .heard("built in"))
        turn.realtime = .failed("lost", text: "realt")
        #expect(history.add(turn, id: Self.id(1))?.user == "built in")
        turn.builtIn = .timeout("")
        #expect(history.add(turn, id: Self.id(2))?.user == "realt")
    }

    @Test func aTurnInWhichNothingWasSaidIsNotKept() {
        var history = ConversationHistory()
        #expect(history.add(Self.turn("  "), id: Self.id(1)) == nil)
        #expect(history.turns.isEmpty)
    }

    @Test func turnsThatSettleOutOfOrderStandInTheOrderInWhichTheyWereSpoken() {
        var history = ConversationHistory()
        for number in [2, 1, 3] { _ = history.add(Self.turn("turn \(number)"), id: Self.id(number)) }
        #expect(history.turns.map(\.user) == ["turn 1", "turn 2", "turn 3"])
    }

    @Test func onlyTheLastTurnsAreKept() {
        var history = ConversationHistory(turnLimit: 2)
        for number in 1...4 { _ = history.add(Self.turn("turn \(number)"), id: Self.id(number)) }
        #expect(history.turns.map(\.user) == ["turn 3", "turn 4"])
        #expect(history.add(Self.turn("turn 0"), id: Self.id(0)) == nil)
        #expect(history.turns.count == 2)
        history.clear()
        #expect(history.turns.isEmpty)
    }

    @Test func textIsBoundedATurnAndInAll() {
        var history = ConversationHistory()
        let long = String(repeating: "ä", count: 9000)
        #expect(history.add(Self.turn(long), id: Self.id(1))?.user.count == 4000)
        for number in 2...5 { _ = history.add(Self.turn(long), id: Self.id(number)) }
        #expect(history.turns.count == 3)
        // A single turn stays, however long.
        var bytes = ConversationHistory()
        let wide = String(repeating: "👩‍👩‍👧‍👦", count: 4000)
        #expect(bytes.add(Self.turn(wide), id: Self.id(1)) != nil)
        #expect(bytes.add(Self.turn("after"), id: Self.id(2)) != nil)
        #expect(bytes.turns.map(\.user) == ["after"])
    }
}

@Suite struct ConversationItemsTests {
    private static func items(_ turns: Int) -> ConversationItems {
        var items = ConversationItems()
        for turn in 1...turns {
            let previous = turn == 1 ? nil : ItemID(rawValue: "a\(turn - 1)")
            let user = ItemID(rawValue: "u\(turn)")
            items.added(.user(user), previous: previous)
            items.added(.assistant(ItemID(rawValue: "a\(turn)")), previous: user)
        }
        return items
    }

    @Test func halfAsManyTurnsTooManyAreCutToTheNumber() {
        var items = Self.items(6)
        #expect(items.trim(keeping: 4) { _ in false } == [])
        items.added(.user("u7"), previous: "a6")
        #expect(items.trim(keeping: 4) { _ in false } == ["u1", "a1", "u2", "a2", "u3", "a3"])
        #expect(items.trim(keeping: 4) { _ in false } == [])
    }

    @Test func ofAnOpenTurnAndWhatFollowsItNothingIsCut() {
        var items = Self.items(6)
        #expect(items.trim(keeping: 2) { $0 == "u2" } == ["u1", "a1"])
        #expect(items.trim(keeping: 2) { $0 == "u2" } == [])
    }

    @Test func noNumberMeansNoCut() {
        var items = Self.items(40)
        #expect(items.trim(keeping: 0) { _ in false } == [])
    }

    @Test func itemsStandWhereTheServerPutsThemAndCountOnce() {
        var items = ConversationItems()
        items.added(.user("u2"), previous: nil)
        items.added(.user("kept_1u"), previous: nil)
        items.added(.assistant("kept_1a"), previous: "kept_1u")
        items.added(.assistant("kept_1a"), previous: "u2")
        items.added(.user("u3"), previous: "gone")
        items.deleted("u2")
        items.added(.user("u4"), previous: "u3")
        #expect(items.trim(keeping: 1) { _ in false } == ["kept_1u", "kept_1a", "u3"])
    }

    @Test func aServerThatNeverStopsDoesNotFillMemory() {
        let items = Self.items(ConversationItems.limit)
        #expect(!items.contains("u1") && items.contains(ItemID(rawValue: "a\(ConversationItems.limit)")))
    }
}
