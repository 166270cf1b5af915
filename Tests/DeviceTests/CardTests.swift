import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// Our owner of a card, without any conversion of ours.
    @Suite(Needed.loopback) struct CardTests {
        private let cable = Loopback(cable: 0)
        private let timing: StreamTiming

        init() throws { timing = try StreamTiming(AudioDevice("card")) }

        /// 200 ms of bytes that repeat nowhere and begin with no zero.
        private func bytes(_ layout: Layout) -> Data {
            var state: UInt64 = 0x9E37_79B9_7F4A_7C15
            return Data((0..<layout.rate / 5 * layout.bytesPerFrame).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56) | 1
            })
        }

        @Test(arguments: Layout.cards) func capturesEveryBitOfEveryLayout(_ layout: Layout) throws {
            let visitor = try FarEnd.playing(layout, on: cable)
            let sent = bytes(layout)
            let pcm = try PCM(name: cable.kiosk, direction: .capture, timing: timing, wishes: layout.wishes)
            #expect(pcm.description.hasPrefix("\(cable.kiosk): \(layout), period \(layout.rate / 100) frames"))
            try #require(pcm.prepare() == 0)
            try #require(pcm.start() == 0)
            visitor.play(sent, layout)
            let received = capture(sent.count, from: pcm, bytesPerFrame: layout.bytesPerFrame)
            // Compared before #expect, which would look for the differences of all bytes for minutes.
            let isExact = received == sent
            #expect(isExact)
            #expect(visitor.words == "")
            Figures.record("alsa card captures \(layout)", isExact ? "\(sent.count) bytes exact" : "different")
        }

        @Test(arguments: Layout.cards) func playsEveryBitOfEveryLayout(_ layout: Layout) throws {
            let visitor = try FarEnd.recording(layout, on: cable)
            let sent = bytes(layout)
            let pcm = try PCM(name: cable.kiosk, direction: .playback, timing: timing, wishes: layout.wishes)
            #expect(pcm.description.hasPrefix("\(cable.kiosk): \(layout), period \(layout.rate / 100) frames"))
            try #require(pcm.prepare() == 0)
            try #require(play(sent, on: pcm, bytesPerFrame: layout.bytesPerFrame) == 0)
            try visitor.recordMore(layout.rate / 10 * layout.bytesPerFrame)
            let received = try Data(visitor.recorded().drop { $0 == 0 }.prefix(sent.count))
            let isExact = received == sent
            #expect(isExact)
            #expect(visitor.words == "")
            Figures.record("alsa card plays \(layout)", isExact ? "\(sent.count) bytes exact" : "different")
        }

        /// Reads until `count` bytes are there, from the first that is not zero.
        private func capture(_ count: Int, from pcm: borrowing PCM, bytesPerFrame: Int) -> Data {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 480 * bytesPerFrame, alignment: 16)
            defer { buffer.deallocate() }
            guard let start = buffer.baseAddress else { return Data() }
            var received = Data()
            // 5 s at the most.
            for _ in 0..<500 where received.count < count {
                guard pcm.wait(wake: -1, timeoutMs: PCM.stallMs) == .ready else { break }
                let frames = pcm.read(into: start, frames: 480)
                if frames == -Int(EAGAIN) { continue }
                guard frames > 0 else { break }
                let bytes = Data(bytes: start, count: frames * bytesPerFrame)
                received += received.isEmpty ? bytes.drop { $0 == 0 } : bytes
            }
            return Data(received.prefix(count))
        }

        /// Plays all of `data`, to its end. -errno when the card refuses.
        private func play(_ data: Data, on pcm: borrowing PCM, bytesPerFrame: Int) -> Int {
            let count = data.count / bytesPerFrame
            var written = 0
            var isStarted = false
            while written < count {
                let frames = data.withUnsafeBytes { bytes in
                    pcm.write(bytes.baseAddress! + written * bytesPerFrame, frames: min(480, count - written))
                }
                if frames > 0 {
                    written += frames
                } else if frames != -Int(EAGAIN) {
                    return frames
                } else if !isStarted {
                    isStarted = true
                    if case let code = pcm.start(), code < 0 { return Int(code) }
                } else if pcm.wait(wake: -1, timeoutMs: PCM.stallMs) == .timedOut {
                    return -Int(ETIMEDOUT)
                }
            }
            _ = eventually { pcm.delay() <= 0 }
            return 0
        }
    }
}
