import Testing

@testable import Audio

@Suite final class GainRampTests {
    private let fade = Fade(frames: 120)

    private func ramp(from: Int32, to: Int32, at start: Int = 1000, frames: Int = 120) -> GainRamp {
        GainRamp(startFrame: start, frames: frames, from: from, to: to)
    }

    private func gains(_ ramp: GainRamp, _ frames: Range<Int>) -> [Int32] {
        frames.map { ramp.gain(at: $0, along: fade) }
    }

    private func scaled(_ samples: [Int16], by ramp: GainRamp, from first: Int) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: samples.count) { target, count in
            samples.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, let into = target.baseAddress else { return }
                ramp.scale(from, count: samples.count, from: first, along: fade, into: into)
            }
            count = samples.count
        }
    }

    @Test func aGainIsAFactorOfThirtyTwoThousand() {
        #expect([0, 0.25, 0.5, 1].map(GainRamp.gain) == [0, 8192, 16_384, 32_768])
        #expect([-1, 2, .infinity, -.infinity, .nan].map(GainRamp.gain) == [0, 32_768, 32_768, 0, 32_768])
    }

    @Test(arguments: [(32_768, 0), (0, 32_768), (32_768, 6554), (12_000, 30_000)] as [(Int32, Int32)])
    func theGainGoesFromOneToTheOtherWithoutACorner(from: Int32, to: Int32) {
        let ramp = ramp(from: from, to: to)
        #expect(gains(ramp, 0..<1000).allSatisfy { $0 == from })
        #expect(gains(ramp, 1120..<2000).allSatisfy { $0 == to })
        let way = gains(ramp, 999..<1121)
        let steps = zip(way, way.dropFirst()).map { $1 - $0 }
        let isOneWay = steps.allSatisfy { to > from ? $0 >= 0 : $0 <= 0 }
        #expect(isOneWay)
        // The steepest step of a raised cosine, in its middle; next to none at its ends.
        let steepest = steps.map(abs).max() ?? 0
        #expect(steepest <= abs(to - from) * 3142 / 2000 / 120 + 2)
        #expect(abs(steps.first ?? .max) <= abs(to - from) / 10_000 + 1)
        #expect(abs(steps.last ?? .max) <= abs(to - from) / 10_000 + 1)
        #expect(abs(way[61] - (from + to) / 2) <= abs(to - from) / 60)
    }

    @Test func aSecondChangeInsideTheFirstBeginsWithTheGainInForce() {
        let first = ramp(from: 32_768, to: 0)
        let inForce = first.gain(at: 1040, along: fade)
        #expect((1...32_767).contains(inForce))
        let second = ramp(from: inForce, to: 32_768, at: 1040)
        let way = gains(first, 1030..<1040) + gains(second, 1040..<1200)
        let steps = zip(way, way.dropFirst()).map { abs($1 - $0) }
        #expect(steps.max() ?? 0 <= 32_768 * 3142 / 2000 / 120 + 2)
        #expect(way.last == 32_768)
    }

    @Test func aShorterFadeHasTheSameShape() {
        #expect(gains(ramp(from: 32_768, to: 0, frames: 24), 1000..<1024) == (0..<24).map {
            fade.gain(at: $0 * 5, of: 120)
        })
        #expect(gains(ramp(from: 32_768, to: 0, frames: 0), 999..<1001) == [32_768, 0])
    }

    @Test func onlyAGainOfOneLeavesAllAsItIs() {
        #expect(GainRamp.unchanged.leavesAll(from: 0))
        #expect(!ramp(from: 32_768, to: 0).leavesAll(from: 0))
        #expect(!ramp(from: 32_768, to: 0).leavesAll(from: 5000))
        #expect(!ramp(from: 0, to: 32_768).leavesAll(from: 1119))
        #expect(ramp(from: 0, to: 32_768).leavesAll(from: 1120))
    }

    @Test func samplesAreScaledWhereverABlockBegins() {
        let samples = [Int16](repeating: 20_000, count: 400)
        let ramp = ramp(from: 32_768, to: 8192)
        let whole = scaled(samples, by: ramp, from: 900)
        #expect(whole[..<100].allSatisfy { $0 == 20_000 })
        #expect(whole[220...].allSatisfy { $0 == 5000 })
        for cut in [50, 100, 150, 220, 300] {
            let parts = scaled(Array(samples[..<cut]), by: ramp, from: 900)
                + scaled(Array(samples[cut...]), by: ramp, from: 900 + cut)
            #expect(parts == whole)
        }
    }

    @Test func theLoudestSamplesDoNotOverflow() {
        let extremes: [Int16] = [.min, .max, -1, 0, 1]
        #expect(scaled(extremes, by: .unchanged, from: 0) == extremes)
        #expect(scaled(extremes, by: GainRamp(from: 0, to: 0), from: 0) == [0, 0, 0, 0, 0])
    }
}
