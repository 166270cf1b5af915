import Realtime
import Testing

@testable import Session

/// Changed settings reach an open session between turns, as a whole or not at all.
@Suite struct ReconfigurationTests {
    private static var changed: SessionConfiguration {
        var configuration = SessionConfiguration.pushToTalk()
        configuration.instructions = "be brief"
        configuration.tools = [.fixture("hours")]
        return configuration
    }

    @Test func anIdleSessionIsToldAtOnceAndTheSettingsCountWhenItConfirms() throws {
        var kiosk = Kiosk.ready()
        let events = kiosk.give(.reconfigure(Self.changed)).events
        #expect(events.map(\.eventID) == ["reconfigure"])
        guard case .sessionUpdate(let update)? = events.first?.body else {
            Issue.record("no update: \(events)")
            return
        }
        #expect(update.instructions == "be brief")
        #expect(update.tools?.count == 1)
        #expect(update.voice == nil && update.inputFormat == nil && update.outputFormat == nil)
        #expect(kiosk.machine.configuration.instructions == "be kind")
        #expect(kiosk.receive(.sessionUpdated(SessionInfo(id: "sess_1"))) == [.reconfigured()])
        #expect(kiosk.machine.configuration == Self.changed)
        #expect(kiosk.give(.deadlineReached) == [])
    }

    @Test func anOpenTurnIsFinishedFirst() {
        var kiosk = Kiosk.answering()
        #expect(kiosk.give(.reconfigure(Self.changed)).sent == [])
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        let settled = kiosk.transcribe("item_u1", response: "resp_t")
        #expect(settled.events.map(\.eventID) == ["reconfigure"])
    }

    @Test func aRefusedUpdateIsReportedAndTheFormerSettingsStay() {
        var kiosk = Kiosk.ready()
        kiosk.give(.reconfigure(Self.changed, change: 7))
        #expect(kiosk.receive(.failure("unknown tool", code: "invalid_value", eventID: "reconfigure")) == [
            .notReconfigured(change: 7, reason: "the server refuses: unknown tool"),
            .report(Fault(.settings, "the server refuses the changed settings: unknown tool: the former ones stay")),
        ])
        #expect(kiosk.machine.configuration == .pushToTalk())
        #expect(kiosk.receive(.sessionUpdated(SessionInfo(id: "sess_1"))) == [])
    }

    @Test func anUpdateWithoutAnAnswerIsGivenUpAfterTenSecondsAndAFreshSessionHasTheFormerSettings() {
        var kiosk = Kiosk.ready()
        kiosk.give(.reconfigure(Self.changed, change: 3))
        #expect(kiosk.run(9_999).faults == [])
        let givenUp = kiosk.run(2)
        #expect(givenUp.faults
            == [Fault(.settings, "the server does not confirm the changed settings: the former ones stay")])
        #expect(givenUp.contains(.notReconfigured(change: 3, reason: "the server does not confirm it")))
        #expect(givenUp.closings == ["renewed: it did not confirm changed settings"])
        _ = kiosk.lose()
        let opened = kiosk.open("sess_2")
        #expect(opened.sent.first == .sessionUpdate(SessionConfiguration.pushToTalk().sessionUpdate))
        #expect(kiosk.machine.deadline == nil)
    }

    @Test func aSessionThatIsLostMeanwhileIsFollowedByOneThatIsTold() {
        var kiosk = Kiosk.ready()
        kiosk.give(.reconfigure(Self.changed))
        _ = kiosk.lose()
        kiosk.run(2000)
        let opened = kiosk.open("sess_2")
        let updates = opened.sent.compactMap { body -> String? in
            if case .sessionUpdate(let update) = body { update.instructions } else { nil }
        }
        #expect(updates == ["be kind", "be brief"])
    }

    @Test func theLastOfSeveralChangesCounts() {
        var kiosk = Kiosk.answering()
        kiosk.give(.reconfigure(Self.changed, change: 1))
        #expect(kiosk.give(.reconfigure(.pushToTalk(), change: 2))
            == [.notReconfigured(change: 1, reason: "a later change took its place")])
        kiosk.receive(.done("resp_1"))
        kiosk.give(.heard(frames: frames(1000)))
        let settled = kiosk.transcribe("item_u1", response: "resp_t")
        #expect(settled.sent == [.sessionUpdate(SessionConfiguration.pushToTalk().laterUpdate)])
    }

    @Test func toolsThatAreGoneAreTakenFromTheServer() {
        #expect(SessionConfiguration.pushToTalk().laterUpdate.tools == [])
        #expect(SessionConfiguration.pushToTalk().laterUpdate.prompt == .null)
    }

    @Test func aStoredPromptBringsItsOwnInstructionsUnlessThereAreOthers() {
        let prompt = StoredPrompt(id: "pmpt_1", version: "2", variables: ["city": "Bonn"])
        func update(_ instructions: String?) -> SessionUpdate {
            SessionConfiguration(
                model: "m", voice: "v", instructions: instructions,
                detection: .pushToTalk(preRollFrames: 0, tailFrames: 0), storedPrompt: prompt
            ).sessionUpdate
        }
        #expect(update(nil).prompt == .value(prompt))
        #expect(update(nil).instructions == nil)
        #expect(update("be kind").instructions == "be kind")
    }
}
