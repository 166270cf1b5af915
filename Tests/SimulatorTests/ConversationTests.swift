import Testing

@testable import realtime_simulator

@Suite struct ConversationTests {
    @Test func aCommitBecomesAnItemAfterTheLastOne() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let first = visit.turn(Shipped.samples("directions")), second = visit.turn(Sound.silence(ms: 100))
        #expect(
            Array(visit.types.dropFirst(2)) == [
                "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
                "input_audio_buffer.committed", "conversation.item.added", "conversation.item.done",
            ])
        #expect(
            visit.events("input_audio_buffer.committed").map { $0["previous_item_id"] } == [.null, .string(first)])
        #expect(visit.events("conversation.item.added")[1]["previous_item_id"] == .string(first))
        #expect(
            visit.events("conversation.item.done")[1]["item"] == [
                "id": .string(second), "type": "message", "status": "completed", "role": "user",
                "content": [["type": "input_audio", "transcript": .null]],
            ])
    }

    @Test(arguments: [(0, "0.00"), (480, "20.00"), (2_399, "99.95")])
    func aCommitOfLessThan100MsNamesWhatIsThere(_ frames: Int, _ shown: String) throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.append([Int16](repeating: 0, count: frames))
        visit.send(["type": "input_audio_buffer.commit", "event_id": "mine"])
        #expect(
            visit.errors == [
                [
                    "type": "invalid_request_error", "code": "input_audio_buffer_commit_empty",
                    "message": .string(
                        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                            + "but buffer only has \(shown)ms of audio."),
                    "param": .null, "event_id": .null,
                ]
            ])
    }

    @Test func clearingForgetsWhatWasAppended() throws {
        var visit = try Visit()
        visit.pushToTalk()
        visit.append(Sound.silence(ms: 500))
        visit.send(["type": "input_audio_buffer.clear"])
        visit.send(["type": "input_audio_buffer.commit"])
        #expect(visit.types.suffix(2) == ["input_audio_buffer.cleared", "error"])
    }

    @Test func retrievingGivesTheAudioThatWasSent() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let samples = Shipped.samples("opening-hours")
        let id = visit.turn(samples)
        let answer = visit.send(["type": "conversation.item.retrieve", "item_id": .string(id)])
        let part = answer.first?.at("item", "content")?.elements.first
        #expect(part?["audio"] == .string(PCM.base64(samples[...])))
        #expect(part?["type"] == "input_audio")
    }

    @Test func createdItemsGoWhereTheyAreWanted() throws {
        var visit = try Visit()
        func message(_ id: String) -> JSON {
            [
                "id": .string(id), "type": "message", "role": "user",
                "content": [["type": "input_text", "text": "hello"]],
            ]
        }
        visit.send(["type": "conversation.item.create", "item": message("b")])
        visit.send(["type": "conversation.item.create", "previous_item_id": "root", "item": message("a")])
        visit.send(["type": "conversation.item.create", "previous_item_id": "a", "item": message("ab")])
        visit.send(["type": "conversation.item.create", "item": message("b")])
        #expect(visit.events("conversation.item.added").map { $0["previous_item_id"] } == [.null, .null, "a"])
        #expect(visit.session.conversation.items.map(\.id) == ["a", "ab", "b"])
        #expect(visit.errors.map { $0["param"] } == ["item.id"])
    }

    @Test func aDeletedItemIsGone() throws {
        var visit = try Visit()
        visit.pushToTalk()
        let id = visit.turn(Sound.silence(ms: 200))
        visit.send(["type": "conversation.item.delete", "item_id": .string(id)])
        visit.send(["type": "conversation.item.delete", "item_id": .string(id)])
        #expect(visit.events.suffix(2).map { $0["type"] } == ["conversation.item.deleted", "error"])
        #expect(visit.errors.first?["message"] == .string("Item with item_id not found: \(id)"))
    }

    // MARK: Truncate

    private func answered() throws -> (Visit, item: String, audioMs: Int) {
        var visit = try Visit()
        visit.pushToTalk()
        visit.turn(Shipped.samples("directions"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(4))
        let item = visit.events("response.output_audio.done").first?["item_id"]?.text ?? ""
        return (visit, item, Shipped.utterance("directions").answer.samples.count / 24)
    }

    private func truncate(_ item: String, _ ms: Int) -> JSON {
        [
            "type": "conversation.item.truncate", "event_id": "mine", "item_id": .string(item), "content_index": 0,
            "audio_end_ms": .integer(ms),
        ]
    }

    @Test func truncatingCutsAudioAndTranscriptAndIsAnsweredAfter40Ms() throws {
        var (visit, item, audioMs) = try answered()
        visit.send(truncate(item, 1_480))
        visit.wait(.milliseconds(39))
        #expect(visit.events("conversation.item.truncated") == [])
        visit.wait(.milliseconds(1))
        var truncated = try #require(visit.events("conversation.item.truncated").first)
        truncated["event_id"] = nil
        #expect(
            truncated == [
                "type": "conversation.item.truncated", "item_id": .string(item), "content_index": 0,
                "audio_end_ms": 1_480,
            ])
        #expect(visit.session.conversation[item]?.audioMs == 1_480)
        #expect(visit.session.conversation[item]?.text == "")
        #expect(visit.console.last == "truncate \(item) audio_end_ms=1480 sent_ms=\(audioMs)")
    }

    @Test func truncatingBeyondTheAudioIsAnErrorAndATruncationNearby() throws {
        var (visit, item, audioMs) = try answered()
        visit.send(truncate(item, 11_579))
        visit.wait(.milliseconds(40))
        #expect(
            visit.errors == [
                [
                    "type": "invalid_request_error", "code": "invalid_value",
                    "message": .string("Audio content of \(audioMs)ms is already shorter than 11579ms"),
                    "param": .null,
                    "event_id": .null,
                ]
            ])
        #expect(visit.events("conversation.item.truncated").map { $0["audio_end_ms"] } == [.integer(audioMs + 40)])
    }

    @Test func onlyKnownModelAudioCanBeTruncated() throws {
        var (visit, _, _) = try answered()
        let user = visit.events("input_audio_buffer.committed")[0]["item_id"]?.text ?? ""
        visit.send(truncate("item_gone", 100))
        visit.send(truncate(user, 100))
        visit.wait(.seconds(1))
        #expect(visit.errors.map { $0["code"] } == ["item_truncate_invalid_item_id", .null])
        #expect(
            visit.errors.map { $0["message"] } == [
                "Item with item_id not found: item_gone", "Only model output audio messages can be truncated",
            ])
        #expect(visit.events("conversation.item.truncated") == [])
    }
}
