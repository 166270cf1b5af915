// Items of the default conversation: create, retrieve, truncate, delete, and their events.
extension SimulatedSession {
    mutating func sendItemAdded(_ itemID: String) {
        guard let item = conversation[itemID] else { return }
        let type = hits(.itemCreated) ? "conversation.item.created" : "conversation.item.added"
        send([
            "type": .string(type), "previous_item_id": JSON(conversation.previousID(of: itemID)), "item": item.value,
        ])
    }

    mutating func sendItemDone(_ itemID: String) {
        guard !hits(.itemCreated), let item = conversation[itemID] else { return }
        send([
            "type": "conversation.item.done", "previous_item_id": JSON(conversation.previousID(of: itemID)),
            "item": item.value,
        ])
    }

    mutating func createItem(_ event: JSON) throws(Refusal) {
        guard let given = event["item"] else { return }
        let item = try makeItem(given, path: "item")
        if conversation[item.id] != nil {
            throw .invalidValue(
                "Error adding item: an item with id '\(item.id)' already exists in the conversation.",
                param: "item.id")
        }
        if item.value["type"] == "function_call_output" {
            let calls = conversation.items.filter { $0.value["type"] == "function_call" }
            guard calls.contains(where: { $0.value["call_id"] == item.value["call_id"] }) else {
                let callID = item.value["call_id"]?.text ?? ""
                throw .invalidValue("Tool call ID '\(callID)' not found in conversation.", param: "item.call_id")
            }
            report("tool_output", ["output": item.value["output"] ?? .null, "turn": .integer(turns)])
        }
        switch event["previous_item_id"]?.text {
        case nil: conversation.append(item)
        case "root": conversation.insert(item, after: nil)
        case let previous?:
            guard conversation[previous] != nil else {
                throw Refusal(
                    code: "item_not_found",
                    message: "Error adding item: the previous item with id '\(previous)' does not exist.",
                    param: "previous_item_id")
            }
            conversation.insert(item, after: previous)
        }
        report("created", ["item": .string(item.id), "role": JSON(item.role), "text": .string(item.text)])
        sendItemAdded(item.id)
        sendItemDone(item.id)
    }

    /// An item as a client gave it, checked, completed with id and status, its audio taken out and heard.
    mutating func makeItem(_ given: JSON, path: String) throws(Refusal) -> Item {
        if given["type"] == "message", let shape = ClientEventShapes.messageShape(role: given["role"]?.text),
            let refusal = shape.refusal(of: given, path: path)
        {
            throw refusal
        }
        let id = given["id"]?.text ?? random.identifier("item")
        var value: JSON = ["id": .string(id)]
        value = value.merging(given).merging(["status": "completed"])
        var item = Item(id: id, value: value)
        guard case .array(var parts) = value["content"] else { return item }
        for (index, part) in parts.enumerated() where part["type"] == "input_audio" {
            guard let bytes = PCM.bytes(base64: part["audio"]?.text ?? ""), bytes.count % 2 == 0 else {
                throw .invalidValue(
                    "Invalid '\(path).content[\(index)].audio'. Expected base64-encoded audio bytes.",
                    param: "\(path).content[\(index)].audio")
            }
            item.audio += PCM.samples(littleEndian: bytes)
            parts[index] = ["type": "input_audio", "transcript": part["transcript"] ?? .null]
        }
        item.value["content"] = .array(parts)
        item.heard = item.audio.isEmpty ? nil : setup.hearing.listen(to: item.audio)
        item.turn = turns
        return item
    }

    mutating func retrieveItem(_ event: JSON) throws(Refusal) {
        let item = try knownItem(event)
        send(["type": "conversation.item.retrieved", "item": item.valueWithAudio])
    }

    mutating func deleteItem(_ event: JSON) throws(Refusal) {
        let item = try knownItem(event)
        conversation[item.id] = nil
        send(["type": "conversation.item.deleted", "item_id": .string(item.id)])
    }

    private func knownItem(_ event: JSON) throws(Refusal) -> Item {
        let id = event["item_id"]?.text ?? ""
        guard let item = conversation[id] else {
            throw Refusal(code: "item_not_found", message: "Item with item_id not found: \(id)", param: "item_id")
        }
        return item
    }

    // MARK: Truncate

    mutating func truncateItem(_ event: JSON) throws(Refusal) {
        let id = event["item_id"]?.text ?? "", askedMs = event["audio_end_ms"]?.integer ?? 0
        let due = now.advanced(by: .milliseconds(setup.timing.truncateMs))
        guard var item = conversation[id] else {
            return sendTruncateError("item_truncate_invalid_item_id", "Item with item_id not found: \(id)")
        }
        guard item.isModelAudio else {
            return sendTruncateError(nil, "Only model output audio messages can be truncated")
        }
        if event["content_index"] != 0 {
            return sendTruncateError("invalid_value", "Invalid content_index: expected 0.")
        }
        let haveMs = item.audioMs
        report(
            "truncate", ["item": .string(id), "audio_end_ms": .integer(askedMs), "sent_ms": .integer(haveMs)],
            console: "truncate \(id) audio_end_ms=\(askedMs) sent_ms=\(haveMs)")
        var cutMs = askedMs
        if askedMs > haveMs || hits(.truncateError) {
            // The service was seen to complain and to truncate all the same, at a value of its own 40 ms from the one
            // that it named.
            let namedMs = hits(.truncateError) ? max(min(askedMs, haveMs) - 80, 0) : haveMs
            cutMs = namedMs + 40
            sendTruncateError("invalid_value", "Audio content of \(namedMs)ms is already shorter than \(askedMs)ms")
        }
        item.audio.removeLast(max(item.audio.count - min(cutMs, haveMs) * AudioTime.framesPerMs, 0))
        item.value["content"] = [["type": "output_audio", "transcript": ""]]
        item.isTruncated = true
        conversation[id] = item
        agenda.add(
            .event([
                "type": "conversation.item.truncated", "item_id": .string(id), "content_index": 0,
                "audio_end_ms": .integer(cutMs),
            ]), at: due)
    }

    /// The service leaves out the id of the client event here.
    private mutating func sendTruncateError(_ code: String?, _ message: String) {
        sendError(Refusal(code: code, message: message, param: nil), for: nil)
    }
}
