import Foundation

@testable import Audio

extension CaptureStream {
    /// Reads until `frames` frames or more are there, from the first that is louder than `threshold`; fewer after 5 s.
    func hear(_ frames: Int, louderThan threshold: Int = 0) -> [Int16] {
        var samples: [Int16] = []
        var isHeard = false
        _ = eventually(limitMs: 5000 + frames / 24) {
            let more = [Int16](unsafeUninitializedCapacity: availableFrames) { $1 = read(into: $0) }
            if isHeard {
                samples += more
            } else if let first = more.firstIndex(where: { abs(Int($0)) > threshold }) {
                samples = Array(more[first...])
                isHeard = true
            }
            return samples.count >= frames
        }
        return samples
    }
}

extension PlaybackStream {
    func write(_ samples: [Int16]) -> Int { samples.withUnsafeBufferPointer { write($0) } }

    /// Waits until all that was written was heard.
    func isHeard() -> Bool { eventually(limitMs: 10_000) { position.heardFrames == writtenFrames } }
}

extension [Int16] {
    /// From the first sample louder than `threshold` on.
    func sound(louderThan threshold: Int = 0) -> ArraySlice<Int16> { drop { abs(Int($0)) <= threshold } }
}

/// 1, 2, 3 ...: each frame tells its position. At most 32767.
func ramp(_ count: Int) -> [Int16] { (0..<count).map { Int16($0 + 1) } }

/// Loud, never zero, and never twice the same for a second.
func noise(_ count: Int) -> [Int16] {
    (0..<count).map { frame in
        let value = Int16(truncatingIfNeeded: (frame &+ 1) &* 40_503)
        return value == 0 ? 1 : value
    }
}
