import Foundation
import Testing

@testable import realtime_simulator

@Suite struct FaultTests {
    private static let completed = "conversation.item.input_audio_transcription.completed"

    /// A turn with answer and out-of-band transcript, asked for at once, and what came within 20 s.
    private func turn(_ faults: String, samples: [Int16] = Shipped.samples("directions"), turnsBefore: Int = 0) throws
        -> Visit
    {
        var visit = try Visit(faults: faults, turnsBefore: turnsBefore)
        visit.pushToTalk()
        ask(&visit, about: visit.turn(samples))
        visit.wait(.seconds(20))
        return visit
    }

    private func ask(_ visit: inout Visit, about item: String) {
        visit.send(["type": "response.create", "event_id": "answer"])
        transcribe(&visit, item)
    }

    private func transcribe(_ visit: inout Visit, _ item: String) {
        visit.send([
            "type": "response.create", "event_id": "oob",
            "response": [
                "conversation": "none", "output_modalities": ["text"], "metadata": ["item": .string(item)],
                "input": [["type": "item_reference", "id": .string(item)]],
            ],
        ])
    }

    private func done(_ visit: Visit, outOfBand: Bool) -> JSON? {
        visit.events("response.done").compactMap { $0["response"] }.first {
            ($0["conversation_id"] == .null) == outOfBand
        }
    }

    @Test func aListIsReadWithTurnsAndValues() throws {
        let plan = try FaultPlan(parsing: "drop-mid-turn=2,built-in-late=12000@1,burst")
        #expect([1, 2, 3].map { plan.hits(.dropMidTurn, $0) } == [false, true, false])
        #expect([1, 2].map { plan.value(.builtInLate, $0) } == [12_000, nil])
        #expect(plan.hits(.burst, 9))
        #expect(try FaultPlan(parsing: "") == .none)
    }

    @Test(arguments: [
        "nope", "expire", "expire=x", "burst=x", "burst=-1", "burst=0", "burst@2", "expire=1@x",
        "built-in-late=1@0", "built-in-late=99999999999", "=1",
        "burst=1@2",
    ])
    func aBadListIsRefused(_ list: String) {
        #expect(throws: SimulatorError.self) { try FaultPlan(parsing: list) }
    }

    @Test func theMenuNamesEveryFault() {
        for fault in Fault.allCases { #expect(FaultPlan.menu.contains("  \(fault.rawValue) ")) }
    }

    @Test func theTableOfTestsNamesEveryFault() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let table = try String(contentsOf: root.appendingPathComponent("board/faults.md"), encoding: .utf8)
        for fault in Fault.allCases { #expect(table.contains("`\(fault.rawValue)`")) }
    }

    @Test func aFaultOfOneTurnLeavesTheOthersAlone() throws {
        #expect(try done(turn("response-failed=2"), outOfBand: false)?["status"] == "completed")
        #expect(try done(turn("response-failed=2", turnsBefore: 1), outOfBand: false)?["status"] == "failed")
    }

    // MARK: Connection

    @Test func aSilentSessionNeverSaysAnything() throws {
        #expect(try turn("silent-after-101").events == [])
        #expect(try turn("error-then-silence").types == ["error"])
    }

    @Test func withoutSessionCreatedTheRestGoesOn() throws {
        let visit = try turn("no-session-created")
        #expect(visit.types.first == "session.updated")
        #expect(visit.types.contains("response.done"))
    }

    @Test func aRefusedUpdateLeavesTheDefaults() throws {
        let visit = try turn("update-refused")
        #expect(visit.errors.first?["code"] == "invalid_value")
        #expect(visit.session.session.turnDetection != nil)
    }

    @Test func expiryCanBeEarlyAndAnnouncedByAnError() throws {
        var visit = try Visit(faults: "expire=3,expired-error")
        #expect(visit.events[0].at("session", "expires_at") == 1_800_000_003)
        visit.wait(.seconds(3))
        #expect(visit.errors.map { $0["code"] } == ["session_expired"])
        #expect(
            visit.outputs.last == .close(code: 1001, reason: "Your session hit the maximum duration of 60 minutes."))
    }

    // MARK: Sockets that die

    @Test func theSocketDiesHalfASecondIntoTheTurn() throws {
        var visit = try Visit(faults: "drop-mid-turn=1")
        visit.pushToTalk()
        visit.append(Sound.silence(ms: 400))
        #expect(!visit.outputs.contains(.drop))
        visit.append(Sound.silence(ms: 100))
        #expect(visit.outputs.last == .drop)
        #expect(visit.session.turns == 1)
    }

