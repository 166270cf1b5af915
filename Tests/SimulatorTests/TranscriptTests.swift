import Testing

@testable import realtime_simulator

@Suite struct TranscriptTests {
    private func request(_ item: String? = nil, _ more: JSON = [:]) -> JSON {
        var response: JSON = [
            "conversation": "none", "output_modalities": ["text"], "metadata": ["purpose": "p", "item": JSON(item)],
        ]
        if let item {
            response["input"] = [["type": "item_reference", "id": .string(item)]]
        } else {
            response["metadata"] = ["purpose": "p"]
        }
        return ["type": "response.create", "event_id": "oob", "response": response.merging(more)]
    }

    private func texts(_ visit: Visit) -> [String?] {
        visit.events("response.output_text.done").map { $0["text"]?.text }
    }

    @Test func aReferencedTurnIsTranscribedOutsideTheConversation() throws {
        var visit = try Visit()
        visit.pushToTalk(transcription: nil)
        let item = visit.turn(Shipped.samples("policy-number"))
        visit.turn(Shipped.samples("directions"))
        visit.send(request(item))
        visit.wait(.seconds(3))
        #expect(texts(visit) == ["My policy number is 56B5-12C0."])
        let done = try #require(visit.events("response.done")[0]["response"])
        #expect(done["conversation_id"] == .null)
        #expect(done["metadata"] == ["purpose": "p", "item": .string(item)])
        #expect(done["output_modalities"] == ["text"])
        #expect(visit.events("response.created")[0].at("response", "metadata") == done["metadata"])
        #expect(visit.events("conversation.item.added").count == 2)
        #expect(visit.session.conversation.items.count == 2)
        #expect(
            visit.types.filter { $0.hasPrefix("response.") && !$0.hasSuffix("delta") } == [
                "response.created", "response.output_item.added", "response.content_part.added",
                "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.done",
            ])
    }

    @Test func aTaskIsToldWhatTheVisitorSaidAsTextOrAsJSON() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("policy-number"))
        visit.turn(Shipped.samples("directions"))
        for instructions in ["Sum up.", "Answer in JSON."] {
            visit.send(request(nil, ["metadata": ["purpose": "task"], "instructions": .string(instructions)]))
        }
        visit.wait(.seconds(3))
        let said = ["My policy number is 56B5-12C0.", "Where is the claims office, please?"]
        #expect(Set(texts(visit)) == [
            said.joined(separator: " "), #"{"said":["\#(said[0])","\#(said[1])"],"turns":2}"#,
        ])
    }

    @Test func faultsMakeATranscriptUpAndPutWordsBeforeJSON() throws {
        var visit = try Visit(faults: "oob-invented,task-in-prose")
        visit.pushToTalk()
        let item = visit.turn(Shipped.samples("policy-number"))
        visit.send(request(item))
        visit.send(request(nil, ["metadata": ["purpose": "task"], "instructions": "Answer in JSON."]))
        visit.wait(.seconds(3))
        #expect(texts(visit).contains(SimulatedSession.invented))
        #expect(texts(visit).contains { $0?.hasPrefix("Certainly! Here it is: {") == true })
    }

    @Test func withoutInputTheLatestTurnIsTranscribed() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("policy-number"))
        visit.turn(Shipped.samples("directions"))
        visit.send(request())
        visit.wait(.seconds(3))
        #expect(texts(visit) == ["Where is the claims office, please?"])
    }

    @Test func ofSeveralReferencesTheNewestTurnIsMeant() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let items = [visit.turn(Shipped.samples("policy-number")), visit.turn(Shipped.samples("directions"))]
        visit.send(
            request(nil, ["input": .array(items.reversed().map { ["type": "item_reference", "id": .string($0)] })]))
        visit.wait(.seconds(3))
        #expect(texts(visit) == ["Where is the claims office, please?"])
    }

    @Test func outOfBandResponsesRunBesideTheAnswer() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let item = visit.turn(Shipped.samples("spelled-name"))
        visit.send(["type": "response.create"])
        for _ in 0..<3 { visit.send(request(item)) }
        visit.wait(.seconds(5))
        #expect(visit.errors == [])
        #expect(visit.events("response.done").count == 4)
        #expect(texts(visit) == [String?](repeating: "My name is Ada, A, D, A.", count: 3))
    }

    @Test func anOutOfBandResponseIsCancelledByItsIdOnly() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.send(request(visit.turn(Shipped.samples("directions"))))
        visit.wait(.milliseconds(100))
        visit.send(["type": "response.cancel"])
        let id = try #require(visit.events("response.created")[0].at("response", "id"))
        visit.send(["type": "response.cancel", "response_id": id])
        #expect(visit.errors.map { $0["code"] } == ["response_cancel_not_active"])
        #expect(visit.events("response.done").map { $0.at("response", "status") } == ["cancelled"])
    }

    @Test func twoUtterancesInOneTurnAreTranscribedInOrder() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.send(
            request(
                visit.turn(Shipped.samples("directions") + Sound.silence(ms: 300) + Shipped.samples("spelled-name"))))
        visit.wait(.seconds(3))
        #expect(texts(visit) == ["Where is the claims office, please? My name is Ada, A, D, A."])
        #expect(
            visit.events("conversation.item.input_audio_transcription.completed").map { $0["transcript"] }
                == ["Where is the claims office, please? My name is Ada, A, D, A."])
    }

    @Test func silenceHasAnEmptyTranscriptAndOtherAudioAMark() throws {
        var visit = try Visit()
        visit.pushToTalk()
        for audio in [Sound.silence(ms: 500), Sound.noise(ms: 500, amplitude: 5_000)] {
            visit.send(request(visit.turn(audio)))
            visit.wait(.seconds(3))
        }
        #expect(texts(visit) == ["", "(unrecognised)"])
        #expect(
            visit.events("conversation.item.input_audio_transcription.completed").map { $0["transcript"] }
                == ["", "(unrecognised)"])
    }

    @Test func outOfBandUsageReportsItsFirst197AudioTokensAsText() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.update(["instructions": .string(String(repeating: "Be brief. ", count: 80))])
        let long = visit.turn(Sound.silence(ms: 21_000))
        let short = visit.turn(Shipped.samples("policy-number"))
        for item in [long, short] { visit.send(request(item)) }
        visit.wait(.seconds(3))
        let audio = Dictionary(
            uniqueKeysWithValues: visit.events("response.done").map { event in
                (
                    event.at("response", "metadata", "item")?.text ?? "",
                    event.at("response", "usage", "input_token_details", "audio_tokens")?.integer
                )
            })
        #expect(audio[long] == 13)
        #expect(audio[short] == 0)
    }

    // MARK: Built in

    @Test func builtInTranscriptsComeLaterWithTheirUsage() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let item = visit.turn(Shipped.samples("policy-number"))
        visit.wait(.milliseconds(299))
        #expect(visit.events("conversation.item.input_audio_transcription.completed") == [])
        visit.wait(.milliseconds(1_201))
        var completed = try #require(visit.events("conversation.item.input_audio_transcription.completed").first)
        completed["event_id"] = nil
        #expect(
            completed == [
                "type": "conversation.item.input_audio_transcription.completed", "item_id": .string(item),
                "content_index": 0,
                "transcript": "My policy number is 56B5-12C0.",
                "usage": [
                    "type": "tokens", "total_tokens": 42, "input_tokens": 33,
                    "input_token_details": ["text_tokens": 0, "audio_tokens": 33], "output_tokens": 9,
                ],
            ])
        let deltas = visit.events("conversation.item.input_audio_transcription.delta").compactMap { $0["delta"]?.text }
        #expect(deltas.joined() == "My policy number is 56B5-12C0.")
        #expect(deltas.count > 1)
    }

    @Test func whisperHasOneDeltaAndIsPaidByTheSecond() throws {
        var visit = try Visit()
        visit.pushToTalk(transcription: "whisper-1")
        visit.turn(Shipped.samples("policy-number"))
        visit.wait(.seconds(2))
        #expect(
            visit.events("conversation.item.input_audio_transcription.delta").map { $0["delta"] }
                == ["My policy number is 56B5-12C0."])
        #expect(
            visit.events("conversation.item.input_audio_transcription.completed").map { $0["usage"] }
                == [["type": "duration", "seconds": 3.3]])
    }

    @Test func withoutTranscriptionThereIsNone() throws {
        var visit = try Visit()
        visit.pushToTalk(transcription: nil)
        visit.turn(Shipped.samples("directions"))
        visit.wait(.seconds(3))
        #expect(!visit.types.contains { $0.contains("transcription") })
    }

    @Test func transcriptsOfQuickTurnsMayComeOutOfOrder() throws {
        var orders: Set<[String]> = []
        for seed in UInt64(1)...12 {
            var visit = try Visit(seed: seed)
            visit.pushToTalk()
            let items = [visit.turn(Sound.silence(ms: 120)), visit.turn(Sound.silence(ms: 120))]
            visit.wait(.seconds(2))
            let done = visit.events("conversation.item.input_audio_transcription.completed").compactMap {
                $0["item_id"]?.text
            }
            orders.insert(done.map { $0 == items[0] ? "first" : "second" })
        }
        #expect(orders == [["first", "second"], ["second", "first"]])
    }
}
