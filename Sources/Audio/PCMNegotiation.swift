internal import CALSA

/// How frames get from and to a card.
enum PCMAccess: Equatable {
    /// Copied from and to the card's own buffer (snd_pcm_mmap_readi(3), snd_pcm_mmap_writei(3)).
    case mmap
    /// By a system call each time, or by a plug-in (snd_pcm_readi(3), snd_pcm_writei(3)).
    case readWrite

    /// Whether the PCM has it. Plug-ins only imitate mmap, with more copies, so theirs does not count.
    func isOffered(by raw: OpaquePointer, _ hardware: OpaquePointer) -> Bool {
        if self == .mmap, snd_pcm_type(raw) != SND_PCM_TYPE_HW { return false }
        return snd_pcm_hw_params_test_access(raw, hardware, alsa) == 0
    }

    fileprivate var alsa: snd_pcm_access_t {
        switch self {
        case .mmap: SND_PCM_ACCESS_MMAP_INTERLEAVED
        case .readWrite: SND_PCM_ACCESS_RW_INTERLEAVED
        }
    }
}

/// What a card and we agreed on.
struct PCMGeometry: Equatable {
    let access: PCMAccess
    let rate: Int
    let format: SampleFormat
    let channels: Int
    let periodFrames: Int
    let bufferFrames: Int
    /// Whole periods after which the thread is woken (avail_min).
    let wakeFrames: Int

    /// In one line. `channel` is the one in use, counted from 1; 0 is all.
    func words(channel: Int) -> String {
        func time(_ frames: Int) -> String {
            let tenths = frames * 10_000 / rate
            return "\(frames) frames (\(tenths / 10).\(tenths % 10) ms)"
        }
        let channels = switch (channel, self.channels) {
        case (0, 1): "1 channel"
        case (0, let count): "\(count) channels"
        case (_, let count): "channel \(channel) of \(count)"
        }
        let way = switch access {
        case .mmap: "mmap"
        case .readWrite: "read/write"
        }
        let converted = rate == runnerRate ? "" : ", converted at \(runnerRate) Hz"
        return "\(rate) Hz, \(format.name), \(channels), period \(time(periodFrames)), buffer \(time(bufferFrames)), "
            + way + converted
    }
}

/// What we ask a card for, best first.
struct PCMWishes {
    var accesses: [PCMAccess] = [.mmap, .readWrite]
    /// Our own rate first (nothing to convert), then the rates cards have, exact multiples of ours before others.
    var rates = [24_000, 48_000, 96_000, 192_000, 44_100, 32_000, 16_000, 8000, 22_050, 12_000, 11_025]
    var formats: [SampleFormat] = [.s16, .s32, .s24, .s24Packed]
    /// After these, the fewest the card allows. Only looked at while all channels are used alike.
    var channels = [1, 2]
    /// One channel alone needs a card that has it.
    var conversion = SoundConversion()
    /// Periods are handled together up to this time, and up to half of the buffer; one at least.
    var wakeMs = 0

    /// Rates the resampler is used for; anything else is a device that makes no sense for speech.
    static let usableRates = 8000...192_000
    static let usableChannels = 1...SoundConversion.channels.upperBound

    /// Frames to be woken for.
    func wakeFrames(rate: Int, periodFrames: Int, bufferFrames: Int) -> Int {
        max(1, min(rate * wakeMs / 1000, bufferFrames / 2) / periodFrames) * periodFrames
    }

    /// Numbers of channels to try on a card that has at least `fewest`, best first.
    func channelCounts(fewest: Int) -> [Int] {
        switch conversion.channel {
        case 0: channels + [fewest]
        // Mono last: a plug-in would make it by mixing what is to be told apart.
        case 1: Array(2...Self.usableChannels.upperBound) + [1]
        case let channel: Array(channel...Self.usableChannels.upperBound)
        }
    }
}

