/// How a card's sound becomes the runner's 24 kHz mono, and back.
public struct SoundConversion: Sendable, Equatable {
    /// Microphone arrays and multi-channel interfaces; bounds the staging buffers. 0 is all channels.
    public static let channels = 0...64
    /// SPEEX_RESAMPLER_QUALITY_MIN to SPEEX_RESAMPLER_QUALITY_MAX.
    public static let resamplerQualities = 0...10
    /// SPEEX_RESAMPLER_QUALITY_DESKTOP: about 80 dB of stop band, 1.7 ms of latency between 48 and 24 kHz.
    public static let defaultResamplerQuality = 5

    /// The one channel of the card that is used, counted from 1; on playback the others stay silent. 0 uses all: their
    /// mean on capture, the same sound in each on playback.
    public let channel: Int
    /// How well a card's rate is converted: 0 is the cheapest, 10 the best and latest.
    public let resamplerQuality: Int

    /// Numbers outside their limits are brought to the nearest one within.
    public init(channel: Int = 0, resamplerQuality: Int = defaultResamplerQuality) {
        self.channel = min(max(channel, Self.channels.lowerBound), Self.channels.upperBound)
        self.resamplerQuality = min(
            max(resamplerQuality, Self.resamplerQualities.lowerBound), Self.resamplerQualities.upperBound)
    }
}
