import Session
import Testing

@testable import kiosk_agent

@Suite struct SessionConfigurationTests {
    typealias Setting = Settings.MicrophoneWhileSpeaking

    @Test(arguments: Setting.allCases)
    func aMicrophoneIsOpenWhileSpeakingUnlessItIsToBeMuted(setting: Setting) {
        var settings = Settings()
        settings.turns.microphoneWhileSpeaking = setting
        let isMuted = SessionConfiguration(settings).microphoneWhileSpeaking == .muted
        #expect(isMuted == (setting == .muted))
    }
}
