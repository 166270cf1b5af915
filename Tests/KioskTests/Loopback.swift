import Foundation
import KioskBench

/// Two cables of snd-aloop: one from the visitor's mouth to the kiosk's microphone, one from the kiosk's loudspeaker
/// to the visitor's ear. The kiosk has device 0, the visitor device 1; what one end plays the other captures.
enum Loopback {
    static let card = "Loopback"
    static let programs = ["/usr/bin/aplay", "/usr/bin/arecord"]
    private static let microphoneCable = 0
    private static let loudspeakerCable = 1

    /// What the kiosk opens.
    static let microphone = "hw:CARD=\(card),DEV=0,SUBDEV=\(microphoneCable)"
    static let loudspeaker = "hw:CARD=\(card),DEV=0,SUBDEV=\(loudspeakerCable)"
    /// What the visitor opens.
    static let mouth = "hw:CARD=\(card),DEV=1,SUBDEV=\(microphoneCable)"
    static let ear = "hw:CARD=\(card),DEV=1,SUBDEV=\(loudspeakerCable)"

    /// Frames that went through the visitor's and the kiosk's ends since each was started, as the card counts them.
    /// Nil while an end is closed, or stands still.
    static var mouthFrames: Int? { runningFrames("pcm1p/sub\(microphoneCable)") }
    static var earFrames: Int? { runningFrames("pcm1c/sub\(loudspeakerCable)") }
    static var loudspeakerFrames: Int? { runningFrames("pcm0p/sub\(loudspeakerCable)") }

    /// Throws what is missing, in one line.
    static func check() throws {
        guard FileManager.default.fileExists(atPath: "/proc/asound/\(card)") else {
            throw TimedOut(description: "no snd-aloop card '\(card)': run this suite by board/test")
        }
        for program in programs where !FileManager.default.isExecutableFile(atPath: program) {
            throw TimedOut(description: "no \(program) (package alsa-utils): run this suite by board/test")
        }
    }

    /// The kernel brings the count up to date when it is asked for it here.
    private static func runningFrames(_ stream: String) -> Int? {
        guard let file = fopen("/proc/asound/\(card)/\(stream)/status", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 80)
        while fgets(&line, Int32(line.count), file) != nil {
            if strncmp(line, "state", 5) == 0, strncmp(line, "state: RUNNING", 14) != 0 { return nil }
            if strncmp(line, "hw_ptr", 6) == 0, let colon = strchr(line, 58) { return atol(colon + 1) }
        }
        return nil
    }

    /// Waits until one of these counts reaches `frames`, or until `isOver`.
    static func wait(
        until frames: Int, at rate: Int, _ what: @autoclosure () -> String, count: () -> Int?, isOver: () -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, !isOver() {
            let left = frames - (count() ?? 0)
            if left <= 0 { return }
            // The card counts by the kernel's tick, 4 ms.
            try await Task.sleep(for: .milliseconds(min(max(left * 1000 / rate, 2), 50)))
        }
        guard isOver() else { throw TimedOut(description: what()) }
    }
}

/// What the card at the kiosk's ends can do: the visitor opens first, the kiosk has to follow.
struct CardFormat: Sendable {
    let rate: Int
    let channels: Int

    /// As the server speaks; nothing is converted.
    static let speech = CardFormat(rate: 24_000, channels: 1)
    /// As most sound cards do.
    static let stereo = CardFormat(rate: 48_000, channels: 2)

    /// Options of aplay and arecord.
    var options: [String] { ["-q", "-t", "raw", "-f", "S16_LE", "-r", "\(rate)", "-c", "\(channels)"] }

    /// Frames of the card for one of the server's, exactly.
    var ratio: Int { rate / WaveFile.rate }

    /// Speech as this card takes it: in between two samples lies their mean, all channels are the same.
    func data(_ samples: [Int16]) -> Data {
        let frames = UnsafeMutablePointer<Int16>.allocate(capacity: samples.count * ratio * channels)
        // Plain loops over plain memory, here and in `Recording`: tests are not optimised, and a virtual machine is
        // slow.
        var (index, place) = (0, 0)
        while index < samples.count {
            let sample = Int(samples[index]), next = index + 1 < samples.count ? Int(samples[index + 1]) : 0
            var part = 0
            while part < ratio {
                let value = Int16((sample * (ratio - part) + next * part) / ratio)
                var channel = 0
                while channel < channels {
                    frames[place] = value
                    place += 1
                    channel += 1
                }
                part += 1
            }
            index += 1
        }
        return Data(bytesNoCopy: frames, count: place * 2, deallocator: .custom { frames, _ in frames.deallocate() })
    }
}
