import Foundation
import Testing

@testable import Realtime

@Suite struct UsageTests {
    private func responseUsage(_ usage: String) throws -> Usage? {
        let json = #"{"type":"response.done","response":{"id":"r","status":"completed","usage":\#(usage)}}"#
        guard case .responseDone(let response) = try ServerEvent.decode(Array(json.utf8)) else { return nil }
        return response.usage
    }

    private func transcription(_ usage: String) throws -> ServerEvent {
        let json = """
            {"type":"conversation.item.input_audio_transcription.completed","item_id":"i","content_index":0,
            "transcript":"hi","usage":\(usage)}
            """
        return try ServerEvent.decode(Array(json.utf8))
    }

    private func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }

    private static let full = Usage(
        totalTokens: 513, inputTokens: 438, outputTokens: 75,
        inputDetails: .init(
            textTokens: 412, audioTokens: 26, imageTokens: 0, cachedTokens: 384,
            cachedDetails: .init(textTokens: 384, audioTokens: 0, imageTokens: 0)),
        outputDetails: .init(textTokens: 14, audioTokens: 61))

    @Test func usageOfTheFactSheetIsReadWhole() throws {
        let usage = try responseUsage(
            """
            {"total_tokens":513,"input_tokens":438,"output_tokens":75,
             "input_token_details":{"text_tokens":412,"audio_tokens":26,"image_tokens":0,"cached_tokens":384,
               "cached_tokens_details":{"text_tokens":384,"audio_tokens":0,"image_tokens":0}},
             "output_token_details":{"text_tokens":14,"audio_tokens":61}}
            """)
        #expect(usage == Self.full)
    }

    @Test func usageSurvivesWritingAndReading() throws {
        #expect(try roundTrip(Self.full) == Self.full)
        #expect(try roundTrip(Usage(inputTokens: 1)) == Usage(inputTokens: 1))
    }

    @Test func usageIsWrittenWithTheServersKeys() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let usage = Usage(outputTokens: 2, inputDetails: .init(cachedDetails: .init(audioTokens: 3)))
        let json = String(decoding: try encoder.encode(usage), as: UTF8.self)
        #expect(
            json == #"{"input_token_details":{"cached_tokens_details":{"audio_tokens":3}},"output_tokens":2}"#)
    }

    @Test(arguments: [
        ("-7", 0), ("12.9", 12), ("1e300", 1 << 48), ("\"12\"", nil), ("null", nil), ("1e400", nil), ("[]", nil),
    ] as [(String, Int?)])
    func strangeTokenCountsAreCutOrLeftOut(written: String, read: Int?) throws {
        #expect(try responseUsage(#"{"input_tokens":\#(written)}"#) == Usage(inputTokens: read))
    }

    @Test(arguments: ["null", "\"none\"", "[]", "3"])
    func responseWithUnusableUsageStillEnds(usage: String) throws {
        #expect(try responseUsage(usage) == nil)
    }

    @Test func betaUsageWithoutDetailsOfCachedTokensIsRead() throws {
        let usage = try responseUsage(#"{"input_tokens":10,"input_token_details":{"cached_tokens":4}}"#)
        #expect(usage == Usage(inputTokens: 10, inputDetails: .init(cachedTokens: 4)))
    }

    @Test func transcriptionIsCountedInTokensOrSeconds() throws {
        let tokens = TranscriptionUsage.tokens(
            Usage(
                totalTokens: 31, inputTokens: 26, outputTokens: 5,
                inputDetails: .init(textTokens: 0, audioTokens: 26)))
        let json = """
            {"type":"tokens","total_tokens":31,"input_tokens":26,"output_tokens":5,
            "input_token_details":{"text_tokens":0,"audio_tokens":26}}
            """
        #expect(
            try transcription(json)
                == .builtInTranscriptCompleted("i", contentIndex: 0, transcript: "hi", usage: tokens))
        #expect(
            try transcription(#"{"type":"duration","seconds":2.6}"#)
                == .builtInTranscriptCompleted(
                    "i", contentIndex: 0, transcript: "hi", usage: .duration(seconds: 2.6)))
        #expect(try roundTrip(tokens) == tokens)
        #expect(try roundTrip(TranscriptionUsage.duration(seconds: 2.6)) == .duration(seconds: 2.6))
    }

    @Test(arguments: ["null", #"{"type":"words","words":3}"#, #"{"seconds":1}"#, #"{"type":"duration"}"#, "7"])
    func transcriptWithUnusableUsageIsKept(usage: String) throws {
        #expect(
            try transcription(usage)
                == .builtInTranscriptCompleted("i", contentIndex: 0, transcript: "hi", usage: nil))
    }

    @Test func twoResponsesAreAddedMemberByMemberAndWhatNeitherSaysStaysUnknown() {
        let first = Usage(
            totalTokens: 10, inputTokens: 7, outputTokens: 3,
            inputDetails: Usage.InputDetails(
                textTokens: 4, audioTokens: 3, cachedTokens: 2,
                cachedDetails: Usage.CachedDetails(textTokens: 2, audioTokens: 0)),
            outputDetails: Usage.OutputDetails(textTokens: 1, audioTokens: 2))
        let second = Usage(
            totalTokens: 100, inputTokens: .max,
            inputDetails: Usage.InputDetails(
                textTokens: 40, imageTokens: 5, cachedDetails: Usage.CachedDetails(textTokens: 20)))
        let sum = first + second
        #expect(sum.totalTokens == 110)
        #expect(sum.inputTokens == .max)
        #expect(sum.outputTokens == 3)
        #expect(sum.inputDetails == Usage.InputDetails(
            textTokens: 44, audioTokens: 3, imageTokens: 5, cachedTokens: 2,
            cachedDetails: Usage.CachedDetails(textTokens: 22, audioTokens: 0)))
        #expect(sum.outputDetails == first.outputDetails)
        #expect((Usage() + Usage()) == Usage())
    }
}
