import Foundation
import MonotonicClock

@testable import Audio

/// Waits until `condition` holds, woken by an eventfd and asking every 5 ms; false after `limitMs`.
func eventually(_ descriptor: Int32, limitMs: Int = 3000, _ condition: () -> Bool) -> Bool {
    let deadline = Instant.now + .milliseconds(limitMs)
    while !condition() {
        if Instant.now > deadline { return false }
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // A signalled descriptor stays readable; the second poll paces the loop then.
        if poll(&event, 1, 5) > 0 { poll(nil, 0, 1) }
    }
    return true
}

/// A ramp without zeros, so that silence and samples can be told apart.
func ramp(_ count: Int, from first: Int = 0) -> [Int16] {
    (0..<count).map { Int16(1 + (first + $0) % 32_000) }
}

extension PlaybackStream {
    /// As the function of that name, taking events as the owner does.
    func eventually(limitMs: Int = 3000, _ condition: () -> Bool) -> Bool {
        AudioTests.eventually(eventDescriptor, limitMs: limitMs) {
            takeEvent()
            return condition()
        }
    }

    func write(_ samples: [Int16]) -> Int { samples.withUnsafeBufferPointer { write($0) } }

    func isHeard() -> Bool { position.heardFrames == writtenFrames }
}

extension CaptureStream {
    /// Reads `count` frames as they come; fewer after a second too many.
    func collect(_ count: Int) -> [Int16] {
        var samples: [Int16] = []
        _ = eventually(eventDescriptor, limitMs: count * 1000 / runnerRate + 1000) {
            takeEvent()
            samples += [Int16](unsafeUninitializedCapacity: count - samples.count) { $1 = read(into: $0) }
            return samples.count == count
        }
        return samples
    }
}
