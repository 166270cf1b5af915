// Function calls: a response that calls the session's first tool in place of speaking.
extension SimulatedSession {
    /// What the response calls; empty when it is to speak.
    mutating func toolCalls(_ request: ResponseRequest, context: [Item]) -> [Response.Part] {
        let isAsked = hits(.toolCall) || hits(.toolCallLoop) || hits(.toolBadArguments) || hits(.toolUnknown)
            || hits(.callAfterAudio)
        let choice = request.toolChoice ?? session.value["tool_choice"]
        guard isAsked, !request.isOutOfBand, choice != "none", let tool = session.value["tools"]?.elements.first else {
            return []
        }
        let turn = context.lastIndex { $0.isUser } ?? 0
        let isAnswered = context[turn...].contains { $0.value["type"] == "function_call_output" }
        guard !isAnswered || hits(.toolCallLoop) else { return [] }
        let name = hits(.toolUnknown) ? "no_such_tool" : tool["name"]?.text ?? ""
        let call: JSON = [
            "call_id": .string("call_" + random.characters(16)), "name": .string(name),
            "arguments": hits(.toolBadArguments) ? "{\"day\":" : "{}",
        ]
        return [Response.Part(itemID: random.identifier("item"), text: "", samples: [], call: call)]
    }

    mutating func beginCall(_ id: Response.ID, part index: Int) {
        guard let response = responses[id] else { return }
        let part = response.parts[index]
        let value = response.item(of: part, status: "in_progress")
        send([
            "type": "response.output_item.added", "response_id": .string(id), "output_index": .integer(index),
            "item": value,
        ])
        conversation.append(Item(id: part.itemID, value: value))
        sendItemAdded(part.itemID)
    }

    mutating func endCall(_ id: Response.ID, part index: Int, status: String) {
        guard let call = responses[id]?.parts[index].call else { return }
        responses[id]?.parts[index].isEnded = true
        responses[id]?.parts[index].sentText = call["arguments"]?.text ?? ""
        guard let response = responses[id] else { return }
        let part = response.parts[index]
        let place: JSON = [
            "response_id": .string(id), "item_id": .string(part.itemID), "output_index": .integer(index),
            "call_id": call["call_id"] ?? .null,
        ]
        let arguments = call["arguments"] ?? ""
        let delta: JSON = ["type": "response.function_call_arguments.delta"]
        send(delta.merging(place).merging(["delta": arguments, "obfuscation": "x"]))
        let done: JSON = ["type": "response.function_call_arguments.done"]
        send(done.merging(place).merging(["name": call["name"] ?? .null, "arguments": arguments]))
        let value = response.item(of: part, status: status)
        conversation[part.itemID]?.value = value
        sendItemDone(part.itemID)
        send([
            "type": "response.output_item.done", "response_id": .string(id), "output_index": .integer(index),
            "item": value,
        ])
        report("call", ["name": call["name"] ?? .null, "turn": .integer(response.turn)])
    }
}
