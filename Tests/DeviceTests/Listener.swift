import Foundation
import MonotonicClock
import Synchronization
import Testing

@testable import Audio

/// The visitor's ear at the far end of a cable: hears every frame, and knows when it could be heard.
final class Listener: @unchecked Sendable {
    // SAFETY: `samples` and `looks` are written by the thread before `done` is signalled and read after it was waited
    // for; `pcm` is used by the thread alone.

    /// What was heard, in one channel.
    struct Recording {
        let rate: Int
        let samples: [Int16]
        /// How many frames there were at which time, growing.
        fileprivate let looks: [(ns: Int64, frames: Int)]

        /// When the frame could be read. The card's tick of 4 ms and our look every millisecond are in it: it is never
        /// early.
        func ns(of frame: Int) -> Int64 {
            var range = 0..<looks.count
            while !range.isEmpty {
                let middle = (range.lowerBound + range.upperBound) / 2
                range = looks[middle].frames > frame ? range.lowerBound..<middle : middle + 1..<range.upperBound
            }
            return range.lowerBound < looks.count ? looks[range.lowerBound].ns : .max
        }

        /// The first frame that could not be read before `ns`.
        func frame(at ns: Int64) -> Int { looks.last { $0.ns < ns }?.frames ?? 0 }
    }

    private let pcm: PCM
    private let layout: Layout
    private let isStopping = Atomic<Bool>(false)
    private let done = DispatchSemaphore(value: 0)
    private var samples: [Int16] = []
    private var looks: [(ns: Int64, frames: Int)] = []

    /// Listens from now on. The cable takes this layout.
    init(_ layout: Layout, on loopback: Loopback) throws {
        let timing = try StreamTiming(AudioDevice("listener", periodMs: 10, bufferMs: 500))
        pcm = try PCM(name: loopback.far, direction: .capture, timing: timing, wishes: layout.wishes)
        self.layout = layout
        try #require(pcm.prepare() == 0)
        try #require(pcm.start() == 0)
        samples.reserveCapacity(60 * layout.rate)
        looks.reserveCapacity(60_000)
        Thread.detachNewThread { [self] in listen() }
    }

    /// Ends the listening. Call once.
    func recording() -> Recording {
        isStopping.store(true, ordering: .releasing)
        done.wait()
        return Recording(rate: layout.rate, samples: samples, looks: looks)
    }

    private func listen() {
        let frames = layout.rate / 2
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: frames * layout.bytesPerFrame, alignment: 16)
        defer {
            buffer.deallocate()
            done.signal()
        }
        guard let start = buffer.baseAddress else { return }
        while !isStopping.load(ordering: .acquiring) {
            usleep(1000)
            // Asks the kernel, which else looks once a period.
            _ = pcm.delay()
            _ = pcm.available()
            let count = pcm.read(into: start, frames: frames)
            guard count > 0 else { continue }
            for frame in 0..<count {
                samples.append(start.loadUnaligned(fromByteOffset: frame * layout.bytesPerFrame, as: Int16.self))
            }
            looks.append((Instant.now.ns, samples.count))
        }
    }
}