    @Test func withServerVADHalfASecondOfSpeechCounts() throws {
        var visit = try Visit(faults: "drop-mid-turn")
        visit.append(Sound.silence(ms: 900))
        visit.append(Sound.tone(ms: 100, amplitude: 6_000))
        #expect(!visit.outputs.contains(.drop))
        visit.append(Sound.tone(ms: 150, amplitude: 6_000))
        #expect(visit.outputs.contains(.drop))
    }

    @Test func theSocketDiesInTheMiddleOfTheAnswer() throws {
        let visit = try turn("done-missing-drop")
        let drop = try #require(visit.outputs.firstIndex(of: .drop))
        let before = visit.outputs[..<drop].compactMap {
            if case .event(let event) = $0 { event["type"]?.text } else { nil }
        }
        #expect(before.contains("response.output_audio.delta"))
        #expect(!before.contains("response.output_audio.done"))
    }

    // MARK: Built-in transcripts

    @Test(arguments: [
        ("built-in-missing", []), ("built-in-failed", []), ("built-in-empty", [""]),
        ("built-in-duplicate", ["Where is the claims office, please?", "Where is the claims office, please?"]),
    ])
    func aBuiltInTranscriptGoesWrong(_ fault: String, _ transcripts: [String]) throws {
        let visit = try turn(fault)
        #expect(visit.events(Self.completed).map { $0["transcript"]?.text } == transcripts)
        let failed = visit.events("conversation.item.input_audio_transcription.failed").map {
            $0.at("error", "message")
        }
        #expect(failed == (fault == "built-in-failed" ? ["Input transcription failed for item; please retry."] : []))
    }

    @Test func aLateTranscriptComesWhenItIsTold() throws {
        var visit = try Visit(faults: "built-in-late=12000")
        visit.pushToTalk()
        visit.turn(Sound.silence(ms: 100))
        visit.wait(.milliseconds(11_999))
        #expect(visit.events(Self.completed) == [])
        visit.wait(.milliseconds(1))
        #expect(visit.events(Self.completed).count == 1)
    }

    @Test func anEarlyTranscriptComesBeforeItsItem() throws {
        let visit = try turn("built-in-early")
        let transcript = try #require(visit.types.firstIndex(of: Self.completed))
        let item = try #require(visit.types.firstIndex(of: "conversation.item.added"))
        #expect(transcript < item)
        #expect(visit.events(Self.completed).map { $0["transcript"] } == ["Where is the claims office, please?"])
    }

    @Test func swappedTranscriptsComeInTheOtherOrderAndALoneOneAfter5Seconds() throws {
        var visit = try Visit(faults: "built-in-swapped=1")
        visit.pushToTalk()
        let items = [visit.turn(Sound.silence(ms: 100)), visit.turn(Sound.silence(ms: 100))]
        visit.wait(.seconds(3))
        #expect(visit.events(Self.completed).map { $0["item_id"]?.text } == items.reversed())
        #expect(try turn("built-in-swapped").events(Self.completed).count == 1)
    }

    // MARK: Out of band

