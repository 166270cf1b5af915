/// What a loudspeaker plays to have its echo measured: bursts of noise, no two alike, with pauses between them that are
/// longer than any echo. 24 kHz mono.
struct MeasuringSound {
    static let burstCount = 5
    /// 1.5 s of noise.
    static let burstFrames = 36_000
    /// From the beginning of a burst to that of the next: 2.5 s.
    static let slotFrames = 60_000
    /// All of it, the last pause included: 12.5 s.
    static let frames = burstCount * slotFrames
    /// A lively voice, 20 dB below full scale.
    static let burstRMS = 3277.0
    /// 5 ms, against the click.
    private static let fadeFrames = 120

    let samples: [Int16]

    init() {
        var noise = [Double](repeating: 0, count: Self.frames)
        // Xorshift; from 200 Hz to 4 kHz by filters of first order, as a voice is.
        var state: UInt64 = 88_172_645_463_325_252
        var (low, lower, rumble) = (0.0, 0.0, 0.0)
        var power = 0.0
        for frame in 0..<Self.frames {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            let place = frame % Self.slotFrames
            guard place < Self.burstFrames else { continue }
            low += 0.65 * (Double(state >> 11) / Double(1 << 52) - 1 - low)
            lower += 0.65 * (low - lower)
            rumble += 0.05 * (lower - rumble)
            let edge = min(place + 1, Self.burstFrames - place)
            noise[frame] = (lower - rumble) * min(1, Double(edge) / Double(Self.fadeFrames))
            power += noise[frame] * noise[frame]
        }
        let gain = Self.burstRMS / (power / Double(Self.burstCount * Self.burstFrames)).squareRoot()
        samples = noise.map { value in
            let scaled = (value * gain).rounded()
            // Never zero within a burst, so that its first frame can be found again.
            let sample = Int16(max(-32_768, min(32_767, scaled)))
            return sample == 0 && value != 0 ? 1 : sample
        }
    }
}
