import Realtime
import Testing

@testable import Session

@Suite struct PlayoutTests {
    private static let a = ContentPart.part("resp_1", "item_a")
    private static let b = ContentPart.part("resp_1", "item_b", output: 1)
    private static let other = ContentPart.part("resp_2", "item_c")

    private static func segment(_ part: ContentPart, _ frames: Int, heard: Int) -> Playout.Segment {
        Playout.Segment(part: part, frames: frames, heardFrames: heard)
    }

    /// 100 frames of `a`, then 50 of `b`.
    private static func twoItems() -> Playout {
        var playout = Playout()
        _ = playout.append(pcm(100), of: a)
        _ = playout.append(pcm(50), of: b)
        return playout
    }

    @Test func samplesAreLittleEndianPCM16() {
        var playout = Playout()
        #expect(playout.append([0x01, 0x00, 0xFF, 0xFF, 0x00, 0x80], of: Self.a) == [1, -1, Int16.min])
    }

    @Test func aSampleSplitBetweenTwoDeltasIsHeardWhole() {
        var playout = Playout()
        #expect(playout.append([0x34], of: Self.a) == [])
        #expect(playout.append([0x12, 0x78], of: Self.a) == [0x1234])
        #expect(playout.append([0x56], of: Self.a) == [0x5678])
        #expect(playout.pendingFrames == 2)
    }

    @Test func halfASampleOfOnePartIsNotJoinedToAnother() {
        var playout = Playout()
        _ = playout.append([0x34], of: Self.a)
        #expect(playout.append([0x12, 0x00], of: Self.b) == [0x12])
    }

    @Test func theClockIsLaidOverTheItemsInOrder() {
        var playout = Self.twoItems()
        playout.heard(frames: 120)
        #expect(playout.segments(of: "resp_1")
            == [Self.segment(Self.a, 100, heard: 100), Self.segment(Self.b, 50, heard: 20)])
        #expect(playout.pendingFrames == 30)
    }

    @Test func noMoreIsHeardThanWasHandedOver() {
        var playout = Self.twoItems()
        playout.heard(frames: 9999)
        #expect(playout.pendingFrames == 0)
        #expect(!playout.isPending("resp_1"))
    }

    @Test func theClockNeverRunsBackwards() {
        var playout = Self.twoItems()
        playout.heard(frames: 120)
        playout.heard(frames: 10)
        playout.heard(frames: -5)
        #expect(playout.pendingFrames == 30)
    }

    @Test func interleavedDeltasOfAPartCountTogether() {
        var playout = Playout()
        for part in [Self.a, Self.b, Self.a] { _ = playout.append(pcm(10), of: part) }
        playout.heard(frames: 15)
        #expect(playout.segments(of: "resp_1")
            == [Self.segment(Self.a, 20, heard: 10), Self.segment(Self.b, 10, heard: 5)])
    }

    @Test func aFlushSaysWhatWasHeardInTheEnd() {
        var playout = Self.twoItems()
        playout.heard(frames: 40)
        playout.flush()
        #expect(playout.pendingFrames == 0)
        #expect(playout.flushed(heardFrames: 60)
            == [Self.segment(Self.a, 100, heard: 60), Self.segment(Self.b, 50, heard: 0)])
        #expect(playout.segments(of: "resp_1") == [])
    }

    @Test func aFlushThatWasNeverAskedForSaysNothing() {
        var playout = Self.twoItems()
        #expect(playout.flushed(heardFrames: 60) == [])
    }

    @Test func flushesAreAnsweredInOrder() {
        var playout = Self.twoItems()
        playout.flush()
        _ = playout.append(pcm(10), of: Self.other)
        playout.flush()
        #expect(playout.flushed(heardFrames: 100).map(\.part) == [Self.a, Self.b])
        #expect(playout.flushed(heardFrames: 4) == [Self.segment(Self.other, 10, heard: 4)])
    }

    @Test func aClockReadingThatCrossedTheFlushDoesNotCountForTheNextAnswer() {
        var playout = Self.twoItems()
        playout.flush()
        _ = playout.append(pcm(50), of: Self.other)
        playout.heard(frames: 30)
        #expect(playout.segments(of: "resp_2") == [Self.segment(Self.other, 50, heard: 0)])
        #expect(playout.flushed(heardFrames: 30).first == Self.segment(Self.a, 100, heard: 30))
    }

    @Test func forgettingKeepsTheClock() {
        var playout = Self.twoItems()
        playout.heard(frames: 150)
        playout.forgetHeard { _ in false }
        #expect(playout.segments(of: "resp_1") == [])
        _ = playout.append(pcm(20), of: Self.other)
        playout.heard(frames: 155)
        #expect(playout.segments(of: "resp_2") == [Self.segment(Self.other, 20, heard: 5)])
    }

    @Test func unheardAndLiveSegmentsAreNotForgotten() {
        var playout = Self.twoItems()
        playout.heard(frames: 120)
        playout.forgetHeard { _ in true }
        #expect(playout.segments(of: "resp_1").count == 2)
        playout.forgetHeard { _ in false }
        #expect(playout.segments(of: "resp_1") == [Self.segment(Self.b, 50, heard: 20)])
    }
}
