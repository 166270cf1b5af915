import Foundation
import KioskBench
import Testing

/// A kiosk without its microphone, or without its button.
@Suite(.serialized)
struct MissingDeviceTests {
    @Test(.timeLimit(.minutes(1))) func aPressWithoutAMicrophoneIsAnsweredWithALineAndBeginsNoTurn() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(capture: "hw:Nope", playback: "wav:heard.wav")
        try await bench.startKiosk()
        try await bench.button("hold", "400")
        #expect(try await bench.stopKiosk() == 0)
        let words = "hw:Nope: open: No such device; it is looked for every second, after 30 s every 5 s"
        #expect(bench.kiosk.errors == "[fault] audio: \(words)\n")
        let line = "[kiosk] audio: the button is pressed, but there is no microphone: nothing is recorded"
        #expect(bench.kiosk.lines.filter { $0 == line }.count == 1)
        #expect(!bench.kiosk.output.contains("speech detected"))
        let journal = try JournalFile(directory: bench.journalFolder)
        #expect(journal.turns.isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func aChipThatIsMissingIsSaidOnceAndTheKioskServes() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 500), settings: "[gpio]\nchip = \"/dev/no-chip\"\nbutton = \"4\"")
        try await bench.startKiosk()
        try await bench.microphoneReaches(ms: 2500)
        try await bench.button("hold", "300")
        #expect(try await bench.settledTurns(1).count == 1)
        #expect(try await bench.stopKiosk() == 0)
        let words = "/dev/no-chip: no such GPIO chip; it is looked for every second, after 30 s every 5 s"
        #expect(bench.kiosk.errors == "[fault] button: \(words)\n")
    }

    @Test(.timeLimit(.minutes(1))) func whatIsNoChipEndsTheStart() async throws {
        let bench = try Bench()
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 500), settings: "[gpio]\nchip = \"/dev/null\"\nbutton = \"4\"")
        try await bench.startKiosk(until: nil)
        #expect(try await bench.kiosk.exitStatus() == 1)
        #expect(bench.kiosk.errors == "[fault] start: /dev/null: not a GPIO chip\n")
    }
}
