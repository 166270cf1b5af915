import MonotonicClock

// The events of a response on its way, in the order that can be relied on (fact sheet, section 4.2).
extension SimulatedSession {
    /// Notes when each piece of a response is sent, the first delta at `start`.
    mutating func schedule(_ response: Response, from start: Instant) {
        var timing = setup.timing
        if !response.isOutOfBand, hits(.burst) || hits(.hugeFrame) { timing.pace = .burst }
        var time = start
        for (index, part) in response.parts.enumerated() {
            if part.call != nil {
                agenda.add(.begin(response.id, part: index), at: time)
                time = time.advanced(by: .milliseconds(30))
                agenda.add(.end(response.id, part: index), at: time)
                continue
            }
            let plan =
                response.isAudio
                ? SpeechPlan(
                    text: part.text, audioBytes: part.byteCount, timing: timing, splitsSamples: hits(.oddBase64Split),
                    inOneFrame: hits(.hugeFrame), random: &random)
                : SpeechPlan(text: part.text, random: &random)
            agenda.add(.begin(response.id, part: index), at: time)
            for (afterMs, delta) in plan.deltas {
                let step: Step =
                    switch delta {
                    case .text(let text): .text(response.id, part: index, text)
                    case .audio(let range): .audio(response.id, part: index, range)
                    }
                agenda.add(step, at: time.advanced(by: .microseconds(Int(afterMs * 1_000))))
            }
            if !response.isOutOfBand, hits(.doneMissingDrop) {
                agenda.add(.drop, at: time.advanced(by: .microseconds(Int(plan.lengthMs * 500))))
            }
            time = time.advanced(by: .microseconds(Int(plan.lengthMs * 1_000)))
            agenda.add(.end(response.id, part: index), at: time)
        }
        if !response.isOutOfBand, hits(.ownPlaybackHeard) {
            agenda.add(.echoBegins, at: start.advanced(by: .milliseconds(300)))
        }
        if !response.isOutOfBand, let lateMs = setup.faults.value(.doneLate, turns) {
            time = time.advanced(by: .milliseconds(lateMs))
        }
        agenda.add(.finish(response.id), at: time)
    }

    mutating func announce(_ id: Response.ID) {
        guard let response = responses[id], !response.isAnnounced else { return }
        responses[id]?.isAnnounced = true
        if hits(.unknownEvents) {
            send(["type": "response.mood.updated", "response_id": .string(id), "mood": ["cheerful": true]])
        }
        var event: JSON = [
            "type": "response.created",
            "response": response.object(status: "in_progress", details: .null, output: [], usage: .null),
        ]
        if hits(.unknownEvents) { event["novelty"] = [1, 2.5, "three", .null] }
        send(event)
        report(
            "response",
            [
                "event": "created", "response": .string(id), "turn": .integer(response.turn),
                "out_of_band": .boolean(response.isOutOfBand),
            ])
    }

    mutating func begin(_ id: Response.ID, part index: Int) {
        guard let response = responses[id] else { return }
        responses[id]?.parts[index].isBegun = true
        if response.parts[index].call != nil { return beginCall(id, part: index) }
        let part = response.parts[index]
        let value = response.item(of: part, status: "in_progress")
        send([
            "type": "response.output_item.added", "response_id": .string(id), "output_index": .integer(index),
            "item": value,
        ])
        if !response.isOutOfBand {
            var item = Item(id: part.itemID, value: value)
            item.isModelAudio = response.isAudio
            conversation.append(item)
            sendItemAdded(part.itemID)
        }
        let empty: JSON = response.isAudio ? ["type": "audio", "transcript": ""] : ["type": "text", "text": ""]
        send(address("response.content_part.added", id, index).merging(["part": empty]))
    }

    mutating func sendText(_ id: Response.ID, part index: Int, _ text: String) {
        guard let response = responses[id] else { return }
        responses[id]?.parts[index].sentText += text
        let type = response.isAudio ? "response.output_audio_transcript.delta" : "response.output_text.delta"
        let padding = random.characters(Int.random(in: 1...12, using: &random))
        send(address(type, id, index).merging(["delta": .string(text), "obfuscation": .string(padding)]))
    }

    mutating func sendAudio(_ id: Response.ID, part index: Int, _ range: Range<Int>) {
        guard let response = responses[id] else { return }
        var part = response.parts[index]
        part.sentBytes = range.upperBound
        responses[id]?.parts[index] = part
        if !response.isOutOfBand {
            hasSpoken = true
            if var item = conversation[part.itemID], !item.isTruncated {
                item.audio = Array(part.sentSamples)
                conversation[part.itemID] = item
            }
        }
        if range.lowerBound == 0 {
            report("response", ["event": "first_audio", "response": .string(id), "item": .string(part.itemID)])
        }
        var event = address("response.output_audio.delta", id, index)
        event["delta"] = .string(PCM.base64(bytes: part.bytes(range)))
        if hits(.hugeFrame) { event["obfuscation"] = .string(String(repeating: "x", count: 2 << 20)) }
        send(event)
    }

    mutating func end(_ id: Response.ID, part index: Int) {
        guard let response = responses[id] else { return }
        end(id, part: index, status: response.plannedDetails == .null ? "completed" : "incomplete")
    }

