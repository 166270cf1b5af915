import FoundationEssentials
import Realtime

/// Prices of one day, read from data: USD per million tokens, or per minute of audio.
public struct PriceTable: Sendable, Equatable, Decodable {
    struct ResponsePrice: Sendable, Equatable, Decodable {
        var textIn, textCached, textOut, audioIn, audioCached, audioOut: Double
        var imageIn, imageCached: Double?

        enum CodingKeys: String, CodingKey {
            case textIn = "text_in", textCached = "text_cached", textOut = "text_out"
            case audioIn = "audio_in", audioCached = "audio_cached", audioOut = "audio_out"
            case imageIn = "image_in", imageCached = "image_cached"
        }
    }

    struct TranscriptionPrice: Sendable, Equatable, Decodable {
        var audioIn, textIn, textOut, perMinute: Double?

        enum CodingKeys: String, CodingKey {
            case audioIn = "audio_in", textIn = "text_in", textOut = "text_out", perMinute = "per_minute"
        }
    }

    /// The day the prices were read, as the table states it.
    public let date: String
    private let responses: [String: ResponsePrice]
    private let transcriptions: [String: TranscriptionPrice]

    /// The table this program was built with.
    public static let builtIn = Result {
        try JSONDecoder().decode(PriceTable.self, from: Data(PackageResources.prices_json))
    }

    /// USD for a response; nil when the model or the usage has no price.
    public func cost(of usage: Usage, model: String) -> Double? { detail(of: usage, model: model)?.total }

    /// USD for a built-in transcript; nil when the model has no price of the usage's kind.
    public func cost(of usage: TranscriptionUsage, model: String) -> Double? { detail(of: usage, model: model)?.total }

    /// `cost` by what was counted.
    public func detail(of usage: Usage, model: String) -> CostDetail? {
        guard let price = Self.price(of: model, in: responses) else { return nil }
        let isSilent = usage.inputTokens == nil && usage.inputDetails == nil
            && usage.outputTokens == nil && usage.outputDetails == nil
        guard !isSilent else { return nil }
        let input = InputTokens(usage)
        let output = usage.outputDetails
        let textOut = output?.textTokens ?? (output?.audioTokens == nil ? usage.outputTokens ?? 0 : 0)
        var detail = CostDetail()
        detail[.textIn] = Self.usd(input.text - input.cachedText, price.textIn)
        detail[.textCached] = Self.usd(input.cachedText, price.textCached)
        detail[.textOut] = Self.usd(textOut, price.textOut)
        detail[.audioIn] = Self.usd(input.audio - input.cachedAudio, price.audioIn)
        detail[.audioCached] = Self.usd(input.cachedAudio, price.audioCached)
        detail[.audioOut] = Self.usd(output?.audioTokens ?? 0, price.audioOut)
        if input.image > 0 {
            guard let imageIn = price.imageIn else { return nil }
            detail[.imageIn] = Self.usd(input.image - input.cachedImage, imageIn)
            detail[.imageCached] = Self.usd(input.cachedImage, price.imageCached ?? imageIn)
        }
        return detail
    }

    /// `cost` by what was counted.
    public func detail(of usage: TranscriptionUsage, model: String) -> CostDetail? {
        guard let price = Self.price(of: model, in: transcriptions) else { return nil }
        var detail = CostDetail()
        switch usage {
        case .duration(let seconds):
            guard let perMinute = price.perMinute else { return nil }
            detail[.audioMinutes] = seconds / 60 * perMinute
        case .tokens(let tokens):
            guard let audioIn = price.audioIn, let textIn = price.textIn, let textOut = price.textOut
            else { return nil }
            // Without details the input is what was transcribed: audio.
            let text = tokens.inputDetails?.textTokens ?? 0
            let audio = tokens.inputDetails?.audioTokens ?? max(0, (tokens.inputTokens ?? 0) - text)
            detail[.audioIn] = Self.usd(audio, audioIn)
            detail[.textIn] = Self.usd(text, textIn)
            detail[.textOut] = Self.usd(tokens.outputTokens ?? 0, textOut)
        }
        return detail
    }

    private static func usd(_ tokens: Int, _ perMillion: Double) -> Double { Double(tokens) * perMillion / 1_000_000 }

    /// Exact name first, then the name a dated snapshot belongs to ("gpt-4o-mini-transcribe-2025-12-15").
    private static func price<Price>(of model: String, in table: [String: Price]) -> Price? {
        if let price = table[model] { return price }
        return table.first { name, _ in model.hasPrefix(name + "-20") }?.value
    }
}

/// Input tokens by kind. Cached counts are part of the input counts.
private struct InputTokens {
    var text, audio, image: Int
    var cachedText, cachedAudio, cachedImage: Int

    init(_ usage: Usage) {
        let details = usage.inputDetails
        image = details?.imageTokens ?? 0
        audio = details?.audioTokens ?? 0
        text = details?.textTokens ?? (details?.audioTokens == nil ? usage.inputTokens ?? 0 : 0)
        if let cached = details?.cachedDetails {
            cachedText = min(cached.textTokens ?? 0, text)
            cachedAudio = min(cached.audioTokens ?? 0, audio)
            cachedImage = min(cached.imageTokens ?? 0, image)
        } else {
            // Only the total is known (beta): prompts are text and come first in the cache; the rest was audio.
            let total = details?.cachedTokens ?? 0
            cachedText = min(total, text)
            cachedAudio = min(total - cachedText, audio)
            cachedImage = 0
        }
    }
}
