import Testing

@testable import Audio

/// What is asked of a card; the null card grants everything.
@Suite struct NegotiationTests {
    private func words(_ conversion: SoundConversion) throws -> String {
        try probe(device: AudioDevice("null", conversion: conversion), .capture)
    }

    @Test(arguments: [(0, "1 channel"), (1, "channel 1 of 2"), (2, "channel 2 of 2"), (8, "channel 8 of 8")])
    func aChosenChannelGetsACardThatHasIt(channel: Int, expected: String) throws {
        #expect(try words(SoundConversion(channel: channel)).hasPrefix("null: 24000 Hz, S16_LE, \(expected), period "))
    }

    /// Of a card at 48 kHz; in ms.
    @Test(arguments: [
        (period: 10, buffer: 40, wake: 20), (5, 40, 20), (10, 20, 10), (5, 10, 5), (15, 60, 15), (40, 160, 40),
        (7, 40, 14),
    ])
    func captureIsWokenForWholePeriodsUpToAnAppendAndHalfOfTheBuffer(period: Int, buffer: Int, wake: Int) {
        var wishes = PCMWishes()
        #expect(wishes.wakeFrames(rate: 48_000, periodFrames: 48 * period, bufferFrames: 48 * buffer) == 48 * period)
        wishes.wakeMs = 20
        #expect(wishes.wakeFrames(rate: 48_000, periodFrames: 48 * period, bufferFrames: 48 * buffer) == 48 * wake)
    }

    @Test func conversionIsBroughtWithinItsLimits() {
        #expect(SoundConversion(channel: -1, resamplerQuality: 11) == SoundConversion(channel: 0, resamplerQuality: 10))
        #expect(SoundConversion(channel: 65, resamplerQuality: -1) == SoundConversion(channel: 64, resamplerQuality: 0))
    }

    @Test(arguments: SoundConversion.resamplerQualities)
    func everyQualityConvertsWithALatencyThatGrowsWithIt(quality: Int) throws {
        let resampler = try Resampler(from: 44_100, to: 24_000, quality: quality)
        let lower = try Resampler(from: 44_100, to: 24_000, quality: max(0, quality - 1))
        #expect((1...480).contains(resampler.inputLatencyFrames))
        #expect(quality == 0 || resampler.inputLatencyFrames > lower.inputLatencyFrames)
    }

    @Test func aPlugInIsReadAndWrittenAndOffersWhatItOffers() throws {
        let port = try soundPort(device: "null", .playback)
        let abilities = try port.abilities.get()
        #expect(abilities.rates.first == 192_000)
        #expect(abilities.rates.last == 8000)
        #expect(abilities.formats == ["S16_LE", "S32_LE", "S24_LE", "S24_3LE"])
        #expect(!abilities.hasMmap)
        let agreement = try abilities.agreement.get()
        #expect(
            agreement
                == "24000 Hz, S16_LE, 1 channel, period 240 frames (10.0 ms), buffer 960 frames (40.0 ms), read/write")
    }

    @Test func whatCannotBeOpenedSaysWhy() throws {
        let port = try soundPort(device: "no-such-pcm", .capture)
        #expect(port.abilities == .failure(AudioError(.reopen, "no-such-pcm: open: No such file or directory")))
    }
}
