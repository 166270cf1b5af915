import Foundation

/// One tone, 24 kHz PCM16, of which a cut or a click is seen by its step.
///
/// No tick and no period is a whole number of its cycles, so that a hard cut is a step: up to nine times as large as any
/// of its own at 24 kHz.
enum SteadyTone {
    private static let hertz = 437.0
    private static let amplitude = 12_000.0

    /// The first `count` frames, each as loud as `loudness` says: 0...1.
    static func samples(_ count: Int, loudness: (Int) -> Double = { _ in 1 }) -> [Int16] {
        let turn = 2 * Double.pi * hertz / 24_000
        return (0..<count).map { Int16((amplitude * loudness($0) * sin(turn * Double($0))).rounded()) }
    }

    /// The steepest step of the tone at a card's rate, with what rounding and a filter add but where it begins: it
    /// rings there.
    static func steepestStep(rate: Int) -> Double { amplitude * 2 * .pi * hertz / Double(rate) * 1.02 + 2 }

    /// The steepest step of what was heard.
    static func steepest(_ samples: ArraySlice<Int16>) -> Int {
        zip(samples, samples.dropFirst()).reduce(0) { max($0, abs(Int($1.1) - Int($1.0))) }
    }
}
