import Realtime
import Testing

@testable import Session

@Suite struct PriceTableTests {
    private let prices: PriceTable

    init() throws { prices = try PriceTable.builtIn.get() }

    private static func usage(
        textIn: Int? = nil, audioIn: Int? = nil, cachedText: Int? = nil, cachedAudio: Int? = nil, textOut: Int? = nil,
        audioOut: Int? = nil
    ) -> Usage {
        let cached: Usage.CachedDetails? = if cachedText == nil, cachedAudio == nil {
            nil
        } else {
            Usage.CachedDetails(textTokens: cachedText, audioTokens: cachedAudio)
        }
        return Usage(
            inputDetails: .init(textTokens: textIn, audioTokens: audioIn, cachedDetails: cached),
            outputDetails: .init(textTokens: textOut, audioTokens: audioOut))
    }

    /// Equal to the sixth decimal, as costs are printed.
    private static func isSame(_ cost: Double?, _ wanted: Double) -> Bool {
        cost.map { abs($0 - wanted) < 0.000_000_5 } ?? false
    }

    @Test func theShippedTableIsReadableAndDated() {
        #expect(prices.date.count == 10)
    }

    @Test func theWorkedCheckOfThePriceSectionHolds() {
        #expect(Self.isSame(prices.cost(of: Self.usage(audioIn: 100, audioOut: 200), model: "gpt-realtime"), 0.016))
    }

    @Test func aColdLastTurnRequestCostsWhatWasRecorded() {
        let cold = Self.usage(textIn: 1809, audioIn: 0, textOut: 5, audioOut: 0)
        #expect(Self.isSame(prices.cost(of: cold, model: "gpt-realtime"), 0.007316))
    }

    @Test func aWarmLastTurnRequestCostsWhatWasRecorded() {
        // 1,792 of the 1,809 prompt tokens from the cache: "about 0.0011 USD warm".
        let warm = Self.usage(textIn: 1809, audioIn: 0, cachedText: 1792, cachedAudio: 0, textOut: 18, audioOut: 0)
        #expect(Self.isSame(prices.cost(of: warm, model: "gpt-realtime"), 0.001073))
    }

    @Test func cachedTokensArePartOfTheInputTokens() {
        let usage = Usage(
            totalTokens: 513, inputTokens: 438, outputTokens: 75,
            inputDetails: .init(
                textTokens: 412, audioTokens: 26, imageTokens: 0, cachedTokens: 384,
                cachedDetails: .init(textTokens: 384, audioTokens: 0, imageTokens: 0)),
            outputDetails: .init(textTokens: 14, audioTokens: 61))
        // 28 x 4 + 384 x 0.4 + 26 x 32 + 14 x 16 + 61 x 64
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.005226))
    }

    @Test func cachedAudioIsNotChargedAsCachedText() {
        // 100 x 4 + 36 x 32 + 64 x 0.4: the fallback on the total would take the 64 from the text.
        var usage = Self.usage(textIn: 100, audioIn: 100, cachedText: 0, cachedAudio: 64)
        usage.inputDetails?.cachedTokens = 64
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.001578))
    }

    @Test func theTotalOfCachedTokensCountsOnlyWithoutDetails() {
        var usage = Self.usage(textIn: 100, audioIn: 100)
        usage.inputDetails?.cachedTokens = 128
        // The text first, the rest was audio: 100 x 0.4 + 28 x 0.4 + 72 x 32.
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.002355))
    }

    @Test func moreCachedThanThereWasIsCutToWhatThereWas() {
        let usage = Self.usage(textIn: 10, audioIn: 10, cachedText: 999, cachedAudio: 999)
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.000008))
    }

    @Test func withoutDetailsTokensAreText() {
        let usage = Usage(inputTokens: 1000, outputTokens: 100)
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.0056))
    }

    @Test func usageThatSaysNothingHasNoPrice() {
        #expect(prices.cost(of: Usage(), model: "gpt-realtime") == nil)
        #expect(prices.cost(of: Usage(totalTokens: 9), model: "gpt-realtime") == nil)
    }

    @Test func anUnknownModelHasNoPrice() {
        #expect(prices.cost(of: Usage(inputTokens: 1), model: "gpt-unheard-of") == nil)
        #expect(prices.cost(of: .duration(seconds: 1), model: "gpt-unheard-of") == nil)
    }

    @Test func aDatedSnapshotCostsWhatItsModelCosts() {
        let usage = Usage(inputTokens: 1_000_000)
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime-2025-08-28"), 4))
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime-mini-2025-10-06"), 0.6))
        #expect(Self.isSame(prices.cost(of: .duration(seconds: 60), model: "gpt-4o-mini-transcribe-2025-12-15"), 0.003))
        #expect(prices.cost(of: usage, model: "gpt-realtime-9") == nil)
    }

    @Test func imagesAreChargedWhereTheyHaveAPrice() {
        let usage = Usage(inputDetails: .init(
            textTokens: 0, imageTokens: 1000, cachedDetails: .init(imageTokens: 400)))
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime"), 0.0032))
        #expect(Self.isSame(prices.cost(of: usage, model: "gpt-realtime-2.1"), 0.005))
        #expect(prices.cost(of: usage, model: "gpt-4o-mini-realtime-preview") == nil)
    }

    @Test func aBuiltInTranscriptIsPricedByItsTokens() {
        let tokens = Usage(
            inputTokens: 60, outputTokens: 20, inputDetails: .init(textTokens: 2, audioTokens: 58))
        #expect(Self.isSame(prices.cost(of: .tokens(tokens), model: "gpt-4o-transcribe"), 0.000553))
    }

    @Test func theInputOfABuiltInTranscriptWithoutDetailsIsAudio() {
        let tokens = Usage(inputTokens: 100, outputTokens: 10)
        #expect(Self.isSame(prices.cost(of: .tokens(tokens), model: "gpt-4o-transcribe"), 0.0007))
    }

    @Test func aBuiltInTranscriptIsPricedByItsDuration() {
        #expect(Self.isSame(prices.cost(of: .duration(seconds: 90), model: "whisper-1"), 0.009))
        #expect(prices.cost(of: .tokens(Usage(inputTokens: 5)), model: "whisper-1") == nil)
    }
}
