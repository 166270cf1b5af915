import Foundation
import KioskBench
import Testing

/// A kiosk without its microphone.
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
}
