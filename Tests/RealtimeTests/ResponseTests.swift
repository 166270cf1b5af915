import Foundation
import Testing

@testable import Realtime

@Suite struct ResponseTests {
    private func decode(_ fields: String) throws -> Response {
        let json = #"{"type":"response.done","response":{"id":"resp_1","status":"completed"\#(fields)}}"#
        guard case .responseDone(let response) = try ServerEvent.decode(Array(json.utf8)) else {
            Issue.record("not the end of a response: \(json)")
            return Response(id: "")
        }
        return response
    }

    @Test func nullConversationIsOutOfBandAndAnAbsentOneIsNot() throws {
        #expect(try decode(#","conversation_id":null"#).isOutOfBand)
        #expect(try !decode(#","conversation_id":"conv_1""#).isOutOfBand)
        #expect(try !decode("").isOutOfBand)
    }

    @Test func minimalResponseIsEmptyElsewhere() throws {
        #expect(try decode("") == Response(id: "resp_1", status: .completed))
    }

    @Test func metadataComesBackAndNullIsEmpty() throws {
        #expect(try decode(#","metadata":{"purpose":"p","item":"i"}"#).metadata == ["purpose": "p", "item": "i"])
        #expect(try decode(#","metadata":null"#).metadata == [:])
    }

    @Test(arguments: [
        ("in_progress", Response.Status.inProgress), ("completed", .completed), ("cancelled", .cancelled),
        ("incomplete", .incomplete), ("failed", .failed), ("paused", .other("paused")),
    ])
    func statusIsRead(wireName: String, status: Response.Status) throws {
        let json = #"{"type":"response.created","response":{"id":"r","status":"\#(wireName)"}}"#
        #expect(try ServerEvent.decode(Array(json.utf8)) == .responseCreated(Response(id: "r", status: status)))
    }

    @Test func cancellationTellsItsReasonAndFailureItsError() throws {
        let cancelled = try decode(#","status_details":{"type":"cancelled","reason":"turn_detected"}"#)
        #expect(cancelled.statusReason == "turn_detected")
        #expect(cancelled.error == nil)
        let failed = try decode(
            #","status_details":{"error":{"type":"server_error","code":null,"message":"try again in 2.3s"}}"#)
        #expect(failed.statusReason == nil)
        #expect(failed.error == APIError(type: "server_error", message: "try again in 2.3s"))
    }

    @Test func outputKeepsOrderAndText() throws {
        let response = try decode(
            """
            ,"output":[{"id":"a","type":"message","role":"assistant",
            "content":[{"type":"output_audio","transcript":"One moment."}]},
            {"id":"b","type":"function_call","name":"lookup","call_id":"c","arguments":"{}"}]
            """)
        #expect(response.output.map(\.id) == ["a", "b"])
        #expect(response.output.map(\.text) == ["One moment.", ""])
        #expect(response.output.last?.callID == "c")
    }
}