    private mutating func end(_ id: Response.ID, part index: Int, status: String) {
        guard let response = responses[id] else { return }
        if response.parts[index].call != nil { return endCall(id, part: index, status: status) }
        responses[id]?.parts[index].isEnded = true
        let part = response.parts[index], text = JSON.string(part.sentText)
        if response.isAudio {
            send(address("response.output_audio.done", id, index))
            send(address("response.output_audio_transcript.done", id, index).merging(["transcript": text]))
        } else {
            send(address("response.output_text.done", id, index).merging(["text": text]))
        }
        let whole: JSON = response.isAudio ? ["type": "audio", "transcript": text] : ["type": "text", "text": text]
        send(address("response.content_part.done", id, index).merging(["part": whole]))
        let value = response.item(of: part, status: status)
        if !response.isOutOfBand, let item = conversation[part.itemID] {
            conversation[part.itemID]?.value =
                item.isTruncated
                ? item.value.merging(["status": .string(status)]) : value
            sendItemDone(part.itemID)
        }
        send([
            "type": "response.output_item.done", "response_id": .string(id), "output_index": .integer(index),
            "item": value,
        ])
    }

    mutating func finish(_ id: Response.ID) {
        guard let response = responses[id] else { return }
        finish(id, status: response.plannedDetails["type"]?.text ?? "completed", details: response.plannedDetails)
    }

    private mutating func finish(_ id: Response.ID, status: String, details: JSON) {
        guard let response = responses.removeValue(forKey: id) else { return }
        if activeResponseID == id { activeResponseID = nil }
        let begun = response.parts.filter(\.isBegun)
        let output = begun.map { response.item(of: $0, status: status == "completed" ? "completed" : "incomplete") }
        // The service counts nothing for a response that was cancelled before it began.
        let usage: JSON =
            switch (status, begun.isEmpty) {
            case ("failed", _): UsageMeter.zero
            case ("cancelled", true): .null
            default:
                UsageMeter.usage(
                    response.inputTokens, textSent: begun.map(\.sentText).joined(), audioSentMs: response.sentAudioMs)
            }
        send([
            "type": "response.done",
            "response": response.object(status: status, details: details, output: output, usage: usage),
        ])
        report(
            "response",
            [
                "event": "done", "response": .string(id), "turn": .integer(response.turn), "status": .string(status),
                "out_of_band": .boolean(response.isOutOfBand), "sent_ms": .integer(response.sentAudioMs),
                "usage": usage,
            ])
        if !response.isOutOfBand { idle(afterMs: response.sentAudioMs) }
        agenda.add(.rateLimits, at: now.advanced(by: .milliseconds(setup.timing.rateLimitsMs)))
    }

    mutating func sendRateLimits() {
        let remaining = Int.random(in: 30_000...39_999, using: &random)
        let limit: JSON = [
            "name": "tokens", "limit": 40_000, "remaining": .integer(remaining),
            "reset_seconds": .number(Double((40_000 - remaining) * 15 / 10) / 1_000),
        ]
        send(["type": "rate_limits.updated", "rate_limits": [limit]])
    }

    // MARK: Cancel

    mutating func cancelResponse(_ event: JSON) throws(Refusal) {
        guard let id = event["response_id"]?.text ?? activeResponseID, let response = responses[id],
            setup.faults.value(.doneLate, turns) == nil || !response.parts.allSatisfy(\.isEnded)
        else {
            throw Refusal(
                code: "response_cancel_not_active",
                message: "Cancellation failed: no active response found", param: nil)
        }
        cancel(id, reason: "client_cancelled")
    }

    /// Ends a response where it is.
    mutating func cancel(_ id: Response.ID, reason: String) {
        guard let response = responses[id] else { return }
        agenda.remove { $0.responseID == id }
        announce(id)
        for (index, part) in response.parts.enumerated() where part.isBegun && !part.isEnded {
            end(id, part: index, status: "incomplete")
        }
        report(
            "cancelled",
            [
                "response": .string(id), "reason": .string(reason), "sent_ms": .integer(response.sentAudioMs),
            ], console: "cancelled \(id) reason=\(reason) sent_ms=\(response.sentAudioMs)")
        finish(id, status: "cancelled", details: ["type": "cancelled", "reason": .string(reason)])
        if hits(.lateDeltaAfterCancel), let part = response.parts.first {
            let delta = PCM.base64(part.samples.prefix(2_400))
            agenda.add(.event(late(id, part.itemID, delta)), at: now.advanced(by: .milliseconds(20)))
        }
    }

    private func late(_ id: Response.ID, _ itemID: String, _ delta: String) -> JSON {
        [
            "type": "response.output_audio.delta", "response_id": .string(id), "item_id": .string(itemID),
            "output_index": 0, "content_index": 0, "delta": .string(delta),
        ]
    }

    /// An event with the four ids of a part's stream.
    private func address(_ type: String, _ id: Response.ID, _ index: Int) -> JSON {
        [
            "type": .string(type), "response_id": .string(id), "item_id": JSON(responses[id]?.parts[index].itemID),
            "output_index": .integer(index), "content_index": 0,
        ]
    }
}

extension SimulatedSession.Step {
    /// The response the step belongs to.
    fileprivate var responseID: Response.ID? {
        switch self {
        case .announce(let id), .begin(let id, _), .text(let id, _, _), .audio(let id, _, _), .end(let id, _),
            .finish(let id):
            id
        case .cancel(let id): id
        case .event, .transcribe, .rateLimits, .expire, .drop, .echoBegins, .echoEnds, .idleTimeout: nil
        }
    }
}
