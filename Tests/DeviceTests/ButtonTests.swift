import Foundation
import KioskBench
import MonotonicClock
import Testing

@testable import GPIO

extension Devices {
    /// The talk button on a line of gpio-sim.
    @Suite(Needed.simulatedChips) struct ButtonTests {
        private static let debounceUs: UInt32 = 10_000
        /// A button to ground and a pull-up, as most are wired; and the other way round.
        private static let wirings = [true, false]

        @Test(arguments: wirings) func aPressAndAReleaseAreOneEdgeEach(activeLow: Bool) throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            try chip.pull(4, high: activeLow)
            var button = try Button(line: "TALK", chip: chip.label, activeLow: activeLow, debounceUs: Self.debounceUs)
            #expect(try button.idle() == [])
            var latestMs = 0.0
            for isPressed in [true, false, true, false] {
                let beforeNs = Instant.now.ns
                try chip.pull(4, high: isPressed != activeLow)
                let afterNs = Instant.now.ns
                let edges = try button.watch(count: 1)
                latestMs = max(latestMs, Double(Instant.now.ns - afterNs) / 1e6)
                #expect(edges.map(\.isActive) == [isPressed])
                #expect((beforeNs...afterNs).contains(edges.first?.timestampNs ?? 0))
                #expect(try button.idle() == [])
            }
            #expect(latestMs < 30)
            Figures.record(
                "gpio press and release, active \(activeLow ? "low" : "high")",
                "one edge each, \(latestMs.tenths) ms after it at most")
        }

        @Test func aLineIsFoundByNameAndOffsetAndAChipByLabelNameAndPath() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            for chipName in [chip.label, chip.name, "/dev/\(chip.name)"] {
                for line in ["TALK", "4"] {
                        try chip.pull(4, high: false)
                    var button = try Button(line: line, chip: chipName, activeLow: false, debounceUs: Self.debounceUs)
                    try chip.pull(4, high: true)
                    #expect(try button.watch(count: 1).map(\.isActive) == [true])
                }
            }
            Figures.record("gpio names of a chip and a line", "6 of 6 found")
        }

        @Test func aBurstOf20EdgesIn5MsIsOnePress() throws {
            let chip = try SimulatedChip(lines: [4: "TALK", 5: "WITNESS"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: Self.debounceUs)
            // A second line bounces along and is read edge by edge: it says how many edges there really were.
            let witness = try LineRequest(input: "WITNESS", chip: chip.label, activeLow: false)
            var seen: [EdgeEvent] = []
            let startNs = Instant.now.ns
            for edge in 1...21 {
                try chip.pull(4, high: edge % 2 == 1)
                try chip.pull(5, high: edge % 2 == 1)
                seen += try witness.readEdges()
                while Instant.now.ns < startNs + Int64(edge) * 150_000 { usleep(50) }
            }
            let settled = try button.watch(count: 1) + button.idle()
            #expect(settled.map(\.isActive) == [true])
            #expect(seen.count == 21)
            let burstMs = Double((seen.last?.timestampNs ?? 0) - (seen.first?.timestampNs ?? 0)) / 1e6
            #expect(burstMs < 5)
            // The burst's first edge.
            let stampNs = settled.first?.timestampNs ?? 0
            #expect((startNs...startNs + 1_000_000).contains(stampNs))
            Figures.record(
                "gpio bounce of a press", "\(seen.count) edges in \(burstMs.tenths) ms: \(settled.count) press")

            // And the release bounces as well.
            for edge in 1...21 { try chip.pull(4, high: edge % 2 == 0) }
            #expect(try (button.watch(count: 1) + button.idle()).map(\.isActive) == [false])
        }

        @Test func aSpikeShorterThanTheDebouncePeriodIsNothing() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: Self.debounceUs)
            try chip.pull(4, high: true)
            try chip.pull(4, high: false)
            #expect(try button.idle() == [])
            Figures.record("gpio spike", "no press")
        }

        @Test func aButtonHeldAtTheStartIsNoPressUntilItIsReleasedAndPressedAgain() throws {
            // Active-high: an active-low request pulls the line up, and gpio-sim has no button stronger than that.
            let chip = try SimulatedChip(lines: [4: "TALK"])
            try chip.pull(4, high: true)
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: Self.debounceUs)
            #expect(try button.idle() == [])
            try chip.pull(4, high: false)
            #expect(try button.watch(count: 1).map(\.isActive) == [false])
            try chip.pull(4, high: true)
            #expect(try button.watch(count: 1).map(\.isActive) == [true])
            Figures.record("gpio button held at the start", "no press; then release and press")
        }

        @Test func edgesThatTheKernelLostAreFoundByReadingTheLine() throws {
            let chip = try SimulatedChip(lines: [4: "TALK", 5: "WITNESS"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: Self.debounceUs)
            let witness = try LineRequest(input: "WITNESS", chip: chip.label, activeLow: false)
            // Nobody reads meanwhile, and the kernel keeps 16 edges.
            for edge in 1...41 {
                try chip.pull(4, high: edge % 2 == 1)
                try chip.pull(5, high: edge % 2 == 1)
            }
            let kept = try witness.readEdges()
            #expect(kept.count == 16)
            #expect(try witness.readEdges() == [])
            #expect(try witness.isActive())
            #expect(try (button.watch(count: 1) + button.idle()).map(\.isActive) == [true])
            Figures.record("gpio lost edges", "\(kept.count) of 41 edges kept, the press found")
        }

        @Test func pressesMissedDuringAStallAreAllTold() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: Self.debounceUs)
            for isPressed in [true, false, true] {
                try chip.pull(4, high: isPressed)
                usleep(30_000)
            }
            #expect(try (button.watch(count: 3) + button.idle()).map(\.isActive) == [true, false, true])
            Figures.record("gpio presses during a stall of 90 ms", "all told")
        }
    }
}
