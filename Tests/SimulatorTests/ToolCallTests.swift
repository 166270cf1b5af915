import Testing

@testable import realtime_simulator

@Suite struct ToolCallTests {
    private static let tools: JSON = [["type": "function", "name": "hours", "parameters": ["type": "object"]]]

    private func asked(_ faults: String) throws -> Visit {
        var visit = try Visit(faults: faults)
        visit.pushToTalk()
        visit.update(["tools": Self.tools])
        visit.turn(Shipped.samples("opening-hours"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(5))
        return visit
    }

    private func answer(_ visit: inout Visit, choice: JSON = "auto") {
        let id = visit.events("response.function_call_arguments.done").last?["call_id"] ?? .null
        visit.send([
            "type": "conversation.item.create",
            "item": ["type": "function_call_output", "call_id": id, "output": "9 to 5"],
        ])
        visit.send(["type": "response.create", "response": ["tool_choice": choice]])
        visit.wait(.seconds(8))
    }

    @Test func aCallComesInTheOrderThatCanBeReliedOnAndTheAnswerAfterItsOutput() throws {
        var visit = try asked("tool-call")
        let from = try #require(visit.types.firstIndex(of: "response.created"))
        #expect(visit.types[from...].filter { !$0.contains("transcription") && $0 != "rate_limits.updated" } == [
            "response.created", "response.output_item.added", "conversation.item.added",
            "response.function_call_arguments.delta", "response.function_call_arguments.done",
            "conversation.item.done", "response.output_item.done", "response.done",
        ])
        let item = visit.events("response.done").last?.at("response", "output")?.elements.first
        #expect(item?["type"] == "function_call")
        #expect(item?["name"] == "hours")
        #expect(item?["arguments"] == "{}")
        #expect(item?["status"] == "completed")
        answer(&visit)
        #expect(visit.errors == [])
        #expect(visit.reports("tool_output").map { $0["output"] } == ["9 to 5"])
        #expect(visit.events("response.output_audio.done").count == 1)
    }

    @Test func aLoopEndsWhereNoCallIsAllowed() throws {
        var visit = try asked("tool-call-loop")
        for _ in 0..<3 { answer(&visit) }
        #expect(visit.reports("call").count == 4)
        answer(&visit, choice: "none")
        #expect(visit.reports("call").count == 4)
        #expect(visit.events("response.output_audio.done").count == 1)
    }

    @Test(arguments: [("tool-bad-arguments", "hours", "{\"day\":"), ("tool-unknown", "no_such_tool", "{}")])
    func wrongCallsAreMadeOnRequest(fault: String, name: String, arguments: String) throws {
        let call = try asked(fault).events("response.function_call_arguments.done").first
        #expect(call?["name"]?.text == name)
        #expect(call?["arguments"]?.text == arguments)
    }

    @Test func aSessionWithoutToolsIsAnsweredAsEver() throws {
        var visit = try Visit(faults: "tool-call")
        visit.pushToTalk()
        visit.turn(Shipped.samples("opening-hours"))
        visit.send(["type": "response.create"])
        visit.wait(.seconds(5))
        #expect(visit.events("response.output_audio.done").count == 1)
    }
}
