import Foundation
import Testing

@testable import Audio

@Suite struct SampleRingTests {
    private func write(_ samples: [Int16], to ring: SampleRing) -> Int {
        samples.withUnsafeBufferPointer { ring.write($0) }
    }

    private func read(_ count: Int, from ring: SampleRing) -> [Int16] {
        [Int16](unsafeUninitializedCapacity: count) { buffer, filled in filled = ring.read(into: buffer) }
    }

    @Test(arguments: [(0, 1), (1, 1), (3, 4), (4, 4), (1000, 1024), (-5, 1), (Int.max, SampleRing.maximumCapacity)])
    func capacityIsTheNextPowerOfTwoWithinItsLimits(wanted: Int, capacity: Int) {
        #expect(SampleRing(minimumCapacity: wanted).capacity == capacity)
    }

    @Test func framesComeOutOnceAndInOrder() {
        let ring = SampleRing(minimumCapacity: 8)
        #expect(write([1, 2, 3], to: ring) == 3)
        #expect(write([4, 5], to: ring) == 2)
        #expect(read(4, from: ring) == [1, 2, 3, 4])
        #expect(read(4, from: ring) == [5])
        #expect(read(4, from: ring) == [])
    }

    @Test func everyWrapOffsetKeepsTheOrder() {
        let ring = SampleRing(minimumCapacity: 8)
        for offset in 0..<40 {
            let samples = (0..<7).map { Int16(offset * 10 + $0) }
            #expect(write(samples, to: ring) == 7)
            #expect(read(7, from: ring) == samples)
        }
    }

    @Test func aFullRingKeepsWhatItHasAndCountsTheRest() {
        let ring = SampleRing(minimumCapacity: 4)
        #expect(write([1, 2, 3, 4, 5, 6], to: ring) == 4)
        #expect(write([7], to: ring) == 0)
        #expect(ring.droppedFrames == 3)
        #expect(ring.availableToWrite == 0)
        #expect(read(9, from: ring) == [1, 2, 3, 4])
        #expect(ring.availableToWrite == 4)
    }

    @Test func noFramesAreANoOpOnBothSides() {
        let ring = SampleRing(minimumCapacity: 4)
        #expect(ring.write(UnsafeBufferPointer(start: nil, count: 0)) == 0)
        #expect(ring.read(into: UnsafeMutableBufferPointer(start: nil, count: 0)) == 0)
        #expect(write([], to: ring) == 0)
        #expect(ring.availableToRead == 0)
        #expect(ring.droppedFrames == 0)
    }

    @Test func discardSkipsWhatIsThereAndNoMore() {
        let ring = SampleRing(minimumCapacity: 4)
        _ = write([1, 2, 3], to: ring)
        #expect(ring.discard(2) == 2)
        #expect(read(1, from: ring) == [3])
        #expect(ring.discard(5) == 0)
        #expect(ring.discard(-1) == 0)
        #expect(ring.readFrames == 3)
    }

    @Test func twoThreadsMoveTenMillionFramesWithoutLossOrDisorder() {
        let ring = SampleRing(minimumCapacity: 4096)
        let total = 10_000_000
        let writer = Thread {
            let pattern = (0..<0x1_0000 + 1024).map { Int16(truncatingIfNeeded: $0) }
            var written = 0
            var size = 1
            pattern.withUnsafeBufferPointer { pattern in
                while written < total {
                    size = size % 1021 + 1
                    let start = written & 0xFFFF
                    let count = min(size, total - written, ring.availableToWrite)
                    written += ring.write(UnsafeBufferPointer(rebasing: pattern[start..<start + count]))
                    if count == 0 { sched_yield() }
                }
            }
        }
        writer.start()
        let pattern = (0..<0x1_0000 + 2048).map { Int16(truncatingIfNeeded: $0) }
        let buffer = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 1777)
        defer { buffer.deallocate() }
        let deadline = Date(timeIntervalSinceNow: 30)
        var moved = 0
        var isInOrder = true
        while moved < total, isInOrder, Date() < deadline {
            let count = ring.read(into: buffer)
            if count == 0 { sched_yield() }
            isInOrder = pattern.withUnsafeBufferPointer {
                memcmp($0.baseAddress! + (moved & 0xFFFF), buffer.baseAddress!, count * 2) == 0
            }
            moved += count
        }
        #expect(isInOrder)
        #expect(moved == total)
        #expect(ring.droppedFrames == 0)
    }
}
