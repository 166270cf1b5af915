import Foundation
import Testing

@testable import realtime_simulator

/// What the simulator sends, held against recorded shapes of GA events.
@Suite struct EventShapeTests {
    private static let vectors: [String: [JSON]] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("RealtimeTests/Vectors/vectors/ga_server_events.jsonl")
        let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n")
        let events = lines.compactMap { JSON(parsing: Array($0.utf8)) }.filter {
            $0.at("session", "type") != "transcription"
        }
        return Dictionary(grouping: events) { $0["type"]?.text ?? "" }
    }()

    /// The paths of all keys of a value, through objects and the first element of arrays.
    private func paths(_ value: JSON, _ prefix: String = "") -> Set<String> {
        if let first = value.elements.first { return paths(first, prefix + "[]") }
        return value.members.reduce(into: []) { result, member in
            result.insert(prefix + "." + member.key)
            result.formUnion(paths(member.value, prefix + "." + member.key))
        }
    }

    /// All that a busy session sends.
    private func everything() throws -> [JSON] {
        var visit = try Visit()
        visit.speak(Shipped.samples("directions") + Sound.silence(ms: 500))
        visit.wait(.seconds(4))
        visit.pushToTalk()
        let user = visit.turn(Shipped.samples("spelled-name"))
        visit.send(["type": "response.create"])
        visit.send([
            "type": "response.create",
            "response": [
                "conversation": "none", "output_modalities": ["text"], "metadata": ["purpose": "p"],
                "input": [["type": "item_reference", "id": .string(user)]],
            ],
        ])
        visit.wait(.milliseconds(700))
        visit.send(["type": "response.cancel"])
        visit.wait(.seconds(3))
        let spoken = visit.events("response.output_audio.delta").last?["item_id"] ?? .null
        visit.send(["type": "conversation.item.truncate", "item_id": spoken, "content_index": 0, "audio_end_ms": 1])
        visit.send(["type": "conversation.item.retrieve", "item_id": .string(user)])
        visit.send(["type": "conversation.item.delete", "item_id": .string(user)])
        visit.send(["type": "input_audio_buffer.clear"])
        visit.send(["type": "input_audio_buffer.commit"])
        visit.wait(.seconds(1))
        var failing = try Visit(faults: "built-in-failed,response-failed,item-created")
        failing.pushToTalk()
        failing.turn(Sound.silence(ms: 200))
        failing.send(["type": "response.create"])
        failing.wait(.seconds(3))
        return visit.events + failing.events
    }

    @Test func everyEventHasTheKeysThatAllRecordedOnesOfItsTypeHave() throws {
        let events = try everything()
        #expect(Set(events.compactMap { $0["type"]?.text }).count >= 28)
        for event in events {
            let type = event["type"]?.text ?? ""
            let recorded = try #require(Self.vectors[type], "no vector for \(type)")
            let common = recorded.map { paths($0) }.reduce(paths(recorded[0])) { $0.intersection($1) }
            let missing = common.subtracting(paths(event))
            // An error without a cause, an empty list: what they have no room for they need not have.
            #expect(missing.filter { !$0.contains("[]") } == [], "\(type)")
        }
    }

    @Test func theFirstEventHasExactlyTheRecordedKeys() throws {
        let recorded = try #require(Self.vectors["session.created"]?.first)
        #expect(try paths(#require(Visit().events.first)) == paths(recorded))
    }

    @Test func everyEventHasAnIdOfItsOwn() throws {
        var visit = try Visit()
        visit.speak(Shipped.samples("directions") + Sound.silence(ms: 500))
        visit.wait(.seconds(4))
        let ids = visit.events.compactMap { $0["event_id"]?.text }
        #expect(ids.count == visit.events.count)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.hasPrefix("event_") && $0.count == 27 })
    }
}
