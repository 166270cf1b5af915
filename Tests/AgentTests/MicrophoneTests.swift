import Audio
import Foundation
import MonotonicClock
import Session
import Testing

@testable import kiosk_agent

@Suite struct MicrophoneTests {
    /// A microphone that hears `samples`, after it has heard all of them.
    private func heard(_ samples: [Int16], isTurnOpen: Bool) throws -> (Microphone, [DeviceReport]) {
        let folder = try TemporaryFolder()
        let file = try folder.write(wave(samples), to: "said.wav")
        let start = Instant.now
        let microphone = Microphone(device: AudioDevice("wav:\(file)"))
        _ = microphone.open(at: start)
        var reports: [DeviceReport] = []
        let deadline = start + .seconds(5)
        while microphone.endFrame < samples.count, Instant.now < deadline {
            var event = pollfd(fd: try #require(microphone.eventDescriptor), events: Int16(POLLIN), revents: 0)
            poll(&event, 1, 1000)
            reports += microphone.process(at: .now, isTurnOpen: isTurnOpen)
        }
        #expect(microphone.endFrame >= samples.count)
        return (microphone, reports)
    }

    /// 24 kHz mono PCM16 as a WAV file.
    private func wave(_ samples: [Int16]) -> Data {
        func bytes<T: FixedWidthInteger>(_ value: T) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        let sound = samples.withUnsafeBytes { Data($0) }
        var data = Data("RIFF".utf8)
        data += bytes(UInt32(36 + sound.count))
        data += Data("WAVEfmt ".utf8)
        data += bytes(UInt32(16))
        data += bytes(UInt16(1))
        data += bytes(UInt16(1))
        data += bytes(UInt32(24_000))
        data += bytes(UInt32(48_000))
        data += bytes(UInt16(2))
        data += bytes(UInt16(16))
        data += Data("data".utf8)
        data += bytes(UInt32(sound.count))
        data += sound
        return data
    }

    @Test func loudnessIsToldOnceInStretchesOfAtMostTwentyMilliseconds() throws {
        let (microphone, _) = try heard([Int16](repeating: -100, count: 2400), isTurnOpen: false)
        var levels: [SoundLevel] = []
        microphone.takeLevels { levels.append($0) }
        var untilFrame = 0
        for level in levels {
            #expect((1...480).contains(level.untilFrame - untilFrame))
            untilFrame = level.untilFrame
        }
        #expect(untilFrame == microphone.endFrame)
        // The file is followed by silence.
        #expect(levels.reduce(0) { $0 + $1.squares } == 2400 * 100 * 100)
        microphone.takeLevels { Issue.record("again: \($0)") }
    }

    private let clipped = [Int16](repeating: 32_767, count: 2400)

    @Test func aClippedTurnIsAFaultAtItsEnd() throws {
        let (microphone, reports) = try heard(clipped, isTurnOpen: true)
        #expect(reports == [])
        let end = microphone.endFrame
        var later: [DeviceReport] = []
        let deadline = Instant.now + .seconds(5)
        while microphone.endFrame == end, Instant.now < deadline {
            var event = pollfd(fd: try #require(microphone.eventDescriptor), events: Int16(POLLIN), revents: 0)
            poll(&event, 1, 1000)
            later += microphone.process(at: .now, isTurnOpen: false)
        }
        guard case .fault(let fault)? = later.first else {
            Issue.record("no fault: \(later)")
            return
        }
        #expect(later.count == 1)
        #expect(fault.class == .audio)
        #expect(fault.what.hasSuffix("% of what was said is clipped: turn the capture level down"))
    }

    @Test func whatClipsBetweenTurnsIsNoFault() throws {
        let (_, reports) = try heard(clipped, isTurnOpen: false)
        #expect(reports == [])
    }

    @Test func thePressIsFoundInTheSoundHoweverLateTheLoopIs() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(wave([Int16](repeating: 1, count: 24_000)), to: "said.wav")
        let microphone = Microphone(device: AudioDevice("wav:\(file)"))
        #expect(microphone.isMissing)
        let start = Instant.now
        _ = microphone.open(at: start)
        #expect(!microphone.isMissing)
        let press = start + .milliseconds(70)
        // The loop has other things to do, and its step begins long before it gets to the microphone.
        poll(nil, 0, 100)
        let stepBegan = Instant.now
        poll(nil, 0, 50)
        _ = microphone.process(at: stepBegan, isTurnOpen: false)
        #expect(abs(microphone.frame(at: press) - 70 * 24) <= 2)
        #expect(microphone.endFrame >= 140 * 24)
        _ = microphone.stop()
    }

    @Test func aMicrophoneThatIsMissingEndsTurnsInSilence() {
        let microphone = Microphone(device: AudioDevice("wav:/nowhere"))
        let start = Instant.now
        #expect(microphone.open(at: start).count == 1)
        #expect(microphone.isMissing)
        #expect(microphone.deadline == start + .seconds(1))
        #expect(microphone.frame(at: .now) == 0)
        microphone.endTurns()
        // The longest tail that can be set, and the least that a server takes.
        #expect(microphone.endFrame >= 2000 * 24 + 100 * 24)
        #expect(microphone.frame(at: .now) == microphone.endFrame)
    }
}
