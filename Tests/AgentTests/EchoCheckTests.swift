import Testing

@testable import Audio
@testable import kiosk_agent

@Suite struct EchoCheckTests {
    private func check(_ change: (inout Settings) -> Void = { _ in }) -> EchoCheck {
        var settings = Settings()
        settings.turns.detection = .serverVAD
        change(&settings)
        return EchoCheck(settings: settings)
    }

    private func measurement(_ verdict: EchoMeasurement.Verdict) -> EchoMeasurement {
        let isHeard = verdict != .noEcho && verdict != .notPlayed
        return EchoMeasurement(
            noiseLevel: -61.25, echoLevel: isHeard ? -6.04 : -.infinity, cancellation: 31.36,
            timing: isHeard ? .init(delayMs: 4.17, roundTripMs: 61.5, driftPpm: -12.34) : nil, verdict: verdict)
    }

    @Test func whatWasMeasuredIsALineEach() {
        let check = check { $0.turns.microphoneWhileSpeaking = .echoCancelled }
        let lines = check.findings(measurement(.works)).map(\.line)
        #expect(lines == [
            "ok    echo      -6.0 dB against what is played; the room's noise is at -61.3 dBFS\n",
            "ok    delay     4.2 ms by the cards' clocks; 61.5 ms through both cards and their buffers\n",
            "ok    drift     the microphone's clock is -12.3 ppm off the loudspeaker's\n",
            "ok    canceller takes off 31.4 dB, down to the noise at most\n",
            "ok    advice    turns.microphone_while_speaking = \"echo-cancelled\": "
                + "the canceller copes with this echo\n",
        ])
    }

    @Test func withoutAnEchoThereIsNothingElseToSay() {
        let lines = check().findings(measurement(.noEcho)).map(\.line)
        #expect(lines.count == 2)
        #expect(lines[0] == "ok    echo      none; the room's noise is at -61.3 dBFS\n")
        #expect(lines[1].hasPrefix("ok    advice    turns.microphone_while_speaking = \"muted\": no echo is heard: "))
    }

    /// Muted is safe in any room, and what is set has no effect with a button.
    @Test(arguments: [
        (EchoMeasurement.Verdict.works, Settings.MicrophoneWhileSpeaking.echoCancelled, true),
        (.works, .muted, true), (.works, .open, false),
        (.noEcho, .echoCancelled, false), (.noEcho, .muted, true), (.noEcho, .open, true),
        (.clipped(share: 0.02), .echoCancelled, false), (.clipped(share: 0.02), .muted, true),
        (.outsideOfTail, .echoCancelled, false), (.tooLittle, .echoCancelled, false), (.tooLittle, .open, false),
        (.notPlayed, .muted, false), (.interrupted(times: 2), .muted, false),
    ])
    func settingsThatTheRoomForbidsFail(
        verdict: EchoMeasurement.Verdict, setting: Settings.MicrophoneWhileSpeaking, isGood: Bool
    ) {
        let measurement = measurement(verdict)
        #expect(check { $0.turns.microphoneWhileSpeaking = setting }.findings(measurement).last?.isGood == isGood)
        let withButton = check {
            $0.turns.microphoneWhileSpeaking = setting
            $0.turns.detection = .pushToTalk
        }
        let isMeasured = verdict != .notPlayed && verdict != .interrupted(times: 2)
        #expect(withButton.findings(measurement).last?.isGood == isMeasured)
    }

    @Test func aFileHasNoEcho() {
        let words = "not measured: wav:/tmp/a.wav: a file has no echo"
        #expect(check { $0.audio.capture = "wav:/tmp/a.wav" }.findings() == [.good("echo", words)])
        #expect(check { $0.audio.playback = "wav:/tmp/a.wav" }.findings() == [.good("echo", words)])
    }

    @Test func aCardThatCannotBeOpenedFails() {
        let findings = check { $0.audio.capture = "no-such-card" }.findings()
        #expect(findings.map(\.name) == ["echo"])
        #expect(findings.first?.line.hasPrefix("FAIL  echo      no-such-card: open: ") == true)
    }
}
