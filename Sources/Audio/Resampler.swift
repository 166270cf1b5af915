internal import CSpeexDSP

/// Converts the rate of one PCM16 channel, its filter state kept from call to call.
///
/// By libspeexdsp; but at 2:1 and up to the default quality by `HalfBandFilter`, which takes a fifth of the
/// instructions (board/measurements.md) with the same attenuation.
///
/// Output frame n is input time n / outputRate: there are no leading zeros (speex_resampler_skip_zeros), but a frame
/// comes out only once the filter has seen `inputLatencyFrames` beyond it. Equal rates are copied, without latency.
struct Resampler: ~Copyable {
    /// Frames per second in and out.
    let inputRate: Int
    let outputRate: Int
    private let halfBand: HalfBandFilter?
    /// Neither is for equal rates.
    private let raw: OpaquePointer?

    /// Rates in frames per second, 1 ... 768000. Allocates (speex_resampler_init).
    init(
        from inputRate: Int, to outputRate: Int, quality: Int = SoundConversion.defaultResamplerQuality
    ) throws(AudioError) {
        let isHalfBand = quality <= SoundConversion.defaultResamplerQuality
            && (inputRate == 2 * outputRate || 2 * inputRate == outputRate)
        // First, as it may throw: Swift 6.0 would destroy a half-band filter that was not made yet.
        raw = try isHalfBand || inputRate == outputRate
            ? nil : Self.speexResampler(from: inputRate, to: outputRate, quality: quality)
        halfBand = isHalfBand ? HalfBandFilter(inputRate > outputRate ? .down : .up) : nil
        self.inputRate = inputRate
        self.outputRate = outputRate
    }

    private static func speexResampler(
        from inputRate: Int, to outputRate: Int, quality: Int
    ) throws(AudioError) -> OpaquePointer {
        var code: Int32 = 0
        guard (1...768_000).contains(inputRate), (1...768_000).contains(outputRate),
            let state = speex_resampler_init(1, UInt32(inputRate), UInt32(outputRate), Int32(quality), &code)
        else {
            throw AudioError(.tellOperator, "resampler: \(inputRate) Hz to \(outputRate) Hz: wanted 1 to 768000 Hz")
        }
        speex_resampler_skip_zeros(state)
        return state
    }

    deinit {
        if let raw { speex_resampler_destroy(raw) }
    }

    /// Input frames the filter must see beyond a frame before it gives that frame out; half its length.
    var inputLatencyFrames: Int {
        if let halfBand { return halfBand.inputLatencyFrames }
        // SAFETY: `raw` lives as long as self.
        return raw.map { Int(speex_resampler_get_input_latency($0)) } ?? 0
    }

    /// Output frames that `inputFrames` can become at most, the rounding of one call included.
    func outputBound(inputFrames: Int) -> Int {
        (inputFrames * outputRate + inputRate - 1) / inputRate + 2
    }

    /// Converts until the input is used up or the output is full. Real-time.
    mutating func process(
        _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
    ) -> (consumed: Int, produced: Int) {
        if let halfBand { return halfBand.process(input, into: output) }
        guard let source = input.baseAddress, let target = output.baseAddress else { return (0, 0) }
        guard let raw else {
            let count = min(input.count, output.count)
            target.update(from: source, count: count)
            return (count, count)
        }
        var consumed = UInt32(clamping: input.count)
        var produced = UInt32(clamping: output.count)
        // SAFETY: both buffers hold the lengths passed; speexdsp writes back what it used.
        speex_resampler_process_int(raw, 0, source, &consumed, target, &produced)
        return (Int(consumed), Int(produced))
    }

    /// Forgets the past, as if newly made. Real-time.
    mutating func reset() {
        halfBand?.reset()
        guard let raw else { return }
        speex_resampler_reset_mem(raw)
        speex_resampler_skip_zeros(raw)
    }
}
