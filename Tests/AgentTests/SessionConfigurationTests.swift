import Session
import Testing

@testable import kiosk_agent

@Suite struct SessionConfigurationTests {
    typealias Setting = Settings.MicrophoneWhileSpeaking

    @Test func dictationAsksForNoAnswerAndNoOtherTranscript() throws {
        var settings = Settings()
        settings.realtime.mode = .dictation
        settings.turns.detection = .serverVAD
        let configuration = SessionConfiguration(settings)
        #expect(configuration.isDictation && configuration.outOfBand == .off)
        #expect(configuration.detection == .server(.serverVAD(
            threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500, createResponse: false,
            interruptResponse: false)))
        #expect(try Link.endpoint(settings.realtime).resource == "/v1/realtime?intent=transcription")
        #expect(try Link.endpoint(Settings.Realtime()).resource == "/v1/realtime?model=gpt-realtime-2.1")
    }

    @Test func howTheServerDetectsIsAllTold() throws {
        var settings = Settings()
        settings.turns.detection = .serverVAD
        settings.turns.vadIdleTimeoutMs = 8000
        settings.turns.vadEagerness = .high
        settings.audio.noiseReduction = .far
        #expect(SessionConfiguration(settings).detection == .server(.serverVAD(
            threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500, idleTimeoutMs: 8000)))
        #expect(SessionConfiguration(settings).noiseReduction == .init(.far))
        settings.turns.detection = .semanticVAD
        #expect(SessionConfiguration(settings).detection == .server(.semanticVAD(eagerness: .high)))
        #expect(SessionConfiguration(settings).detection.word == "semantic-vad")
    }

    @Test func inDictationNobodyIsAskedWhetherTheyAreStillThere() {
        var settings = Settings()
        settings.realtime.mode = .dictation
        settings.turns.detection = .serverVAD
        settings.turns.vadIdleTimeoutMs = 8000
        #expect(SessionConfiguration(settings).detection == .server(.serverVAD(
            threshold: 0.5, prefixPaddingMs: 300, silenceDurationMs: 500, createResponse: false,
            interruptResponse: false)))
    }

    @Test(arguments: Setting.allCases)
    func aMicrophoneIsOpenWhileSpeakingUnlessItIsToBeMuted(setting: Setting) {
        var settings = Settings()
        settings.turns.microphoneWhileSpeaking = setting
        let isMuted = SessionConfiguration(settings).microphoneWhileSpeaking == .muted
        #expect(isMuted == (setting == .muted))
    }
}