/// Agrees on rate, format, channels, period and buffer with an opened PCM, and sets its start and stop thresholds.
/// Without alsa-lib's own rate conversion: ours costs half of it.
func negotiate(
    _ raw: OpaquePointer, name: String, timing: StreamTiming, wishes: PCMWishes
) throws(AudioError) -> PCMGeometry {
    do throws(AudioError) {
        return try negotiateOnce(raw, name: name, timing: timing, wishes: wishes)
    } catch {
        // A driver may offer mmap and then fail to map its buffer.
        guard wishes.accesses.count > 1, error.remedy == .reopen else { throw error }
        var rest = wishes
        rest.accesses = [.readWrite]
        return try negotiateOnce(raw, name: name, timing: timing, wishes: rest)
    }
}

private func negotiateOnce(
    _ raw: OpaquePointer, name: String, timing: StreamTiming, wishes: PCMWishes
) throws(AudioError) -> PCMGeometry {
    var allocated: OpaquePointer?
    guard snd_pcm_hw_params_malloc(&allocated) == 0, let hardware = allocated else {
        throw AudioError(.reopen, "\(name): out of memory")
    }
    defer { snd_pcm_hw_params_free(hardware) }

    try check(snd_pcm_hw_params_any(raw, hardware), name, "configurations")
    // Refused only by plug-ins that do not convert anyway.
    _ = snd_pcm_hw_params_set_rate_resample(raw, hardware, 0)
    let access = wishes.accesses.first { $0.isOffered(by: raw, hardware) } ?? .readWrite
    try check(snd_pcm_hw_params_set_access(raw, hardware, access.alsa), name, "interleaved access")
    let format = try chooseFormat(raw, hardware, name, wishes)
    let channels = try chooseChannels(raw, hardware, name, wishes)
    let rate = try chooseRate(raw, hardware, name, wishes)
    var period = snd_pcm_uframes_t(rate * timing.periodMs / 1000)
    try check(snd_pcm_hw_params_set_period_size_near(raw, hardware, &period, nil), name, "period size")
    var buffer = snd_pcm_uframes_t(rate * timing.bufferMs / 1000)
    try check(snd_pcm_hw_params_set_buffer_size_near(raw, hardware, &buffer), name, "buffer size")
    try check(snd_pcm_hw_params(raw, hardware), name, "hardware parameters")
    // The card may have moved the period when it learned of the buffer.
    try check(snd_pcm_hw_params_get_period_size(hardware, &period, nil), name, "period size")
    try check(snd_pcm_hw_params_get_buffer_size(hardware, &buffer), name, "buffer size")

    guard period > 0, buffer >= period else {
        throw AudioError(
            .tellOperator,
            "\(name): period of \(period) frames in a buffer of \(buffer): wanted at least one period in the buffer")
    }
    let (periodFrames, bufferFrames) = (Int(clamping: period), Int(clamping: buffer))
    let geometry = PCMGeometry(
        access: access, rate: rate, format: format, channels: channels, periodFrames: periodFrames,
        bufferFrames: bufferFrames,
        wakeFrames: wishes.wakeFrames(rate: rate, periodFrames: periodFrames, bufferFrames: bufferFrames))
    try setThresholds(raw, name: name, geometry)
    return geometry
}

private func chooseFormat(
    _ raw: OpaquePointer, _ hardware: OpaquePointer, _ name: String, _ wishes: PCMWishes
) throws(AudioError) -> SampleFormat {
    for format in wishes.formats where snd_pcm_hw_params_test_format(raw, hardware, format.alsa) == 0 {
        try check(snd_pcm_hw_params_set_format(raw, hardware, format.alsa), name, "format \(format.name)")
        return format
    }
    let wanted = wishes.formats.map { $0.name }.joined(separator: ", ")
    throw AudioError(.tellOperator, "\(name): no usable sample format: wanted one of \(wanted)")
}

