import Foundation
import KioskBench
import Testing

@testable import GPIO

extension Devices {
    /// Lines that cannot be used: one clear line each.
    @Suite(Needed.simulatedChips) struct LineRefusalTests {
        @Test func aLineInUseIsBusy() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            var button = try Button(line: "TALK", chip: chip.label, activeLow: false, debounceUs: 10_000)
            expect(refusal(chip.label, "TALK"), "\(chip.label): line TALK: Device or resource busy", "line in use")
            #expect(refusal(chip.label, "4", isOutput: true) == "\(chip.label): line 4: Device or resource busy")
            // Its holder notices nothing.
            try chip.pull(4, high: true)
            #expect(try button.watch(count: 1).map(\.isActive) == [true])
        }

        @Test func aLineIsFreeAgainAfterItsHolder() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            _ = try Button(line: "TALK", chip: chip.label, activeLow: true, debounceUs: 10_000)
            #expect(refusal(chip.label, "TALK") == "opened")
        }

        @Test func aMissingChipIsNamed() throws {
            let chip = try SimulatedChip(lines: [:])
            expect(refusal("no-such-chip", "4"), "no-such-chip: no such GPIO chip", "missing chip")
            #expect(refusal("/dev/gpiochip99", "4") == "/dev/gpiochip99: no such GPIO chip")
            #expect(refusal(chip.label + "x", "4") == "\(chip.label)x: no such GPIO chip")
        }

        @Test func aWrongOffsetOrNameIsNamed() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            expect(refusal(chip.label, "8"), "\(chip.label): line 8: no such line", "wrong offset")
            #expect(refusal(chip.label, "8", isOutput: true) == "\(chip.label): line 8: no such line")
            expect(refusal(chip.label, "TALL"), "\(chip.label): line TALL: no such line", "wrong name")
        }

        @Test func aChipOfAnotherUserIsRefusedByPathNameAndLabel() throws {
            let chip = try SimulatedChip(lines: [4: "TALK"])
            for name in ["/dev/\(chip.name)", chip.name, chip.label] {
                let line = Nobody.run { refusal(name, "TALK") }
                expect(line, "\(name): Permission denied", "no permission")
            }
        }

        private func expect(_ line: String, _ wanted: String, _ check: String) {
            #expect(line == wanted)
            Figures.record("gpio \(check)", line)
        }

        private func refusal(_ chip: String, _ line: String, isOutput: Bool = false) -> String {
            do {
                if isOutput {
                    _ = try LineRequest(output: line, chip: chip, activeLow: false)
                } else {
                    _ = try Button(line: line, chip: chip, activeLow: true, debounceUs: 10_000)
                }
                return "opened"
            } catch {
                return "\(error)"
            }
        }
    }
}
