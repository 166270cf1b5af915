internal import CALSA

extension PCM {
    /// Rates that cards and speech have, the highest first.
    private static let commonRates = [192_000, 96_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 11_025, 8000]

    /// Opens a PCM, asks what it offers and what we would agree on, and closes it again.
    static func abilities(
        name: String, direction: AudioDirection, timing: StreamTiming
    ) throws(AudioError) -> SoundAbilities {
        let raw = try open(name: name, direction: direction)
        defer { snd_pcm_close(raw) }
        var allocated: OpaquePointer?
        guard snd_pcm_hw_params_malloc(&allocated) == 0, let hardware = allocated else {
            throw AudioError(.reopen, "\(name): out of memory")
        }
        defer { snd_pcm_hw_params_free(hardware) }
        let code = snd_pcm_hw_params_any(raw, hardware)
        if code < 0 { throw AudioError.alsa(name, "configurations", code) }
        var fewest: UInt32 = 0
        var most: UInt32 = 0
        snd_pcm_hw_params_get_channels_min(hardware, &fewest)
        snd_pcm_hw_params_get_channels_max(hardware, &most)
        let rates = commonRates.filter { snd_pcm_hw_params_test_rate(raw, hardware, UInt32($0), 0) == 0 }
        let formats = SampleFormat.allCases.filter { snd_pcm_hw_params_test_format(raw, hardware, $0.alsa) == 0 }
        let hasMmap = PCMAccess.mmap.isOffered(by: raw, hardware)
        // Last: what was agreed on is what the PCM has from then on.
        let agreement: Result<String, AudioError>
        do throws(AudioError) {
            agreement = .success(try negotiate(raw, name: name, timing: timing, wishes: PCMWishes()).words(channel: 0))
        } catch {
            agreement = .failure(error)
        }
        return SoundAbilities(
            rates: rates, formats: formats.map { $0.name },
            channels: Int(clamping: fewest)...max(Int(clamping: fewest), Int(clamping: most)),
            hasMmap: hasMmap, agreement: agreement)
    }
}
