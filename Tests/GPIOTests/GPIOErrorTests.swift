import Foundation
import Testing

@testable import GPIO

@Suite struct GPIOErrorTests {
    private func refusal(chip: String, line: String = "17") -> String {
        do {
            let request = try LineRequest(input: line, chip: chip, activeLow: true)
            return "opened, descriptor \(request.descriptor)"
        } catch {
            return error.description
        }
    }

    @Test(arguments: ["/dev/gpiochip-none", "no-such-chip", ""])
    func missingChipIsNamed(chip: String) {
        #expect(refusal(chip: chip) == "\(chip): no such GPIO chip")
    }

    @Test(arguments: ["/dev/null", "null", "/etc/passwd"])
    func fileThatIsNoChipIsNamed(chip: String) {
        #expect(refusal(chip: chip) == "\(chip): not a GPIO chip")
    }

    @Test func overlongChipNameIsRefused() {
        let chip = String(repeating: "x", count: 10_000)
        #expect(refusal(chip: chip) == "\(chip): no such GPIO chip")
    }

    @Test func outputLineGivesTheSameLine() {
        #expect(throws: GPIOError.chip("/dev/gpiochip-none", errno: ENOENT)) {
            _ = try LineRequest(output: "LED", chip: "/dev/gpiochip-none", activeLow: false)
        }
    }

    @Test func buttonGivesTheSameLine() {
        #expect(throws: GPIOError.chip("/dev/gpiochip-none", errno: ENOENT)) {
            _ = try Button(line: "TALK", chip: "/dev/gpiochip-none", activeLow: true, debounceUs: 10_000)
        }
    }

    @Test func linesNameChipLineAndReason() {
        #expect(GPIOError.line("17", chip: "gpiochip0", errno: EBUSY).description
            == "gpiochip0: line 17: Device or resource busy")
        #expect(GPIOError.noLine("TALK", chip: "gpiochip0").description == "gpiochip0: line TALK: no such line")
        #expect(GPIOError.chip("/dev/gpiochip0", errno: EACCES).description == "/dev/gpiochip0: Permission denied")
    }

    @Test(arguments: [
        (GPIOError.chip("kiosk", errno: ENOENT), true), (.chip("kiosk", errno: EACCES), true),
        (.line("17", chip: "kiosk", errno: EBUSY), true), (.noLine("17", chip: "kiosk"), false),
        (.chip("/dev/null", errno: ENOTTY), false), (.chip("/dev/null", errno: ENODEV), false),
    ])
    func whatMayMendItselfIsKnown(error: GPIOError, mayPass: Bool) {
        #expect(error.mayPass == mayPass)
    }
}
