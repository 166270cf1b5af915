import Foundation
import KioskBench
import Testing

/// The kiosk's sound card is pulled and put back while it runs.
@Suite(.serialized)
struct LossTests {
    private static let driver = "/sys/bus/platform/drivers/snd_aloop/"
    private static let card = "hw:Spare,0,6"

    @Test(.timeLimit(.minutes(2))) func aPulledCardIsSaidTheLightFlashesAndItIsUsedAgainWhenPutBack() async throws {
        try Loopback.check()
        let bench = try Bench()
        let chip = try SimulatedChip(lines: [5: "LISTENING"])
        try await bench.startSimulator()
        try bench.writeSettings(
            capture: Self.card, playback: Self.card,
            settings: "[gpio]\nchip = \"\(chip.label)\"\nled = \"LISTENING\"")
        try await bench.startKiosk()
        #expect(try !chip.isHigh(5))
        // Blocks until the kiosk has closed the card.
        let pulling = try Executable(path: "/bin/sh", ["-c", "echo snd_aloop.1 > \(Self.driver)unbind"])
        try await eventually("both losses are said: \(bench.kiosk.errors)") {
            bench.kiosk.errors.contains("\(Self.card): capture: No such device; it is looked for every second")
                && bench.kiosk.errors.contains("\(Self.card): playback: No such device; it is looked for every second")
        }
        try await eventually("the light flashes") { try chip.isHigh(5) }
        try await eventually("and is dark between") { try !chip.isHigh(5) }
        try await eventually("and flashes again") { try chip.isHigh(5) }
        try await bench.button("hold", "300")
        #expect(bench.kiosk.output.contains("there is no microphone: nothing is recorded"))
        #expect(!bench.kiosk.output.contains("speech detected"))

        try await pulling.exitStatus()
        let start = ContinuousClock.now
        try Data("snd_aloop.1".utf8).write(to: URL(fileURLWithPath: Self.driver + "bind"))
        try await eventually("both are used again: \(bench.kiosk.output)") {
            bench.kiosk.lines.filter { $0.contains("; it was missing for ") }.count == 2
        }
        let backMs = Int((ContinuousClock.now - start) / .milliseconds(1))
        #expect(backMs < 1200)
        try await eventually("the light is dark") { try !chip.isHigh(5) }
        for _ in 0..<60 {
            #expect(try !chip.isHigh(5))
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await bench.stopKiosk() == 0)
        #expect(bench.kiosk.lines.filter { $0.contains("1 interruption, ") }.count == 2)
        Figures.record("kiosk's card pulled and put back", "used again \(backMs) ms after it is there")
    }

    @Test(.timeLimit(.minutes(2))) func aChipThatComesLateOrGoesIsUsedWhenItIsThere() async throws {
        let bench = try Bench()
        try await bench.startSimulator()
        let label = "kiosk-late"
        try bench.writeSettings(
            microphone: WaveFile.silence(ms: 500),
            settings: "[gpio]\nchip = \"\(label)\"\nbutton = \"TALK\"\ndebounce_ms = 0")
        try await bench.startKiosk()
        #expect(bench.kiosk.errors.hasPrefix("[fault] button: \(label): no such GPIO chip; it is looked for every"))
        for round in 1...2 {
            let chip = try SimulatedChip(label: label, lines: [4: "TALK"])
            try chip.pull(4, high: true)
            try await eventually("the line is taken: \(bench.kiosk.output)") {
                bench.kiosk.lines.filter { $0.contains("[kiosk] button: \(label); it was missing for ") }.count == round
            }
            try chip.pull(4, high: false)
            try await eventually("the press is heard") {
                bench.kiosk.lines.filter { $0 == "[kiosk] speech detected" }.count == round
            }
            if round == 1 {
                // Pulled with the button held: nobody can release it any more, so the turn ends.
                chip.remove()
                try await eventually("the loss is said: \(bench.kiosk.errors)") {
                    bench.kiosk.errors.split(separator: "\n").filter { $0.hasPrefix("[fault] button: ") }.count == 2
                }
            } else {
                try await Task.sleep(for: .milliseconds(300))
                try chip.pull(4, high: true)
            }
            #expect(try await bench.settledTurns(round).count == round)
        }
        #expect(try await bench.stopKiosk() == 0)
    }
}
