import Foundation
import KioskBench
import Testing

@testable import Audio

extension Devices {
    /// The assistant is heard by the microphone, in a room at the other end of the cable.
    @Suite(Needed.loopback) struct EchoTests {
        private static let cable = Loopback(cable: 7)
        /// -6 dB.
        private static let gain = 0.5

        /// Echo return loss is what was captured over what is left of it, in each second in which the assistant speaks
        /// and nobody else does, noise included.
        @Test func echoIsTwentyDecibelsDownAfterThreeSecondsAndTheVisitorIsKept() throws {
            let room = try LoopbackRoom(on: Self.cable, delayMs: 10, gain: Self.gain)
            defer { room.close() }
            let trace = EchoTrace()
            let reference = EchoReference(trace: trace)
            let microphone = try CaptureStream(device: AudioDevice(Self.cable.kiosk), echo: reference)
            let loudspeaker = try PlaybackStream(device: AudioDevice(Self.cable.kiosk), echo: reference)
            microphone.start(at: .now)
            loudspeaker.start(at: .now)
            let samples = try Samples.all.get()
            let answer = try samples.flatMap { try $0.answer }
            let visitor = try #require(samples.first { $0.name == "directions" }).audio.map { $0 / 2 }
            var (captured, heard, left, written): ([Int16], [Int16], [Int16], Int) = ([], [], [], 0)
            var isSpoken = false
            // Both streams are served every 5 ms, as the runner does.
            let isOver = eventually(limitMs: 30_000) {
                microphone.takeEvent()
                left += [Int16](unsafeUninitializedCapacity: microphone.availableFrames) {
                    $1 = microphone.read(into: $0)
                }
                captured += [Int16](unsafeUninitializedCapacity: trace.captured.availableToRead) {
                    $1 = trace.captured.read(into: $0)
                }
                heard += [Int16](unsafeUninitializedCapacity: trace.heard.availableToRead) {
                    $1 = trace.heard.read(into: $0)
                }
                if captured.count > 12_000, written < answer.count {
                    written += loudspeaker.write(Array(answer[written...]))
                }
                if !isSpoken, loudspeaker.position.heardFrames > 6 * 24_000 {
                    isSpoken = true
                    room.say(visitor)
                }
                return loudspeaker.position.heardFrames == answer.count
            }
            #expect(isOver)
            microphone.stop()
            loudspeaker.stop()
            #expect(room.late == 0)
            #expect(reference.statistics.realignments == 0 && reference.statistics.lostFrames == 0)
            // The echo begins where the noise is left behind.
            let start = try #require(captured.firstIndex { abs(Int($0)) > 100 })
            let place = try #require(Self.place(of: visitor, in: left)) - EchoCanceller.latencyFrames
            let speech = place..<place + visitor.count
            let losses = (3..<(captured.count - start) / 24_000 - 1).compactMap { second -> Double? in
                let span = start + second * 24_000..<start + (second + 1) * 24_000
                // Nobody but the assistant.
                if span.overlaps(speech) { return nil }
                return decibels(power(captured, span) / max(1, power(left, span.shifted(EchoCanceller.latencyFrames))))
            }
            #expect(losses.count >= 5)
            #expect(losses.allSatisfy { $0 >= 20 }, "\(losses)")
            // Where the echo lies after what was heard, each half second.
            let lags = stride(from: start - 4800, to: min(captured.count, heard.count) - 16_384, by: 12_000).map {
                Self.lag(of: captured[$0..<$0 + 16_384], after: heard[$0..<$0 + 16_384])
            }
            Figures.record("echo's place after what was heard, each half second", "\(lags) frames")
            let (level, wave) = Self.kept(visitor, in: left, from: place + EchoCanceller.latencyFrames)
            #expect(abs(level) < 3 && abs(wave) < 3, "level \(level) dB, wave \(wave) dB")
            let spoken = decibels(power(visitor, visitor.indices) / power(captured, speech))
            Figures.record(
                "echo canceller in a room of 0.3 s, -6 dB",
                "\((losses.min() ?? 0).tenths) dB at least from the fourth second on; "
                    + "visitor \(spoken.tenths) dB against both: level \(level.tenths), wave \(wave.tenths) dB")
        }

