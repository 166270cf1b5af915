import Realtime
import Testing

@testable import Session

@Suite struct LatencyHistoryTests {
    private static func history(_ values: [Int]) -> LatencyHistory {
        var history = LatencyHistory()
        for value in values {
            var latency = TurnLatency()
            latency[.firstDelta] = value
            history.add(latency)
        }
        return history
    }

    @Test(arguments: [
        ([7], [7, 7, 7]), ([1, 2], [1, 2, 2]), ([3, 1, 2], [2, 3, 3]), (Array(1...20), [10, 19, 20]),
        (Array((1...100).reversed()), [50, 95, 99]), (Array(1...1000), [500, 950, 990]),
    ])
    func percentilesAreByNearestRank(values: [Int], wanted: [Int]) {
        let history = Self.history(values)
        #expect([50, 95, 99].map { history.percentile($0, of: .firstDelta) } == wanted.map(Optional.some))
    }

    @Test func onlyTheLastThousandTurnsCount() {
        let history = Self.history(Array(repeating: 9999, count: 700) + Array(1...1000))
        #expect(history.count(of: .firstDelta) == 1000)
        #expect(history.percentile(100, of: .firstDelta) == 1000)
        #expect(history.percentile(0, of: .firstDelta) == 1)
    }

    @Test func whatNeverCameIsNotCounted() {
        let history = Self.history([5])
        #expect(history.count(of: .firstAudible) == 0)
        #expect(history.percentile(50, of: .firstAudible) == nil)
    }
}

@Suite struct TurnLatencyTests {
    @Test func eachPartIsTimedFromTheRelease() throws {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        // talk() runs 200 ms past the release.
        kiosk.commit("item_1")
        kiosk.run(100)
        kiosk.receive(.responseCreated(Response(id: "r_1")), .said("hi", "r_1", "a_1"))
        kiosk.run(50)
        kiosk.receive(.audio("r_1", "a_1", ms: 200), .done("r_1"))
        kiosk.run(30)
        kiosk.give(.heard(frames: frames(10)))
        kiosk.run(190)
        kiosk.give(.heard(frames: frames(200)))
        kiosk.run(30)
        kiosk.receive(
            .responseCreated(.transcription("t_1", of: "item_1")),
            .responseDone(.transcription("t_1", of: "item_1", status: .completed, text: "hello")))
        kiosk.run(400)
        let actions = kiosk.receive(.builtInTranscriptCompleted("item_1", contentIndex: 0, transcript: " ", usage: nil))
        let latency = try #require(actions.countedTurns.first?.latency)
        #expect(latency[.firstDelta] == 300)
        // Told after 380 ms that 10 ms of it were heard.
        #expect(latency[.firstAudible] == 370)
        #expect(latency[.realtimeTranscript] == 600)
        #expect(latency[.builtInTranscript] == 1000, "an empty one, too")
        let history = kiosk.machine.report(at: kiosk.now).latencies
        #expect(history.percentile(50, of: .firstAudible) == 370)
    }

    @Test func whatNeverCameHasNoLatency() throws {
        var kiosk = Kiosk.ready()
        kiosk.talk()
        kiosk.commit("item_1")
        let actions = kiosk.receive(.builtInTranscriptFailed("item_1", contentIndex: 0, APIError(message: "x")))
            + kiosk.run(40_000)
        let turn = try #require(actions.countedTurns.first)
        #expect(turn.realtime.status == .timeout)
        #expect(TurnLatency.Mark.allCases.allSatisfy { turn.latency[$0] == nil })
    }

    @Test func theLatencyOfATurnTheServerEndedCountsFromItsWord() throws {
        var kiosk = Kiosk.ready(.serverVAD())
        kiosk.receive(.speechStarted("item_1", audioStartMs: 0))
        kiosk.run(500)
        kiosk.receive(.speechStopped("item_1", audioEndMs: 500))
        kiosk.commit("item_1")
        kiosk.run(250)
        kiosk.receive(.responseCreated(Response(id: "r_1")), .audio("r_1", "a_1", ms: 20), .done("r_1"))
        kiosk.give(.heard(frames: frames(20)))
        let actions = kiosk.transcribe("item_1", response: "t_1")
        let latency = try #require(actions.countedTurns.first?.latency)
        #expect(latency[.firstDelta] == 250)
        // Heard for 20 ms by playback's clock, and not before it came.
        #expect(latency[.firstAudible] == 250)
    }

    @Test func anInterruptedAnswerThatNobodyHeardHasNoFirstFrame() throws {
        var kiosk = Kiosk.answering()
        kiosk.press()
        kiosk.give(.flushed(heardFrames: 0))
        kiosk.receive(.done("resp_1", .cancelled))
        let actions = kiosk.transcribe("item_u1", response: "t_1")
        let latency = try #require(actions.countedTurns.first?.latency)
        #expect(latency[.firstAudible] == nil)
        #expect(latency[.firstDelta] == 200)
    }

    @Test func theReportTellsTheSessionAndItsAge() {
        var kiosk = Kiosk.ready()
        kiosk.run(5000)
        let report = kiosk.machine.report(at: kiosk.now)
        #expect(report.session == "sess_1")
        #expect(report.sessionAge == .seconds(5))
        #expect(report.link == .ready)
        _ = kiosk.lose()
        #expect(kiosk.machine.report(at: kiosk.now).link == .waiting)
        #expect(kiosk.machine.report(at: kiosk.now).sessionAge == nil)
    }
}
