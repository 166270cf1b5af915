import Testing

@testable import Audio

@Suite struct FadeTests {
    private func faded(_ samples: [Int16], _ body: (UnsafeMutableBufferPointer<Int16>) -> Void) -> [Int16] {
        var copy = samples
        copy.withUnsafeMutableBufferPointer { body($0) }
        return copy
    }

    private func steps(_ samples: [Int16]) -> [Int] { zip(samples, samples.dropFirst()).map { Int($1) - Int($0) } }

    @Test func fallsFromAllToNothingAndSilencesTheRest() {
        let fade = Fade(frames: 288)
        let samples = faded([Int16](repeating: 32_767, count: 400)) { fade.out($0) }
        #expect(samples[0] >= 32_766)
        #expect(samples[287] <= 2)
        let isFalling = steps(samples).allSatisfy { $0 <= 0 }
        #expect(isFalling)
        let isSilentAfterwards = samples[288...].allSatisfy { $0 == 0 }
        #expect(isSilentAfterwards)
        // As steep as half a turn of a cosine is, and no steeper.
        #expect(steps(samples).min() ?? 0 >= -(32_767 * 3142 / 2000 / 288 + 1))
    }

    @Test(arguments: [1, 7, 100, 287])
    func soundThatIsTooShortFadesOverAllOfIt(count: Int) {
        let fade = Fade(frames: 288)
        let samples = faded([Int16](repeating: -20_000, count: count)) { fade.out($0) }
        #expect(samples[0] <= -19_900)
        #expect(samples[count - 1] >= (count == 1 ? -20_000 : -20_000 * 2 / count))
    }

    @Test func fadesInOverSeveralPieces() {
        let fade = Fade(frames: 120)
        let whole = faded([Int16](repeating: 10_000, count: 200)) { fade.into($0, from: 0) }
        let first = faded([Int16](repeating: 10_000, count: 50)) { fade.into($0, from: 0) }
        let second = faded([Int16](repeating: 10_000, count: 150)) { fade.into($0, from: 50) }
        let third = faded([Int16](repeating: 10_000, count: 10)) { fade.into($0, from: 200) }
        let isSame = whole == first + second
        #expect(isSame)
        let isRising = steps(whole).allSatisfy { $0 >= 0 }
        #expect(isRising)
        #expect(whole[0] <= 2)
        #expect(whole[119] >= 9999)
        let isUntouched = third.allSatisfy { $0 == 10_000 }
        #expect(isUntouched)
    }

    @Test func loudestSamplesDoNotOverflow() {
        let fade = Fade(frames: 4)
        #expect(faded([.min, .max]) { fade.into($0, from: 3) }[1] == .max)
        #expect(faded([.min, .min, .min, .min]) { fade.out($0) }.allSatisfy { $0 <= 0 })
    }
}
