import Foundation
import Synchronization

@testable import Audio

/// A room at the far end of a cable: what the kiosk plays comes back to its microphone through a delay and a
/// reverberation that decays exponentially, with somebody who speaks in it and a little noise.
final class LoopbackRoom: @unchecked Sendable {
    // SAFETY: `speech` and `failure` are guarded by `lock`; everything else belongs to the room's thread, or is atomic.

    static let rate = 24_000
    /// What the cable and the room's own buffers add to its delay.
    private static let periodFrames = rate / 100
    private static let aheadPeriods = 5

    private let cable: Loopback
    private let echo: Reverberation?
    private let lock = NSLock()
    private var speech: [Int16] = []
    private var failure: String?
    private let isRunning = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(false)
    private let hasEnded = Atomic<Bool>(false)
    private let lateTimes = Atomic<Int>(0)

    /// Opens the cable for 24 kHz mono. Echo at the microphone is `gain` of what is played; without one the cable is
    /// cut, and only noise comes back.
    init(on cable: Loopback, delayMs: Int, gain: Double?) throws {
        self.cable = cable
        echo = gain.map { Reverberation(rate: Self.rate, delayMs: delayMs, gain: $0) }
        Thread.detachNewThread { self.live() }
        guard eventually(limitMs: 5000, { isRunning.load(ordering: .acquiring) || words != nil }), words == nil else {
            throw Child.Failure(description: "the room: \(words ?? "does not open")")
        }
    }

    /// Somebody says this from now on.
    func say(_ samples: [Int16]) { lock.withLock { speech += samples } }

    /// Times the room lost step; then its delay was another.
    var late: Int { lateTimes.load(ordering: .relaxed) }

    /// Ends the room. Call once, before the next one opens the cable.
    func close() {
        isOver.store(true, ordering: .releasing)
        _ = eventually { hasEnded.load(ordering: .acquiring) }
    }

    private var words: String? { lock.withLock { failure } }

    private func live() {
        // After the kiosk's audio threads, for air costs them no time, and before all else: the room is ahead by enough
        // to be late.
        var parameters = sched_param(sched_priority: 10)
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
        do {
            try pass()
        } catch {
            lock.withLock { failure = "\(error)" }
        }
        hasEnded.store(true, ordering: .releasing)
    }

    private func pass() throws {
        let timing = try StreamTiming(AudioDevice("room", periodMs: 10, bufferMs: 200))
        let layout = Layout(rate: Self.rate, format: .s16, channels: 1)
        let ear = try PCM(name: cable.far, direction: .capture, timing: timing, wishes: layout.wishes)
        let mouth = try PCM(name: cable.far, direction: .playback, timing: timing, wishes: layout.wishes)
        let buffer = UnsafeMutableBufferPointer<Int16>.allocate(capacity: Self.periodFrames)
        buffer.initialize(repeating: 0)
        defer { buffer.deallocate() }
        guard let samples = buffer.baseAddress else { return }
        var noise: UInt64 = 88_172_645_463_325_252
        func start() throws {
            for code in [ear.dropAndPrepare(), mouth.dropAndPrepare()] where code < 0 {
                throw AudioError.alsa(cable.far, "prepare", code)
            }
            buffer.update(repeating: 0)
            for _ in 0..<Self.aheadPeriods { _ = mouth.write(samples, frames: Self.periodFrames) }
            for code in [ear.start(), mouth.start()] where code < 0 { throw AudioError.alsa(cable.far, "start", code) }
        }
        try start()
        isRunning.store(true, ordering: .releasing)
        while !isOver.load(ordering: .acquiring) {
            guard ear.wait(wake: -1, timeoutMs: PCM.stallMs) != .timedOut else { continue }
            let frames = ear.read(into: samples, frames: Self.periodFrames)
            if frames == -Int(EAGAIN) { continue }
            if frames > 0 {
                let said = lock.withLock {
                    let said = Array(speech.prefix(frames))
                    speech.removeFirst(said.count)
                    return said
                }
                for index in 0..<frames {
                    noise ^= noise << 13
                    noise ^= noise >> 7
                    noise ^= noise << 17
                    let heard = echo?.hear(Double(samples[index])) ?? 0
                    let sum = heard + Double(index < said.count ? said[index] : 0) + Double(noise >> 60) - 8
                    samples[index] = Int16(max(-32_768, min(32_767, sum.rounded())))
                }
                if mouth.write(samples, frames: frames) == frames { continue }
            }
            lateTimes.wrappingAdd(1, ordering: .relaxed)
            try start()
        }
    }
}

/// Direct sound and reverberation of 0.3 s (M. R. Schroeder, "Natural Sounding Artificial Reverberation", 1962: four
/// combs, two all-passes), frame by frame.
private final class Reverberation {
    private static let decaySeconds = 0.3

    private let line: Delay
    private let combs: [Delay]
    private let feedbacks: [Double]
    private let passes: [Delay]
    private var scale = 1.0

    init(rate: Int, delayMs: Int, gain: Double) {
        func delay(_ ms: Double) -> Delay { Delay(max(1, Int(ms * Double(rate) / 1000))) }
        let combMs = [29.7, 36.7, 42.5, 49.2]
        line = delay(Double(delayMs))
        combs = combMs.map(delay)
        feedbacks = combMs.map { pow(0.001, $0 / 1000 / Self.decaySeconds) }
        passes = [5.0, 1.7].map(delay)
        // The response's energy is measured, and made `gain` squared.
        var energy = 0.0
        for frame in 0..<rate {
            let heard = hear(frame == 0 ? 1 : 0)
            energy += heard * heard
        }
        scale = gain / energy.squareRoot()
    }

    func hear(_ played: Double) -> Double {
        let direct = line.oldest
        line.push(played)
        var wet = 0.0
        var index = 0
        while index < 4 {
            let past = combs[index].oldest
            combs[index].push(direct + feedbacks[index] * past)
            wet += past * 0.25
            index += 1
        }
        index = 0
        while index < 2 {
            let past = passes[index].oldest
            let inner = wet + 0.7 * past
            passes[index].push(inner)
            wet = past - 0.7 * inner
            index += 1
        }
        return scale * (direct + 0.6 * wet)
    }
}

/// The last so many values.
private final class Delay {
    private let values: UnsafeMutableBufferPointer<Double>
    private var place = 0

    init(_ count: Int) {
        values = .allocate(capacity: count)
        values.initialize(repeating: 0)
    }

    deinit { values.deallocate() }

    var oldest: Double { values[place] }

    func push(_ value: Double) {
        values[place] = value
        place = place + 1 == values.count ? 0 : place + 1
    }
}
