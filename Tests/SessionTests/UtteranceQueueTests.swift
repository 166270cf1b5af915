import MonotonicClock
import Testing

@testable import Session

@Suite struct UtteranceQueueTests {
    private static let first = TurnID(rawValue: 1)
    private static let second = TurnID(rawValue: 2)

    /// One utterance of a second from frame 0.
    private static func released() -> UtteranceQueue {
        var queue = UtteranceQueue()
        queue.begin(first, frame: 0)
        _ = queue.end(frame: frames(1000), at: .ms(800))
        return queue
    }

    @Test func audioLeavesInBlocksOfTwentyMillisecondsWhileTheVisitorSpeaks() {
        var queue = UtteranceQueue()
        queue.begin(Self.first, frame: 0)
        #expect(queue.send(capturedUntil: 479) == [])
        #expect(queue.send(capturedUntil: 480) == [.append(0..<480)])
        #expect(queue.send(capturedUntil: 960) == [.append(480..<960)])
    }

    @Test func aBacklogLeavesInAppendsOfOneSecondAtMost() {
        var queue = UtteranceQueue()
        queue.begin(Self.first, frame: 0)
        #expect(queue.send(capturedUntil: 60_000)
            == [.append(0..<24_000), .append(24_000..<48_000), .append(48_000..<60_000)])
    }

    @Test func theCommitFollowsTheLastFrameOfTheTail() {
        var queue = Self.released()
        #expect(queue.send(capturedUntil: 23_999) == [.append(0..<23_999)])
        #expect(queue.send(capturedUntil: 24_500) == [.append(23_999..<24_000), .commit(Self.first)])
        #expect(queue.send(capturedUntil: 30_000) == [])
    }

    @Test func utterancesLeaveOneAfterTheOther() {
        var queue = Self.released()
        queue.begin(Self.second, frame: 24_000)
        #expect(queue.send(capturedUntil: 24_480)
            == [.append(0..<24_000), .commit(Self.first), .append(24_000..<24_480)])
        #expect(queue.hasLater(than: Self.first))
        #expect(!queue.hasLater(than: Self.second))
    }

    @Test func onlyACommitThatWasSentCanBeAcknowledged() {
        var queue = Self.released()
        #expect(queue.acknowledged() == nil)
        _ = queue.send(capturedUntil: 24_000)
        #expect(queue.acknowledged() == Self.first)
        #expect(queue.acknowledged() == nil)
    }

    @Test func aBreakTakesAnUncommittedUtteranceBackToItsFirstFrame() {
        var queue = Self.released()
        _ = queue.send(capturedUntil: 24_000)
        queue.linkLost()
        #expect(queue.acknowledged() == nil)
        #expect(queue.oldestNeededFrame == 0)
        #expect(queue.send(capturedUntil: 24_000) == [.append(0..<24_000), .commit(Self.first)])
    }

    @Test func patienceEndsTenSecondsAfterTheRelease() {
        var queue = Self.released()
        #expect(queue.deadline == .ms(10_800))
        #expect(queue.expire(at: .ms(10_799)) == [])
        #expect(queue.expire(at: .ms(10_800)) == [Self.first])
        #expect(queue.turns == [])
    }

    @Test func anUtteranceStillSpokenIsNotGivenUp() {
        var queue = UtteranceQueue()
        queue.begin(Self.first, frame: 0)
        #expect(queue.deadline == nil)
        #expect(queue.expire(at: .ms(100_000)) == [])
    }

    @Test func endingTwiceEndsOnce() {
        var queue = Self.released()
        #expect(queue.end(frame: 99_000, at: .ms(900)) == nil)
        #expect(queue.send(capturedUntil: 99_000).last == .commit(Self.first))
        var empty = UtteranceQueue()
        #expect(empty.end(frame: 0, at: t0) == nil)
    }

    @Test func utterancesOfTurnsThatAreOverAreForgotten() {
        var queue = Self.released()
        queue.begin(Self.second, frame: 24_000)
        queue.removeAll { $0 == Self.first }
        #expect(queue.turns == [Self.second])
        #expect(queue.oldestNeededFrame == 24_000)
    }
}
