import Foundation
import Testing

@testable import Realtime

/// Events of the vectors, made with our types: what is written must be the same JSON.
@Suite struct ClientVectorTests {
    private func vector(_ eventID: String) throws -> NSDictionary {
        for line in try Vectors.lines("ga_client_events.jsonl") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary
            if let object, object["event_id"] as? String == eventID { return object }
        }
        throw CocoaError(.fileReadNoSuchFile)
    }

    private func expectVector(_ eventID: String, _ body: ClientEvent.Body) throws {
        let json = ClientEvent(body, eventID: eventID).encoded()
        let written = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
        #expect(try written == vector(eventID), "\(json)")
    }

    @Test func fullSessionUpdate() throws {
        var update = SessionUpdate()
        update.model = "gpt-realtime"
        update.outputModalities = [.audio]
        update.instructions = "Be brief."
        update.maxOutputTokens = .unlimited
        update.toolChoice = .automatic
        let parameters: JSONValue = .object(["type": .string("object"), "properties": .object([:])])
        update.tools = [.function(name: "lookup", description: "d", parameters: parameters)]
        update.truncation = .retentionRatio(0.8, postInstructions: 8000)
        update.include = .value([.transcriptionLogprobs])
        update.tracing = .value(.automatic)
        update.inputFormat = .pcm24k
        update.noiseReduction = .value(.init(.near))
        update.transcription = .value(.init(model: "gpt-4o-transcribe", language: "en", prompt: "names: Ada"))
        update.turnDetection = .value(
            .serverVAD(threshold: 0.6, prefixPaddingMs: 300, silenceDurationMs: 800, idleTimeoutMs: 6000))
        update.outputFormat = .pcm24k
        update.voice = "marin"
        update.speed = 1.1
        try expectVector("cli_001", .sessionUpdate(update))
    }

    @Test func sessionUpdateThatSwitchesOff() throws {
        var update = SessionUpdate()
        update.turnDetection = .null
        update.noiseReduction = .null
        update.transcription = .null
        try expectVector("cli_002", .sessionUpdate(update))
    }

    @Test func sessionUpdateWithTheRarerForms() throws {
        var update = SessionUpdate()
        update.inputFormat = .muLaw
        update.turnDetection = .value(.semanticVAD(createResponse: false, interruptResponse: false))
        update.outputFormat = .aLaw
        update.voice = .custom(id: "voice_demo")
        update.prompt = .value(StoredPrompt(id: "pmpt_demo", version: "3", variables: ["city": "Paris"]))
        update.truncation = .disabled
        update.maxOutputTokens = .tokens(1024)
        update.toolChoice = .function(name: "lookup")
        update.tracing = .value(.named(workflow: "w", group: "g"))
        try expectVector("cli_003", .sessionUpdate(update))
    }

    @Test func createdItems() throws {
        try expectVector("cli_008", .createItem(NewItem(.user([.text("hello")])), previous: nil))
        try expectVector(
            "cli_009", .createItem(NewItem(.system("Summary of the earlier talk."), id: "hist_001"), previous: .root))
        try expectVector(
            "cli_012",
            .createItem(
                NewItem(.user([.image(dataURI: "data:image/png;base64,iVBORw0KGgo=", detail: .low)])), previous: nil))
        let call = "call_Demo000000000001"
        try expectVector(
            "cli_013",
            .createItem(NewItem(.functionCall(callID: call, name: "lookup", arguments: "{}")), previous: nil))
        try expectVector(
            "cli_014", .createItem(NewItem(.functionCallOutput(callID: call, output: #"{"ok":true}"#)), previous: nil))
    }

    @Test func itemRequests() throws {
        try expectVector("cli_016", .retrieveItem("item_User10000000000000000"))
        try expectVector("cli_017", .truncateItem("item_Asst10000000000000000", contentIndex: 0, audioEndMs: 1480))
        try expectVector("cli_018", .deleteItem("item_User10000000000000000"))
    }

    @Test func responseRequests() throws {
        var answer = ResponseRequest()
        answer.instructions = "Say good bye."
        answer.outputModalities = [.audio]
        answer.voice = "marin"
        answer.outputFormat = .pcm24k
        answer.maxOutputTokens = .tokens(200)
        answer.metadata = ["turn": "3"]
        try expectVector("cli_019", .createResponse(answer))

        var summary = ResponseRequest()
        summary.conversation = .none
        summary.outputModalities = [.text]
        summary.metadata = ["topic": "summary"]
        summary.tools = []
        summary.toolChoice = .never
        summary.input = [.reference("item_User10000000000000000"), .new(NewItem(.user([.text("Summarise.")])))]
        try expectVector("cli_022", .createResponse(summary))

        try expectVector("cli_024", .cancelResponse("resp_Oob100000000000000000"))
    }
}
