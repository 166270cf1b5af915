import Testing

@testable import Session

@Suite struct MicrophoneHealthTests {
    private static let block = 480
    private static let blocksIn10s = 500

    /// Feeds blocks of 20 ms, made by `sample` from the frame's number.
    private func feed(
        _ health: inout MicrophoneHealth, blocks: Int, isTurnOpen: Bool = false, _ sample: (Int) -> Int16
    ) -> [MicrophoneHealth.Finding] {
        (0..<blocks).flatMap { block in
            let samples = (0..<Self.block).map { sample(block * Self.block + $0) }
            return samples.withUnsafeBufferPointer { health.captured($0, isTurnOpen: isTurnOpen) }
        }
    }

    /// The noise of a quiet room: the last bit moves now and then.
    private func quiet(_ frame: Int) -> Int16 { frame % 97 == 0 ? 1 : 0 }

    @Test func tenSecondsOfEqualSamplesAreSaidOnceAndNotAFrameEarlier() {
        var health = MicrophoneHealth()
        #expect(feed(&health, blocks: Self.blocksIn10s - 1) { _ in 0 } == [])
        #expect([Int16](repeating: 0, count: 479).withUnsafeBufferPointer {
            health.captured($0, isTurnOpen: false)
        } == [])
        #expect([0].withUnsafeBufferPointer { health.captured($0, isTurnOpen: false) } == [.digitalSilence])
        #expect(feed(&health, blocks: 10 * Self.blocksIn10s) { _ in 0 } == [])
    }

    @Test func aStuckSampleIsSilenceToo() {
        var health = MicrophoneHealth()
        // The first block differs from the silence before the start.
        #expect(feed(&health, blocks: Self.blocksIn10s) { _ in -1 } == [.digitalSilence])
        #expect(feed(&health, blocks: 1) { _ in 0 } == [.soundAgain])
    }

    @Test func theNoiseOfAQuietRoomIsNoSilence() {
        var health = MicrophoneHealth()
        #expect(feed(&health, blocks: 3 * Self.blocksIn10s, quiet) == [])
    }

    @Test func oneSoundBeginsTheTenSecondsAnew() {
        var health = MicrophoneHealth()
        _ = feed(&health, blocks: Self.blocksIn10s - 1) { _ in 0 }
        #expect(feed(&health, blocks: 1) { $0 == 100 ? 5 : 0 } == [])
        // 379 equal samples follow the sound in its own block.
        #expect(feed(&health, blocks: Self.blocksIn10s - 1) { _ in 0 } == [])
        #expect(feed(&health, blocks: 1) { _ in 0 } == [.digitalSilence])
    }

    @Test func soundAfterSilenceIsSaidAndTheNextSilenceToo() {
        var health = MicrophoneHealth()
        _ = feed(&health, blocks: Self.blocksIn10s) { _ in 0 }
        #expect(feed(&health, blocks: 5, quiet) == [.soundAgain])
        #expect(feed(&health, blocks: Self.blocksIn10s) { _ in 0 } == [.digitalSilence])
    }

    @Test func aFileMayEndInSilence() {
        var health = MicrophoneHealth(noticesSilence: false)
        #expect(feed(&health, blocks: 2 * Self.blocksIn10s) { _ in 0 } == [])
    }

    @Test(arguments: [32_767, 32_390, -32_390, -32_768] as [Int16])
    func moreThanOnePercentOfATurnAtFullScaleIsSaidAtItsEnd(peak: Int16) {
        var health = MicrophoneHealth()
        #expect(feed(&health, blocks: 100, isTurnOpen: true) { $0 % 50 == 0 ? peak : 100 } == [])
        #expect(feed(&health, blocks: 2, quiet) == [.clipping(permille: 20)])
    }

    @Test func onePercentIsNotTooMuchAndLoudIsNotClipped() {
        var health = MicrophoneHealth()
        _ = feed(&health, blocks: 100, isTurnOpen: true) { $0 % 100 == 0 ? 32_767 : 100 }
        #expect(feed(&health, blocks: 1, quiet) == [])
        _ = feed(&health, blocks: 100, isTurnOpen: true) { $0 % 2 == 0 ? 32_389 : -32_389 }
        #expect(feed(&health, blocks: 1, quiet) == [])
    }

    @Test func clippingIsSaidAgainOnlyAfterACleanTurn() {
        var health = MicrophoneHealth()
        func turn(_ peak: Int16) -> [MicrophoneHealth.Finding] {
            feed(&health, blocks: 10, isTurnOpen: true) { $0 % 2 == 0 ? peak : 7 } + feed(&health, blocks: 1, quiet)
        }
        #expect(turn(32_767) == [.clipping(permille: 500)])
        #expect(turn(32_767) == [])
        #expect(turn(1000) == [])
        #expect(turn(32_767) == [.clipping(permille: 500)])
    }

    @Test func whatClipsBetweenTurnsDoesNotCount() {
        var health = MicrophoneHealth()
        _ = feed(&health, blocks: 10, isTurnOpen: true, quiet)
        #expect(feed(&health, blocks: 100) { $0 % 2 == 0 ? 32_767 : 0 } == [])
    }

    @Test func aDeviceThatBeginsAnewIsJudgedAnew() {
        var health = MicrophoneHealth()
        _ = feed(&health, blocks: Self.blocksIn10s) { _ in 0 }
        health.restarted()
        #expect(feed(&health, blocks: Self.blocksIn10s - 1) { _ in 0 } == [])
        #expect(feed(&health, blocks: 1) { _ in 0 } == [.digitalSilence])
    }

    @Test func findingsAreWordsForTheOperator() {
        let clipping = MicrophoneHealth.Finding.clipping(permille: 34)
        #expect("\(clipping)" == "3.4 % of what was said is clipped: turn the capture level down")
        #expect("\(MicrophoneHealth.Finding.digitalSilence)".hasPrefix("nothing but digital silence for 10 s: "))
    }
}
