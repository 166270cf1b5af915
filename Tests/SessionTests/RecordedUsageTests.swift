import Foundation
import Realtime
import Testing

@testable import Session

/// Every class of usage object that was recorded, priced by hand, in millionths of a dollar.
@Suite struct RecordedUsageTests {
    /// gpt-realtime: text 4, cached 0.4, out 16; audio 32, cached 0.4, out 64 USD a million.
    private static let responses: [(json: String, millionths: Double)] = [
        // Cached text, audio in and out: 28 x 4 + 384 x 0.4 + 26 x 32 + 14 x 16 + 61 x 64.
        (#"{"input_tokens":438,"output_tokens":75,"input_token_details":{"text_tokens":412,"audio_tokens":26,"#
            + #""image_tokens":0,"cached_tokens":384,"cached_tokens_details":{"text_tokens":384,"audio_tokens":0,"#
            + #""image_tokens":0}},"output_token_details":{"text_tokens":14,"audio_tokens":61}}"#, 5225.6),
        // 38 x 4 + 1792 x 0.4 + 95 x 32 + 6 x 16.
        (warm(text: 1830, audio: 95, cachedText: 1792, textOut: 6, audioOut: 0), 4004.8),
        // 17 x 4 + 1792 x 0.4 + 16.
        (warm(text: 1809, audio: 0, cachedText: 1792, textOut: 1, audioOut: 0), 800.8),
        // Nothing cached: 1809 x 4 + 16.
        (warm(text: 1809, audio: 0, cachedText: 0, textOut: 1, audioOut: 0), 7252),
        // 430 x 4 + 70 x 32 + 9 x 16 + 38 x 64.
        (warm(text: 430, audio: 70, cachedText: 0, textOut: 9, audioOut: 38), 6536),
        // Cancelled before its first word.
        (warm(text: 430, audio: 70, cachedText: 0, textOut: 0, audioOut: 0), 3960),
        // Cut off: + 20 x 16 + 44 x 64.
        (warm(text: 430, audio: 70, cachedText: 0, textOut: 20, audioOut: 44), 7096),
        // Failed.
        (warm(text: 0, audio: 0, cachedText: 0, textOut: 0, audioOut: 0), 0),
        // 52 x 4 + 448 x 0.4 + 60 x 32 + 31 x 16 + 18 x 64.
        (warm(text: 500, audio: 60, cachedText: 448, textOut: 31, audioOut: 18), 3955.2),
        // Beta, only the total of what was cached: 54 x 4 + 64 x 0.4 + 12 x 32 + 9 x 16 + 14 x 64.
        (#"{"input_tokens":130,"output_tokens":23,"input_token_details":{"cached_tokens":64,"text_tokens":118,"#
            + #""audio_tokens":12},"output_token_details":{"text_tokens":9,"audio_tokens":14}}"#, 1665.6),
        // Cached audio: 100 x 4 + 36 x 32 + 64 x 0.4.
        (#"{"input_token_details":{"text_tokens":100,"audio_tokens":100,"cached_tokens":64,"#
            + #""cached_tokens_details":{"audio_tokens":64}}}"#, 1577.6),
        // No details: text, 1000 x 4 + 100 x 16.
        (#"{"total_tokens":1100,"input_tokens":1000,"output_tokens":100}"#, 5600),
        // Images: 10 x 4 + 600 x 5 + 400 x 0.5.
        (#"{"input_token_details":{"text_tokens":10,"image_tokens":1000,"#
            + #""cached_tokens_details":{"image_tokens":400}}}"#, 3240),
    ]

    /// gpt-4o-transcribe: audio 6, text 2.5, out 10 USD a million; 0.006 USD a minute.
    private static let transcripts: [(json: String, millionths: Double)] = [
        (tokens(text: 0, audio: 26, out: 5), 206),
        (tokens(text: 0, audio: 11, out: 1), 76),
        (tokens(text: 3, audio: 4, out: 2), 51.5),
        (tokens(text: 0, audio: 12, out: 2), 92),
        // No details: audio.
        (#"{"type":"tokens","input_tokens":100,"output_tokens":10}"#, 700),
        (#"{"type":"duration","seconds":2.6}"#, 260),
        (#"{"type":"duration","seconds":1.9}"#, 190),
        (#"{"type":"duration","seconds":1.2}"#, 120),
    ]

    private static func warm(text: Int, audio: Int, cachedText: Int, textOut: Int, audioOut: Int) -> String {
        #"{"input_tokens":\#(text + audio),"output_tokens":\#(textOut + audioOut),"input_token_details":"#
            + #"{"text_tokens":\#(text),"audio_tokens":\#(audio),"image_tokens":0,"cached_tokens":\#(cachedText),"#
            + #""cached_tokens_details":{"text_tokens":\#(cachedText),"audio_tokens":0,"image_tokens":0}},"#
            + #""output_token_details":{"text_tokens":\#(textOut),"audio_tokens":\#(audioOut)}}"#
    }

    private static func tokens(text: Int, audio: Int, out: Int) -> String {
        #"{"type":"tokens","total_tokens":\#(text + audio + out),"input_tokens":\#(text + audio),"#
            + #""input_token_details":{"text_tokens":\#(text),"audio_tokens":\#(audio)},"output_tokens":\#(out)}"#
    }

    private static func decode<Object: Decodable>(_ json: String) throws -> Object {
        try JSONDecoder().decode(Object.self, from: Data(json.utf8))
    }

    @Test(arguments: responses.indices)
    func aResponseCostsWhatItCostsByHand(index: Int) throws {
        let (json, millionths) = Self.responses[index]
        let usage: Usage = try Self.decode(json)
        let cost = try #require(try PriceTable.builtIn.get().cost(of: usage, model: "gpt-realtime"))
        #expect(abs(cost * 1e6 - millionths) < 0.001, "\(cost)")
    }

    @Test(arguments: transcripts.indices)
    func aBuiltInTranscriptCostsWhatItCostsByHand(index: Int) throws {
        let (json, millionths) = Self.transcripts[index]
        let usage: TranscriptionUsage = try Self.decode(json)
        let cost = try #require(try PriceTable.builtIn.get().cost(of: usage, model: "gpt-4o-transcribe"))
        #expect(abs(cost * 1e6 - millionths) < 0.001, "\(cost)")
    }

    @Test func everyUsageObjectThatWasRecordedIsInTheTable() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("RealtimeTests/Vectors/vectors")
        let responses = try Self.responses.map { try Self.decode($0.json) as Usage }
        let transcripts = try Self.transcripts.map { try Self.decode($0.json) as TranscriptionUsage }
        var count = 0
        for name in ["ga_server_events.jsonl", "beta_server_events.jsonl"] {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for line in text.split(separator: "\n") {
                switch try ServerEvent.decode(Array(line.utf8)) {
                case .responseDone(let response):
                    guard var usage = response.usage else { continue }
                    usage.totalTokens = nil
                    #expect(responses.contains(usage), "\(line)")
                    count += 1
                case .builtInTranscriptCompleted(_, _, _, let usage?):
                    #expect(transcripts.contains(usage), "\(line)")
                    count += 1
                default: break
                }
            }
        }
        #expect(count >= 18, "usage objects: \(count)")
    }

    @Test func whatWasCountedAddsUpToTheCost() throws {
        let prices = try PriceTable.builtIn.get()
        let usage: Usage = try Self.decode(Self.responses[0].json)
        let detail = try #require(prices.detail(of: usage, model: "gpt-realtime"))
        let wanted: [(CostDetail.Kind, Double)] = [
            (.textIn, 112), (.textCached, 153.6), (.textOut, 224), (.audioIn, 832), (.audioOut, 3904),
            (.audioCached, 0), (.imageIn, 0), (.imageCached, 0), (.audioMinutes, 0),
        ]
        for (kind, millionths) in wanted { #expect(abs(detail[kind] * 1e6 - millionths) < 0.001, "\(kind)") }
        let minutes = prices.detail(of: .duration(seconds: 90), model: "whisper-1")
        #expect(minutes.map { abs($0[.audioMinutes] - 0.009) < 1e-9 } == true)
    }
}
