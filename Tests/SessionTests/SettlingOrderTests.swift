import Realtime
import Testing

@testable import Session

/// Results of several turns in any order, twice, late or never, while later turns are spoken.
@Suite struct SettlingOrderTests {
    /// What is still to come of one turn; each list keeps its order.
    private struct Coming {
        var lists: [[ServerEvent]]
        var isEmpty: Bool { lists.allSatisfy(\.isEmpty) }
    }

    private static func item(_ turn: Int) -> ItemID { ItemID(rawValue: "item_\(turn)") }

    /// The results of a turn's two transcripts: once, twice or not at all.
    private static func coming(_ turn: Int, _ random: inout SplitMix64) -> Coming {
        let (item, response) = (item(turn), ResponseID(rawValue: "t_\(turn)"))
        let builtIn: [ServerEvent] = [
            .builtInTranscriptDelta(item, contentIndex: 0, delta: "b"),
            .builtInTranscriptCompleted(item, contentIndex: 0, transcript: "b\(turn)", usage: nil),
        ]
        let outOfBand: [ServerEvent] = [
            .responseCreated(.transcription(response, of: item)),
            .outputTextDelta(.part(response, "x"), delta: "r\(turn)"),
            .responseDone(.transcription(response, of: item, status: .completed)),
        ]
        let lists = [builtIn, outOfBand].map { events -> [ServerEvent] in
            switch Int.random(in: 0..<5, using: &random) {
            case 0: []
            case 1: events + events
            default: events
            }
        }
        return Coming(lists: lists)
    }

    private static func deliver(_ kiosk: inout Kiosk, _ coming: inout [Coming], _ random: inout SplitMix64)
        -> [SessionStateMachine.Action]
    {
        let busy = coming.indices.flatMap { turn in coming[turn].lists.indices.map { (turn, $0) } }
            .filter { !coming[$0.0].lists[$0.1].isEmpty }
        guard let (turn, list) = busy.randomElement(using: &random) else { return [] }
        return kiosk.receive(coming[turn].lists[list].removeFirst())
    }

    @Test func everyTurnIsKeptOnceWithItsOwnTextsAndShownInItsPlace() {
        for seed in 0..<30 {
            var random = SplitMix64(state: UInt64(seed))
            var kiosk = Kiosk.ready()
            var coming: [Coming] = []
            var actions: [SessionStateMachine.Action] = []
            for turn in 1...5 {
                // The next turn begins while what came before is open.
                actions += kiosk.talk(10 * Int.random(in: 15...100, using: &random))
                actions += kiosk.commit(Self.item(turn), after: turn > 1 ? Self.item(turn - 1) : nil)
                let answer = ResponseID(rawValue: "resp_\(turn)")
                actions += kiosk.receive(.responseCreated(Response(id: answer)), .done(answer))
                coming.append(Self.coming(turn, &random))
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    actions += Self.deliver(&kiosk, &coming, &random)
                }
            }
            while !coming.allSatisfy(\.isEmpty) {
                actions += Self.deliver(&kiosk, &coming, &random)
                actions += kiosk.run(10 * Int.random(in: 0...50, using: &random))
            }
            actions += kiosk.run(16_000)
            check(actions, "seed \(seed)")
        }
    }

    private func check(_ actions: [SessionStateMachine.Action], _ life: String) {
        let kept = actions.turns
        #expect(kept.compactMap(\.item).sorted { $0.rawValue < $1.rawValue } == (1...5).map(Self.item), "\(life)")
        for turn in kept {
            let number = turn.number
            #expect(turn.item == Self.item(number), "\(life)")
            #expect([.heard("r\(number)"), .timeout(""), .timeout("r\(number)")].contains(turn.realtime), "\(life)")
            #expect([.heard("b\(number)"), .timeout(""), .timeout("b")].contains(turn.builtIn), "\(life)")
        }
        #expect(actions.shownTurns.map(\.number) == [1, 2, 3, 4, 5], "\(life)")
        // No line of a turn after its blocks, and none of a later turn before them.
        var shown = 0, begun = 0
        for action in actions {
            if case .show(.speechDetected) = action { begun += 1 }
            if case .showTurn = action { shown += 1 }
            #expect(begun - shown <= 1 && begun >= shown, "\(life)")
        }
    }
}
