import Foundation
import KioskBench
import Testing

@testable import GPIO

extension Devices {
    /// The light beside the button on a line of gpio-sim.
    @Suite(Needed.simulatedChips) struct LightTests {
        @Test(arguments: [false, true]) func theLineFollowsTheState(activeLow: Bool) throws {
            let chip = try SimulatedChip(lines: [6: "LED"])
            let light = try LineRequest(output: "LED", chip: chip.label, activeLow: activeLow)
            #expect(try chip.isHigh(6) == activeLow)
            for isLit in [true, false, true, true, false] {
                try light.setActive(isLit)
                #expect(try chip.isHigh(6) == (isLit != activeLow))
                #expect(try light.isActive() == isLit)
            }
            Figures.record("gpio light, active \(activeLow ? "low" : "high")", "follows 5 of 5")
        }
    }
}
