import Foundation
import Testing

@testable import Audio

@Suite struct DeviceNameTests {
    static let badDevices: [(device: String, playback: String, capture: String)] = [
        ("", "device \"\": wanted an ALSA PCM name or wav:PATH", "device \"\": wanted an ALSA PCM name or wav:PATH"),
        ("hw:7,0", "hw:7,0: open: No such file or directory", "hw:7,0: open: No such file or directory"),
        ("plughw:Nope", "plughw:Nope: open: No such device", "plughw:Nope: open: No such device"),
        ("no-such-pcm", "no-such-pcm: open: No such file or directory", "no-such-pcm: open: No such file or directory"),
        ("two\nlines", "two?lines: open: No such file or directory", "two?lines: open: No such file or directory"),
        ("wav:", "wav:: wanted an absolute path after wav:", "wav:: wanted an absolute path after wav:"),
        ("wav:a.wav", "wav:a.wav: wanted an absolute path after wav:", "wav:a.wav: wanted an absolute path after wav:"),
        ("wav:/tmp", "wav:/tmp: open: Is a directory", "wav:/tmp: wanted a regular file"),
        (
            "wav:/nonexistent/x.wav", "wav:/nonexistent/x.wav: open: No such file or directory",
            "wav:/nonexistent/x.wav: open: No such file or directory"
        ),
    ]

    @Test(arguments: badDevices.indices)
    func aBadDeviceIsOneClearLine(index: Int) {
        let bad = Self.badDevices[index]
        #expect(line { _ = try PlaybackStream(device: AudioDevice(bad.device)) } == bad.playback)
        #expect(line { _ = try CaptureStream(device: AudioDevice(bad.device)) } == bad.capture)
        #expect(line { _ = try probe(device: AudioDevice(bad.device), .playback) } == bad.playback)
        #expect(line { _ = try probe(device: AudioDevice(bad.device), .capture) } == bad.capture)
    }

    @Test(arguments: [
        (0, 40, "null: period of 0 ms: wanted 1 to 1000 ms"),
        (1001, 2000, "null: period of 1001 ms: wanted 1 to 1000 ms"),
        (10, 19, "null: buffer of 19 ms: wanted 20 (two periods) to 2000 ms"),
        (10, .max, "null: buffer of 9223372036854775807 ms: wanted 20 (two periods) to 2000 ms"),
    ])
    func timingOutsideItsLimitsIsOneClearLine(periodMs: Int, bufferMs: Int, expected: String) {
        let device = AudioDevice("null", periodMs: periodMs, bufferMs: bufferMs)
        #expect(line { _ = try probe(device: device, .capture) } == expected)
    }

    @Test func errorsSayWhetherOpeningAgainMayHelp() {
        #expect(throws: AudioError(.reopen, "hw:7,0: open: No such file or directory")) {
            _ = try probe(device: AudioDevice("hw:7,0"), .capture)
        }
        #expect(throws: AudioError(.tellOperator, "wav:/tmp: wanted a regular file")) {
            _ = try probe(device: AudioDevice("wav:/tmp"), .capture)
        }
    }

    @Test(arguments: [AudioDirection.capture, .playback])
    func probingACardDescribesIt(direction: AudioDirection) throws {
        #expect(
            try probe(device: AudioDevice("null"), direction)
                == "null: 24000 Hz, S16_LE, 1 channel, period 240 frames (10.0 ms), "
                + "buffer 960 frames (40.0 ms), read/write")
    }

    @Test func probingWAVFilesDescribesThemAndLeavesThemAsTheyAre() throws {
        let file = try TemporaryFile(WAVBytes(channels: 2, rate: 48_000, samples: ramp(100)).bytes)
        let before = file.bytes
        #expect(
            try probe(device: AudioDevice("wav:\(file.path)"), .capture)
                == "wav:\(file.path): 48000 Hz, S16_LE, 2 channels, 50 frames, converted to 24000 Hz")
        #expect(
            try probe(device: AudioDevice("wav:\(file.path)"), .playback)
                == "wav:\(file.path): 24000 Hz, S16_LE, 1 channel")
        #expect(file.bytes == before)
        let absent = try TemporaryFile()
        #expect(
            try probe(device: AudioDevice("wav:\(absent.path)"), .playback)
                == "wav:\(absent.path): 24000 Hz, S16_LE, 1 channel")
        #expect(!FileManager.default.fileExists(atPath: absent.path))
    }

    private func line(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
