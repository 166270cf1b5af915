import Testing

@testable import realtime_simulator

@Suite struct ResponseTests {
    /// A push-to-talk turn, asked for and answered.
    private func answered(
        _ name: String = "policy-number", faults: String = "", echoesAudio: Bool = false, pace: Timing.Pace = .varied
    ) throws -> Visit {
        var visit = try Visit(faults: faults, echoesAudio: echoesAudio) { $0.timing.pace = pace }
        visit.pushToTalk()
        visit.turn(Shipped.samples(name))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(5))
        return visit
    }

    /// The ids of the response's events in their order, deltas once each.
    private func order(_ visit: Visit) -> [String] {
        let own = visit.types.filter {
            !$0.contains("transcription") && $0 != "session.created" && $0 != "session.updated"
        }
        var order: [String] = []
        for type in own where order.last != type && !(type.hasSuffix(".delta") && order.contains(type)) {
            order.append(type)
        }
        return order
    }

    @Test func eventsComeInTheOrderThatCanBeReliedOn() throws {
        #expect(
            try order(answered()) == [
                "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
                "response.created",
                "response.output_item.added", "conversation.item.added", "response.content_part.added",
                "response.output_audio_transcript.delta", "response.output_audio.delta", "response.output_audio.done",
                "response.output_audio_transcript.done", "response.content_part.done", "conversation.item.done",
                "response.output_item.done", "response.done", "rate_limits.updated",
            ])
    }

    @Test func deltasAddUpToTheAnswersTextAndAudio() throws {
        let visit = try answered(), answer = Shipped.utterance("policy-number").answer
        let text = visit.events("response.output_audio_transcript.delta").compactMap { $0["delta"]?.text }.joined()
        let audio = visit.events("response.output_audio.delta").flatMap {
            PCM.bytes(base64: $0["delta"]?.text ?? "") ?? []
        }
        #expect(text == answer.text)
        #expect(PCM.samples(littleEndian: audio) == answer.samples)
        let item = visit.events("response.done")[0].at("response", "output")?.elements.first
        #expect(item?["content"] == [["type": "output_audio", "transcript": .string(answer.text)]])
        #expect(item?["status"] == "completed")
    }

    @Test func deltasAreUnevenWholeSamplesAndTheTextRunsAhead() throws {
        let visit = try answered()
        let sizes = visit.events("response.output_audio.delta").map {
            PCM.bytes(base64: $0["delta"]?.text ?? "")?.count ?? 1
        }
        #expect(sizes.allSatisfy { $0 % 2 == 0 })
        #expect(Set(sizes).count > 3)
        #expect((50 * 48...100 * 48).contains(sizes[0]))
        let firstText = visit.types.firstIndex(of: "response.output_audio_transcript.delta")
        let firstAudio = visit.types.firstIndex(of: "response.output_audio.delta")
        let lastText = visit.types.lastIndex(of: "response.output_audio_transcript.delta")
        let lastAudio = visit.types.lastIndex(of: "response.output_audio.delta")
        #expect(try #require(firstText) < #require(firstAudio))
        #expect(try #require(lastText) < #require(lastAudio))
    }

    @Test func theServiceTakesAsLongAsItIsTold() throws {
        for seed in UInt64(1)...20 {
            var visit = try Visit(seed: seed)
            visit.pushToTalk()
            visit.turn(Sound.silence(ms: 200))
            visit.send(["type": "response.create"])
            visit.wait(.milliseconds(29))
            #expect(!visit.types.contains("response.created"))
            visit.wait(.milliseconds(51))
            #expect(visit.types.contains("response.created"))
            visit.wait(.milliseconds(199))
            #expect(!visit.types.contains("response.output_item.added"))
            visit.wait(.milliseconds(401))
            #expect(visit.types.contains("response.output_audio.delta"))
        }
    }

    @Test func anAnswerComesFasterThanRealTimeOrAsFastAsAsked() throws {
        for (pace, range) in [(Timing.Pace.varied, 350...1_000), (.factor(1), 3_400...3_700), (.burst, 0...20)] {
            let visit = try answered(pace: pace)
            let reports = visit.reports("response")
            let first = reports.first { $0["event"] == "first_audio" }?["at_ms"]?.integer ?? 0
            let done = reports.first { $0["event"] == "done" }?["at_ms"]?.integer ?? 0
            #expect(range.contains(done - first), "\(pace): \(done - first) ms")
        }
    }

    @Test func aSecondResponseInTheConversationIsRefusedWhileOneRuns() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.milliseconds(100))
        visit.send(["type": "response.create", "event_id": "cli_12"])
        let id = visit.events("response.created")[0].at("response", "id")?.text ?? ""
        #expect(
            visit.errors == [
                [
                    "type": "invalid_request_error", "code": "conversation_already_has_active_response",
                    "message": .string(
                        "Conversation already has an active response in progress: \(id). "
                            + "Wait until the response is finished before creating a new one."),
                    "param": .null, "event_id": "cli_12",
                ]
            ])
        visit.wait(.seconds(4))
        visit.send(["type": "response.create"])
        #expect(visit.errors.count == 1)
    }

    @Test func theAnswerToUnknownAudioIsTheFallback() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Sound.noise(ms: 800, amplitude: 4_000))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(5))
        #expect(
            visit.events("response.output_audio_transcript.done")[0]["transcript"]
                == .string(Shipped.library.fallback.text))
        #expect(visit.console.contains { $0.contains(" unrecognised length_ms=800 level_dbfs=-") })
    }

    @Test func echoGivesTheVisitorsOwnAudioBack() throws {
        let visit = try answered("broken-window", echoesAudio: true)
        let audio = visit.events("response.output_audio.delta").flatMap {
            PCM.bytes(base64: $0["delta"]?.text ?? "") ?? []
        }
        #expect(PCM.samples(littleEndian: audio) == Shipped.samples("broken-window"))
    }

    @Test func aCapOnOutputTokensEndsTheAnswerIncomplete() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("policy-number"))
        visit.send(["type": "response.create", "response": ["max_output_tokens": 20]])
        visit.wait(.seconds(5))
        let response = try #require(visit.events("response.done")[0]["response"])
        #expect(response["status"] == "incomplete")
        #expect(response["status_details"] == ["type": "incomplete", "reason": "max_output_tokens"])
        #expect(try #require(response.at("usage", "output_tokens")?.integer) <= 20)
    }

    // MARK: Cancel

    @Test func cancellingEndsWhatWasBegunAndNamesTheReason() throws {
        var visit = try Visit { $0.timing.pace = .factor(2) }
        visit.pushToTalk()
        visit.turn(Shipped.samples("policy-number"))
        visit.send(["type": "response.create"])
        visit.wait(.milliseconds(1_000))
        let answer = visit.send(["type": "response.cancel"])
        #expect(
            answer.compactMap { $0["type"]?.text } == [
                "response.output_audio.done", "response.output_audio_transcript.done", "response.content_part.done",
                "conversation.item.done", "response.output_item.done", "response.done",
            ])
        let response = try #require(answer.last?["response"])
        #expect(response["status_details"] == ["type": "cancelled", "reason": "client_cancelled"])
        #expect(response["output"]?.elements.map { $0["status"] } == ["incomplete"])
        visit.wait(.seconds(5))
        #expect(visit.types.last == "rate_limits.updated")
        visit.send(["type": "response.cancel"])
        #expect(visit.errors.map { $0["message"] } == ["Cancellation failed: no active response found"])
    }

    @Test func cancellingBeforeTheFirstDeltaHasNoOutputAndNoUsage() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("policy-number"))
        visit.send(["type": "response.create"])
        let answer = visit.send(["type": "response.cancel"])
        #expect(answer.compactMap { $0["type"]?.text } == ["response.created", "response.done"])
        #expect(answer.last?.at("response", "output") == [])
        #expect(answer.last?.at("response", "usage") == .null)
    }

    // MARK: Usage

    @Test func usageAddsUpAndFollowsTheAudio() throws {
        let usage = try #require(answered("policy-number").events("response.done")[0].at("response", "usage"))
        let input = usage["input_token_details"], output = usage["output_token_details"]
        #expect(input?["audio_tokens"] == 33)
        #expect(output?["audio_tokens"] == 70)
        #expect(input?["cached_tokens"] == 0)
        func number(_ value: JSON?) -> Int { value?.integer ?? -1_000_000 }
        #expect(number(usage["input_tokens"]) == number(input?["text_tokens"]) + 33)
        #expect(number(usage["output_tokens"]) == number(output?["text_tokens"]) + 70)
        #expect(number(usage["total_tokens"]) == number(usage["input_tokens"]) + number(usage["output_tokens"]))
    }

    @Test func laterTurnsReadFromTheCacheInMultiplesOf64() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.update(["instructions": .string(String(repeating: "Be brief. ", count: 80))])
        for _ in 0..<3 {
            visit.turn(Shipped.samples("opening-hours"))
            visit.send(["type": "response.create"])
            visit.wait(.seconds(4))
        }
        let details = visit.events("response.done").compactMap { $0.at("response", "usage", "input_token_details") }
        let cached = details.compactMap { $0["cached_tokens"]?.integer }
        #expect(cached[0] == 0)
        #expect(cached[1] == 192)
        #expect(cached[2] % 64 == 0)
        // All user audio so far and the newest answer's.
        #expect(details.map { $0["audio_tokens"] } == [19, .integer(19 + 44 + 19), .integer(19 + 19 + 44 + 19)])
    }
}
