import MonotonicClock
import Realtime
import Testing

@testable import Session

/// Some random lives of a kiosk, which `board/random` lives by the hundred thousand. A failure names its seed.
@Suite struct RandomizedTests {
    @Test func withAFaithfulServerEveryPromiseHoldsAndEveryTurnSettlesOnce() {
        for seed in 0..<60 { #expect(Life.withFaithfulServer(seed: seed).faults == [], "seed \(seed)") }
    }

    @Test func whateverAServerSaysNothingTrapsAndNoPromiseBreaks() {
        for seed in 0..<300 { #expect(Life.withHostileServer(seed: seed).faults == [], "seed \(seed)") }
    }

    @Test func theRandomLivesReachWhatTheyAreMeantToTest() {
        var turns: [SettledTurn] = []
        var tasks: [SettledTask] = []
        var prompts: Set<VoicePrompt> = []
        var mutes = 0
        var ducks = 0
        var openings: [SessionOpening] = []
        var toldItems = 0
        var switches = 0
        for seed in 0..<60 {
            var life = Life(seed: seed)
            life.give(.start)
            for _ in 0..<150 { life.stepWithFaithfulServer(canBreak: seed % 3 == 0) }
            life.stop()
            turns += life.inspector.recorded
            mutes += life.inspector.mutes
            ducks += life.inspector.ducks
            tasks += life.inspector.tasks
            prompts.formUnion(life.inspector.prompts)
        }
        for seed in 0..<60 {
            var life = Life(seed: seed)
            life.give(.start)
            for _ in 0..<150 { life.stepWithFaithfulServer(canBreak: seed % 3 == 0) }
            life.settle()
            openings += life.inspector.openings
            toldItems += life.inspector.toldItems
            switches += life.inspector.changes.switches
        }
        for seed in 0..<60 {
            var life = Life(seed: seed)
            life.give(.start)
            for _ in 0..<60 { life.stepWithHostileServer() }
            prompts.formUnion(life.inspector.prompts)
        }
        #expect(prompts == Set(VoicePrompt.allCases))
        #expect(mutes > 20)
        #expect(ducks > 5)
        #expect(Set(turns.flatMap(\.tools).map(\.status)).isSuperset(of: [.ok, .failed, .timeout, .unfinished]))
        #expect(Set(openings) == [.start, .reconnected, .renewed, .newVisitor])
        #expect(toldItems > 20)
        #expect(switches > 30)
        #expect(Set(turns.map(\.assistant.status)) == [.completed, .truncated, .cancelled, .failed, .none])
        #expect(Set(turns.map(\.realtime.status)).isSuperset(of: [.ok, .failed, .off]))
        #expect(Set(tasks.map(\.status)).isSuperset(of: [.ok, .failed, .timeout, .invalid]))
        #expect(Set(tasks.map(\.name)) == ["note", "summary", "fields", "context-summary"])
        #expect(turns.contains { $0.review.sound != nil } && turns.contains { !$0.review.flags.isEmpty })
    }
}