    @Test func anOutOfBandResponseFails() throws {
        #expect(try done(turn("oob-failed"), outOfBand: true)?.at("status_details", "error", "code") == "server_error")
        #expect(
            try done(turn("oob-rate-limited"), outOfBand: true)?.at("status_details", "error", "code")
                == "rate_limit_exceeded")
        #expect(try done(turn("oob-failed"), outOfBand: false)?["status"] == "completed")
        #expect(try done(turn("oob-failed"), outOfBand: true)?.at("usage", "total_tokens") == 0)
    }

    @Test func theSecondTryOfAnOutOfBandResponseSucceeds() throws {
        var visit = try Visit(faults: "oob-failed-once")
        visit.pushToTalk()
        let item = visit.turn(Sound.silence(ms: 100))
        for _ in 0..<2 {
            transcribe(&visit, item)
            visit.wait(.seconds(2))
        }
        #expect(visit.events("response.done").map { $0.at("response", "status") } == ["failed", "completed"])
    }

    @Test func anOutOfBandRequestIsRefusedOrForgottenOrEmpty() throws {
        let refused = try turn("oob-refused")
        #expect(refused.errors.map { $0["event_id"] } == ["oob"])
        #expect(try done(turn("oob-refused"), outOfBand: true) == nil)
        #expect(try done(turn("oob-missing"), outOfBand: true) == nil)
        #expect(try turn("oob-missing").errors == [])
        #expect(try done(turn("oob-empty"), outOfBand: true)?["output"] == [])
    }

    // MARK: Answers

    @Test func aFailedAnswerMayComeWithoutBeingCreated() throws {
        for (fault, created) in [("response-failed", 2), ("response-failed-without-created", 1)] {
            let visit = try turn(fault)
            #expect(visit.events("response.created").count == created)
            let response = done(visit, outOfBand: false)
            #expect(response?["status"] == "failed")
            #expect(response?["output"] == [])
        }
    }

    @Test func anIncompleteAnswerHasHalfOfItsAudio() throws {
        let visit = try turn("response-incomplete")
        #expect(
            done(visit, outOfBand: false)?["status_details"] == ["type": "incomplete", "reason": "max_output_tokens"])
        let sent = visit.reports("response").first { $0["out_of_band"] == false && $0["event"] == "done" }?["sent_ms"]?
            .integer
        #expect(sent == Shipped.utterance("directions").answer.samples.count / 24 / 2)
    }

    @Test func twoAudioItemsAreOneAnswer() throws {
        let visit = try turn("two-audio-items"), answer = Shipped.utterance("directions").answer
        let audio = visit.events("response.output_audio.delta").flatMap {
            PCM.bytes(base64: $0["delta"]?.text ?? "") ?? []
        }
        let items = done(visit, outOfBand: false)?["output"]?.elements ?? []
        #expect(items.count == 2)
        #expect(
            items.compactMap { $0["content"]?.elements.first?["transcript"]?.text }.joined(separator: " ")
                == answer.text)
        #expect(PCM.samples(littleEndian: audio) == answer.samples)
        #expect(Set(visit.events("response.output_audio.delta").compactMap { $0["output_index"]?.integer }) == [0, 1])
    }

    @Test func strangeEventsAndFramesSurroundTheAnswer() throws {
        #expect(try turn("unknown-events").types.contains("response.mood.updated"))
        let created = try turn("item-created").types
        #expect(created.contains("conversation.item.created"))
        #expect(!created.contains("conversation.item.added") && !created.contains("conversation.item.done"))
        let broken = try turn("invalid-json").outputs.compactMap {
            if case .frame(let text) = $0 { text } else { nil }
        }
        #expect(broken.allSatisfy { JSON(parsing: Array($0.utf8)) == nil })
        #expect(broken.count == 1)
    }

    @Test func oneFrameIsHugeAndOthersSplitSamples() throws {
        let huge = try turn("huge-frame").events("response.output_audio.delta")
        #expect(huge.count == 1)
        #expect((huge.first?.line.utf8.count ?? 0) > 2_000_000)
        let odd = try turn("odd-base64-split").events("response.output_audio.delta").map {
            PCM.bytes(base64: $0["delta"]?.text ?? "")?.count ?? 0
        }
        #expect(odd.contains { $0 % 2 == 1 })
        #expect(odd.reduce(0, +) == Shipped.utterance("directions").answer.samples.count * 2)
    }

    @Test func aBurstComesAtOnce() throws {
        let reports = try turn("burst").reports("response").filter { $0["out_of_band"] != true }
        let times = reports.compactMap { $0["event"] == "created" ? nil : $0["at_ms"]?.integer }
        #expect(times.count == 2)
        #expect(times[1] - times[0] <= 10)
    }

    @Test func aDeltaComesAfterTheCancelledResponseIsDone() throws {
        var visit = try Visit(faults: "late-delta-after-cancel")
        visit.pushToTalk()
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.milliseconds(800))
        visit.send(["type": "response.cancel"])
        visit.wait(.milliseconds(30))
        #expect(visit.types.suffix(2) == ["response.done", "response.output_audio.delta"])
    }

    @Test func truncatingIsAnsweredByAnErrorAndALowerValue() throws {
        var visit = try turn("truncate-error")
        let item = visit.events("response.output_audio.done").first?["item_id"] ?? .null
        visit.send(["type": "conversation.item.truncate", "item_id": item, "content_index": 0, "audio_end_ms": 1_000])
        visit.wait(.milliseconds(50))
        #expect(visit.errors.map { $0["message"] } == ["Audio content of 920ms is already shorter than 1000ms"])
        #expect(visit.events("conversation.item.truncated").map { $0["audio_end_ms"] } == [960])
    }

    // MARK: Races and ends

    @Test func aCommitIsRefusedAsEmptyWithOrWithoutTheServersOwn() throws {
        for (fault, items) in [("commit-empty=1", 0), ("commit-crossed=1", 1)] {
            var visit = try Visit(faults: fault)
            visit.pushToTalk()
            visit.turn(Shipped.samples("directions"))
            #expect(visit.errors.map { $0["code"] } == ["input_audio_buffer_commit_empty"])
            #expect(visit.errors.map { $0["event_id"] } == [.null])
            #expect(visit.events("input_audio_buffer.committed").count == items)
            #expect(visit.session.turns == 1)
            visit.turn(Shipped.samples("directions"))
            #expect(visit.errors.count == 1)
            #expect(visit.events("input_audio_buffer.committed").count == items + 1)
        }
    }

    @Test func theServersOwnAnswerIsInTheWayOfTheClients() throws {
        let visit = try turn("auto-response-race")
        #expect(visit.errors.map { $0["code"] } == ["conversation_already_has_active_response"])
        #expect(visit.errors.map { $0["event_id"] } == ["answer"])
        #expect(done(visit, outOfBand: false)?["status"] == "completed")
    }

    @Test func anAnswerIsCancelledBeforeItsFirstOrAfterItsLastDelta() throws {
        let early = try turn("cancelled-early"), late = try turn("cancelled-late")
        for visit in [early, late] {
            #expect(done(visit, outOfBand: false)?["status"] == "cancelled")
            #expect(done(visit, outOfBand: false)?.at("status_details", "reason") == "turn_detected")
            #expect(visit.errors == [])
        }
        #expect(early.events("response.output_audio.delta") == [])
        #expect(early.types.filter { $0 == "response.created" }.count == 2)
        let sent = late.reports("response").first { $0["out_of_band"] == false && $0["event"] == "done" }?["sent_ms"]
        #expect(sent?.integer == Shipped.utterance("directions").answer.samples.count / 24)
    }

    @Test func aDoneThatIsLateLeavesNothingToCancel() throws {
        var visit = try Visit(faults: "done-late=3000@1", change: { $0.timing.pace = .burst })
        visit.pushToTalk()
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(2))
        #expect(visit.types.contains("response.output_audio.done") && !visit.types.contains("response.done"))
        visit.send(["type": "response.cancel"])
        #expect(visit.errors.map { $0["code"] } == ["response_cancel_not_active"])
        visit.wait(.seconds(3))
        #expect(done(visit, outOfBand: false)?["status"] == "completed")
    }

    @Test func readingIsPausedOnceInATurn() throws {
        var visit = try Visit(faults: "slow-reader=4000@1")
        visit.pushToTalk()
        visit.append(Sound.silence(ms: 400))
        #expect(!visit.outputs.contains(.pauseReading(.seconds(4))))
        for _ in 0..<3 { visit.append(Sound.silence(ms: 200)) }
        #expect(visit.outputs.filter { $0 == .pauseReading(.seconds(4)) }.count == 1)
        visit.turn(Sound.silence(ms: 200))
        visit.turn(Sound.silence(ms: 900))
        #expect(visit.outputs.filter { $0 == .pauseReading(.seconds(4)) }.count == 1)
    }

    @Test func ourOwnPlaybackIsTakenForSpeechWhichEndsTheAnswer() throws {
        var visit = try Visit(faults: "own-playback-heard=1", change: { $0.timing.pace = .factor(1) })
        visit.speak(Shipped.samples("directions") + Sound.silence(ms: 1_000))
        visit.speak(Sound.silence(ms: 6_000))
        #expect(visit.events("input_audio_buffer.speech_started").count == 2)
        #expect(visit.events("input_audio_buffer.committed").count == 2)
        let ends = visit.events("response.done").map { $0.at("response", "status") }
        #expect(ends.first == "cancelled")
        #expect(visit.errors == [])
    }

    @Test func aCallComesAfterWords() throws {
        var visit = try Visit(faults: "call-after-audio=1")
        visit.pushToTalk()
        visit.update(["tools": [["type": "function", "name": "nothing", "parameters": ["type": "object"]]]])
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(20))
        let output = done(visit, outOfBand: false)?["output"]?.elements ?? []
        #expect(output.map { $0["type"] } == ["message", "function_call"])
        #expect(!visit.events("response.output_audio.delta").isEmpty)
        let callID = output.last?["call_id"] ?? .null
        visit.send([
            "type": "conversation.item.create",
            "item": ["type": "function_call_output", "call_id": callID, "output": "ok"],
        ])
        visit.send(["type": "response.create"])
        visit.wait(.seconds(20))
        #expect(visit.events("response.done").last?.at("response", "status") == "completed")
        #expect(visit.events("response.function_call_arguments.done").count == 1)
    }
}
