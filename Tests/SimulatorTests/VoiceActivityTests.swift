import Testing

@testable import realtime_simulator

@Suite struct VoiceActivityTests {
    private func changes(_ samples: [Int16], _ settings: VoiceActivity.Settings = .init()) -> [VoiceActivity.Change] {
        var activity = VoiceActivity(settings: settings, positionMs: 0)
        return activity.feed(samples)
    }

    private let speech = Sound.silence(ms: 1_000) + Sound.tone(ms: 800, amplitude: 6_000) + Sound.silence(ms: 1_000)

    @Test func startCountsThePaddingAndEndCountsTheSilence() {
        #expect(changes(speech) == [.started(startMs: 700), .stopped(endMs: 2_000)])
        #expect(
            changes(speech, .init(threshold: 0.6, prefixPaddingMs: 100, silenceMs: 800))
                == [.started(startMs: 900), .stopped(endMs: 2_600)])
    }

    @Test func startIsNotBeforeTheSession() {
        #expect(changes(Sound.tone(ms: 500, amplitude: 6_000)) == [.started(startMs: 0)])
    }

    @Test func aPauseShorterThanTheSilenceDoesNotEndTheTurn() {
        let samples =
            Sound.tone(ms: 400, amplitude: 6_000) + Sound.silence(ms: 190) + Sound.tone(ms: 400, amplitude: 6_000)
            + Sound.silence(ms: 300)
        #expect(changes(samples) == [.started(startMs: 0), .stopped(endMs: 1_190)])
    }

    @Test func aClickIsNoSpeech() {
        #expect(changes(Sound.silence(ms: 500) + Sound.tone(ms: 20, amplitude: 20_000) + Sound.silence(ms: 500)) == [])
    }

    @Test func theThresholdIsALevel() {
        // A sine of amplitude 655 has -37 dB, one of 200 has -47.
        #expect(changes(Sound.tone(ms: 500, amplitude: 655)) != [])
        #expect(changes(Sound.tone(ms: 500, amplitude: 200)) == [])
        #expect(changes(Sound.tone(ms: 500, amplitude: 200), .init(threshold: 0.2)) != [])
        #expect(changes(Sound.tone(ms: 500, amplitude: 655), .init(threshold: 0.9)) == [])
    }

    @Test func theSizeOfTheAppendsDoesNotMatter() {
        var activity = VoiceActivity(settings: .init(), positionMs: 0)
        var found: [VoiceActivity.Change] = []
        for start in stride(from: 0, to: speech.count, by: 1_001) {
            found += activity.feed(Array(speech[start..<min(start + 1_001, speech.count)]))
        }
        #expect(found == changes(speech))
    }

    // MARK: In a session

    @Test func aSpokenTurnIsCommittedAndAnsweredByItself() throws {
        var visit = try Visit()
        visit.speak(Sound.silence(ms: 1_000) + Shipped.samples("opening-hours") + Sound.silence(ms: 1_000))
        let started = visit.events("input_audio_buffer.speech_started")[0]
        let stopped = visit.events("input_audio_buffer.speech_stopped")[0]
        let committed = visit.events("input_audio_buffer.committed")[0]
        #expect(started["item_id"] == committed["item_id"])
        #expect(stopped["item_id"] == committed["item_id"])
        #expect(started["audio_start_ms"] == 700)
        let endMs = try #require(stopped["audio_end_ms"]?.integer)
        #expect(abs(endMs - (1_000 + Shipped.samples("opening-hours").count / 24 + 200)) <= 30)
        #expect(
            visit.types[1...5] == [
                "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
                "input_audio_buffer.committed",
                "conversation.item.added", "conversation.item.done",
            ])
        #expect(visit.types.contains("response.created"))
        #expect(
            visit.console.contains {
                $0.contains("\"opening-hours\"") && $0.contains("head_missing_ms=0 tail_missing_ms=0")
            })
    }

    @Test func everyUtteranceIsOneTurnWithTheSessionsOwnDefaults() throws {
        for utterance in Shipped.library.utterances {
            var visit = try Visit()
            visit.append(Sound.silence(ms: 400) + utterance.speech.samples + Sound.silence(ms: 400))
            #expect(visit.reports("heard").map { $0["name"] } == [.string(utterance.name)])
            #expect(visit.reports("heard").map { $0["head_missing_ms"] } == [0])
            #expect(visit.reports("heard").map { $0["tail_missing_ms"] } == [0])
        }
    }

    @Test func theTimeBaseCountsAudioAndNotTheClock() throws {
        var visit = try Visit()
        let turn = Sound.silence(ms: 500) + Sound.tone(ms: 500, amplitude: 6_000) + Sound.silence(ms: 500)
        visit.append(turn)
        visit.wait(.seconds(100))
        visit.send(["type": "input_audio_buffer.clear"])
        visit.append(turn)
        #expect(visit.events("input_audio_buffer.speech_started").map { $0["audio_start_ms"] } == [200, 1_700])
        #expect(visit.events("input_audio_buffer.speech_stopped").map { $0["audio_end_ms"] } == [1_200, 2_700])
    }

    @Test func withoutCreateResponseNothingIsAnswered() throws {
        var visit = try Visit()
        visit.update(["audio": ["input": ["turn_detection": ["type": "server_vad", "create_response": false]]]])
        visit.append(Shipped.samples("directions") + Sound.silence(ms: 400))
        visit.wait(.seconds(5))
        #expect(visit.types.contains("input_audio_buffer.committed"))
        #expect(!visit.types.contains("response.created"))
    }

    @Test func speechCancelsTheRunningAnswerWhenItMay() throws {
        for (interrupts, status) in [(true, "cancelled"), (false, "completed")] {
            var visit = try Visit { $0.timing.pace = .factor(1) }
            visit.update([
                "audio": [
                    "input": [
                        "turn_detection": [
                            "type": "server_vad", "interrupt_response": .boolean(interrupts),
                        ]
                    ]
                ]
            ])
            visit.append(Shipped.samples("directions") + Sound.silence(ms: 400))
            visit.wait(.milliseconds(1_200))
            visit.append(Sound.tone(ms: 100, amplitude: 6_000))
            visit.wait(.seconds(6))
            let done = visit.events("response.done")[0]["response"]
            #expect(done?["status"] == .string(status))
            #expect(
                done?["status_details"] == (interrupts ? ["type": "cancelled", "reason": "turn_detected"] : .null))
        }
    }

    @Test(arguments: [("high", 2_000), ("auto", 4_000)])
    func semanticDetectionWaitsAsItsEagernessAllows(_ eagerness: String, _ silenceMs: Int) throws {
        var visit = try Visit()
        visit.update([
            "audio": ["input": ["turn_detection": ["type": "semantic_vad", "eagerness": .string(eagerness)]]]
        ])
        visit.append(Sound.tone(ms: 500, amplitude: 6_000) + Sound.silence(ms: 4_100))
        #expect(visit.events("input_audio_buffer.speech_stopped").first?["audio_end_ms"] == .integer(500 + silenceMs))
    }

    @Test func aCommitJustAfterTheServersOwnIsEmpty() throws {
        var visit = try Visit()
        visit.append(Sound.tone(ms: 500, amplitude: 6_000) + Sound.silence(ms: 220))
        visit.send(["type": "input_audio_buffer.commit"])
        #expect(visit.errors.map { $0["code"] } == ["input_audio_buffer_commit_empty"])
    }
}
