import Foundation
import Testing

@testable import kiosk_agent

@Suite struct LevelMeterTests {
    private func meter(_ samples: [Int16]) -> LevelMeter {
        var meter = LevelMeter()
        samples.withUnsafeBufferPointer { meter.add($0) }
        return meter
    }

    /// A second of a 1 kHz sine whose peak is at `decibels` dBFS.
    private func sine(_ decibels: Double) -> [Int16] {
        let amplitude = 32_767 * pow(10, decibels / 20)
        return (0..<24_000).map { Int16((amplitude * sin(2 * .pi * Double($0) / 24)).rounded()) }
    }

    @Test(arguments: [-0.5, -6.0, -20.0, -40.0]) func aSinesRMSIs3dBBelowItsPeak(decibels: Double) {
        let meter = meter(sine(decibels))
        #expect(abs(meter.peak - decibels) < 0.1)
        #expect(abs(meter.rms - (decibels - 3.01)) < 0.1)
        #expect(meter.clipping == 0)
    }

    @Test(arguments: [
        (-60.0, "silence, or a microphone that is turned down"),
        (-40.0, "quiet: speak up, come closer, or turn the microphone up"), (-20.0, "good"), (-6.0, "good"),
        (-2.0, "too loud: little is left before it clips"), (0.0, "clipping: turn the microphone down"),
    ])
    func aLevelIsSaidInWords(decibels: Double, words: String) {
        #expect(meter(sine(decibels)).verdict == words)
    }

    @Test func digitalSilenceIsToldFromNothing() {
        #expect(meter([0, 0, 0]).verdict == "digital silence: muted, unplugged, or another device is the microphone")
        #expect(meter([]).verdict == "nothing was heard")
        #expect(
            meter([0]).line
                == "peak   -inf dBFS  rms   -inf dBFS  clipped   0.0 %  |                    |  "
                + "digital silence: muted, unplugged, or another device is the microphone\n")
    }

    @Test func clippingIsAShareOfTheSamplesAndOneClickIsNone() {
        let half = meter([Int16](repeating: .min, count: 50) + [Int16](repeating: 100, count: 50))
        #expect(half.clipping == 0.5)
        #expect(half.line.contains("clipped  50.0 %  |####################|  clipping: "))
        let click = meter([Int16](repeating: 1000, count: 2000) + [.max])
        #expect(click.verdict == "too loud: little is left before it clips")
    }

    @Test func twoStretchesMakeOne() {
        var sum = meter(Array(sine(-20).prefix(12_000)))
        sum.add(meter(Array(sine(-20).dropFirst(12_000))))
        #expect(sum == meter(sine(-20)))
        #expect(
            sum.line == "peak  -20.0 dBFS  rms  -23.0 dBFS  clipped   0.0 %  |##############      |  good\n")
    }
}