private func chooseChannels(
    _ raw: OpaquePointer, _ hardware: OpaquePointer, _ name: String, _ wishes: PCMWishes
) throws(AudioError) -> Int {
    var fewest: UInt32 = 0
    try check(snd_pcm_hw_params_get_channels_min(hardware, &fewest), name, "channels")
    for channels in wishes.channelCounts(fewest: Int(clamping: fewest))
    where PCMWishes.usableChannels.contains(channels)
        && snd_pcm_hw_params_test_channels(raw, hardware, UInt32(channels)) == 0
    {
        try check(snd_pcm_hw_params_set_channels(raw, hardware, UInt32(channels)), name, "\(channels) channels")
        return channels
    }
    let channel = wishes.conversion.channel
    guard channel > 0 else {
        throw AudioError(.tellOperator, "\(name): at least \(fewest) channels: wanted 1 to 64")
    }
    var most: UInt32 = 0
    try check(snd_pcm_hw_params_get_channels_max(hardware, &most), name, "channels")
    throw AudioError(.tellOperator, "\(name): at most \(most) channels: wanted channel \(channel)")
}

private func chooseRate(
    _ raw: OpaquePointer, _ hardware: OpaquePointer, _ name: String, _ wishes: PCMWishes
) throws(AudioError) -> Int {
    for rate in wishes.rates where snd_pcm_hw_params_test_rate(raw, hardware, UInt32(rate), 0) == 0 {
        try check(snd_pcm_hw_params_set_rate(raw, hardware, UInt32(rate), 0), name, "rate of \(rate) Hz")
        return rate
    }
    var nearest = UInt32(runnerRate)
    try check(snd_pcm_hw_params_set_rate_near(raw, hardware, &nearest, nil), name, "rate")
    guard PCMWishes.usableRates.contains(Int(nearest)) else {
        throw AudioError(.tellOperator, "\(name): rate of \(nearest) Hz: wanted 8000 to 192000 Hz")
    }
    return Int(nearest)
}

/// Nothing starts by itself (both directions start explicitly), and an empty or full buffer stops the card, so that
/// no old sound is played twice.
private func setThresholds(_ raw: OpaquePointer, name: String, _ geometry: PCMGeometry) throws(AudioError) {
    var allocated: OpaquePointer?
    guard snd_pcm_sw_params_malloc(&allocated) == 0, let software = allocated else {
        throw AudioError(.reopen, "\(name): out of memory")
    }
    defer { snd_pcm_sw_params_free(software) }
    var boundary: snd_pcm_uframes_t = 0
    try check(snd_pcm_sw_params_current(raw, software), name, "software parameters")
    try check(snd_pcm_sw_params_get_boundary(software, &boundary), name, "boundary")
    try check(
        snd_pcm_sw_params_set_avail_min(raw, software, snd_pcm_uframes_t(geometry.wakeFrames)), name, "avail_min")
    try check(snd_pcm_sw_params_set_start_threshold(raw, software, boundary), name, "start threshold")
    try check(
        snd_pcm_sw_params_set_stop_threshold(raw, software, snd_pcm_uframes_t(geometry.bufferFrames)),
        name, "stop threshold")
    // The time of each interrupt, for looks at the card's position; by the clock that poll(2) goes by.
    try check(snd_pcm_sw_params_set_tstamp_mode(raw, software, SND_PCM_TSTAMP_ENABLE), name, "time stamps")
    try check(snd_pcm_sw_params(raw, software), name, "software parameters")
    // What a card has played becomes silence at once: when it runs empty it goes on through its buffer until the kernel
    // stops it, and would play what it played a buffer ago. Refused by none that was seen, and none needs it to work.
    if snd_pcm_type(raw) == SND_PCM_TYPE_HW, snd_pcm_stream(raw) == SND_PCM_STREAM_PLAYBACK,
        snd_pcm_sw_params_set_silence_size(raw, software, boundary) == 0
    {
        _ = snd_pcm_sw_params(raw, software)
    }
}

private func check(_ code: Int32, _ name: String, _ step: String) throws(AudioError) {
    if code < 0 { throw AudioError.alsa(name, step, code) }
}

extension SampleFormat {
    /// SND_PCM_FORMAT_*.
    var alsa: snd_pcm_format_t {
        switch self {
        case .s16: SND_PCM_FORMAT_S16_LE
        case .s32: SND_PCM_FORMAT_S32_LE
        case .s24: SND_PCM_FORMAT_S24_LE
        case .s24Packed: SND_PCM_FORMAT_S24_3LE
        }
    }
}