        @Test(arguments: [
            (delayMs: 20, gain: 0.5, advice: "echo-cancelled", why: "copes"),
            (delayMs: 400, gain: 0.5, advice: "muted", why: "outside"),
            (delayMs: 20, gain: nil, advice: "muted", why: "no echo"),
        ])
        func checkMeasuresTheRoomAndAdvises(
            delayMs: Int, gain: Double?, advice: String, why: String
        ) async throws {
            let room = try LoopbackRoom(on: Self.cable, delayMs: delayMs, gain: gain)
            defer { room.close() }
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("echo-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let settings = folder.appendingPathComponent("kiosk.toml")
            try """
                [audio]
                capture = "\(Self.cable.kiosk)"
                playback = "\(Self.cable.kiosk)"
                [turns]
                detection = "server-vad"
                microphone_while_speaking = "echo-cancelled"
                [journal]
                directory = "journal"
                [control]
                socket = "control.sock"
                """.write(to: settings, atomically: true, encoding: .utf8)
            let check = try Executable(
                "kiosk-agent", ["check", "--config", settings.path, "--echo"],
                environment: ["OPENAI_API_KEY": "sk-test-key"])
            let status = try await check.exitStatus(within: 60)
            #expect(room.late == 0)
            let lines = check.lines
            let last = try #require(lines.last { !$0.isEmpty })
            #expect(last.contains("turns.microphone_while_speaking = \"\(advice)\"") && last.contains(why), "\(lines)")
            // The settings say echo-cancelled.
            #expect(status == (advice == "muted" ? 1 : 0), "\(lines)")
            for name in ["echo", "delay", "drift", "canceller"] {
                guard let line = lines.first(where: { $0.dropFirst(6).hasPrefix(name + " ") }) else { continue }
                let room = gain == nil ? "cable cut" : "room of \(delayMs) ms, -6 dB"
                Figures.record("check --echo, \(room)", String(line.dropFirst(6)))
            }
            guard gain != nil else { return }
            let level = try Self.number(before: " dB against", in: lines)
            #expect(abs(level - decibels(Self.gain * Self.gain)) < 1.5)
            // The room adds a period and what it is ahead.
            #expect((Double(delayMs)...Double(delayMs) + 80).contains(try Self.number(before: " ms by", in: lines)))
            // Echo outside of the tail is measured as it comes; only a room that works is one without a fault.
            guard advice == "echo-cancelled" else { return }
            #expect(abs(try Self.number(before: " ppm", in: lines)) < 20)
        }

        /// The number in words that stands before `words`.
        private static func number(before words: String, in lines: [String]) throws -> Double {
            let line = try #require(lines.first { $0.contains(words) })
            let end = try #require(line.range(of: words)?.lowerBound)
            return try #require(Double(line[..<end].split(separator: " ").last ?? ""))
        }

        /// By how many frames `captured` is likest to come after `heard`.
        private static func lag(of captured: ArraySlice<Int16>, after heard: ArraySlice<Int16>) -> Int {
            place(of: Array(heard.prefix(12_288)), in: Array(captured), count: 1 << 15) ?? -1
        }

        /// Where in `heard` it is likest to `speech`.
        private static func place(of speech: [Int16], in heard: [Int16], count: Int = 1 << 19) -> Int? {
            let transform = FourierTransform(count: count)
            guard speech.count + heard.count <= transform.count else { return nil }
            func spectrum(_ samples: [Int16]) -> (real: [Double], imaginary: [Double]) {
                var real = samples.map(Double.init) + [Double](repeating: 0, count: transform.count - samples.count)
                var imaginary = [Double](repeating: 0, count: transform.count)
                transform.forward(&real, &imaginary)
                return (real, imaginary)
            }
            let (said, got) = (spectrum(speech), spectrum(heard))
            var real = [Double](repeating: 0, count: transform.count)
            var imaginary = real
            for index in real.indices {
                real[index] = said.real[index] * got.real[index] + said.imaginary[index] * got.imaginary[index]
                imaginary[index] = said.real[index] * got.imaginary[index] - said.imaginary[index] * got.real[index]
            }
            transform.inverse(&real, &imaginary)
            return (0...heard.count - speech.count).max { real[$0] < real[$1] }
        }

        /// How much of `speech` is in `heard`, in dB: by level, and by the part that is the same wave.
        private static func kept(
            _ speech: [Int16], in heard: [Int16], from place: Int
        ) -> (level: Double, wave: Double) {
            var (product, wanted, got) = (0.0, 0.0, 0.0)
            for (index, sample) in speech.enumerated() where place + index < heard.count {
                let (said, left) = (Double(sample), Double(heard[place + index]))
                product += said * left
                wanted += said * said
                got += left * left
            }
            return (decibels(got / wanted), 2 * decibels(abs(product) / wanted))
        }
    }
}

/// The mean square of a part.
private func power(_ samples: [Int16], _ range: Range<Int>) -> Double {
    let part = samples[range.clamped(to: samples.indices)]
    return part.reduce(0) { $0 + Double($1) * Double($1) } / Double(max(1, part.count))
}

/// Of a ratio of powers.
private func decibels(_ ratio: Double) -> Double { 10 * log10(max(1e-12, ratio)) }

extension Range<Int> {
    fileprivate func shifted(_ frames: Int) -> Range<Int> { lowerBound + frames..<upperBound + frames }
}
