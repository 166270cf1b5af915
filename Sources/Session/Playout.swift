import Realtime

/// Which item is being heard: the order of what was handed to playback, laid over the playback clock.
///
/// Playback counts frames in epochs: a flush ends one, the next counts from 0. Silence is not counted.
struct Playout: Sendable {
    /// Audio of one content part, in the order handed over.
    struct Segment: Sendable, Equatable {
        let part: ContentPart
        /// Frames handed to playback: all that was received of the part.
        var frames: Int
        /// How many of `frames` were heard.
        var heardFrames = 0
    }

    /// What was handed to playback since the last flush.
    private struct Epoch {
        var segments: [Segment] = []
        /// Frames of segments that are accounted for; every one was heard, before all others.
        var forgottenFrames = 0
        /// The last frame of the latest prompt; every part handed over later begins behind it.
        var promptEndFrames = 0
        var heardFrames = 0

        mutating func heard(frames: Int) {
            heardFrames = max(heardFrames, frames)
            var left = max(0, frames - forgottenFrames)
            for index in segments.indices {
                segments[index].heardFrames = max(segments[index].heardFrames, min(left, segments[index].frames))
                left = max(0, left - segments[index].frames)
            }
        }
    }

    private var current = Epoch()
    /// Epochs that end as soon as playback says how much of them was heard, oldest first.
    private var flushing: [Epoch] = []
    /// A server may split a sample between two deltas; the first byte waits here.
    private var halfSample: (part: ContentPart, byte: UInt8)?

    /// Frames handed over in this epoch and not heard yet.
    var pendingFrames: Int { current.segments.reduce(0) { $0 + $1.frames - $1.heardFrames } }

    /// A prompt is to be heard now or in a moment.
    var isPromptPending: Bool { current.heardFrames < current.promptEndFrames }

    /// Everything handed over was heard.
    var isSilent: Bool { pendingFrames == 0 && !isPromptPending }

    func isPending(_ response: ResponseID) -> Bool {
        current.segments.contains { $0.part.response == response && $0.heardFrames < $0.frames }
    }

    /// What was handed over of a response and not forgotten, and how much of it was heard; one segment a part.
    func segments(of response: ResponseID) -> [Segment] {
        Self.joined((flushing + [current]).flatMap(\.segments).filter { $0.part.response == response })
    }

    /// Whose audio was handed over since the last flush and is not forgotten.
    var responses: [ResponseID] {
        current.segments.reduce(into: []) { if !$0.contains($1.part.response) { $0.append($1.part.response) } }
    }

    /// Appends a delta's bytes to the part's audio. The samples to hand to playback.
    mutating func append(_ bytes: [UInt8], of part: ContentPart) -> [Int16] {
        let early = halfSample.flatMap { $0.part == part ? [$0.byte] : nil } ?? []
        let whole = early.isEmpty ? bytes : early + bytes
        let samples = Self.samples(of: whole)
        halfSample = whole.count.isMultiple(of: 2) ? nil : whole.last.map { (part, $0) }
        guard !samples.isEmpty else { return [] }
        if let last = current.segments.indices.last, current.segments[last].part == part {
            current.segments[last].frames += samples.count
        } else {
            current.segments.append(Segment(part: part, frames: samples.count))
        }
        return samples
    }

    /// A prompt is handed over. Its frames belong to no part; only when everything before it was heard and forgotten.
    mutating func prompt(frames: Int) {
        guard frames > 0 else { return }
        precondition(current.segments.isEmpty, "a prompt talks over an answer")
        current.forgottenFrames += frames
        current.promptEndFrames = current.forgottenFrames
    }

    /// The playback clock: frames heard so far. Never more than was handed over counts.
    mutating func heard(frames: Int) {
        if flushing.isEmpty {
            current.heard(frames: frames)
        } else {
            // Crossed our flush: playback has not yet begun to count anew.
            flushing[0].heard(frames: frames)
        }
    }

    /// Ends the epoch: playback is asked to throw away what it has, and answers with `flushed`.
    mutating func flush() {
        flushing.append(current)
        current = Epoch()
        halfSample = nil
    }

    /// Playback's answer to the oldest flush: what was heard of each segment in the end.
    mutating func flushed(heardFrames: Int) -> [Segment] {
        guard !flushing.isEmpty else { return [] }
        var epoch = flushing.removeFirst()
        epoch.heard(frames: heardFrames)
        return Self.joined(epoch.segments)
    }

    /// Drops heard segments at the front whose response needs no more account.
    mutating func forgetHeard(except isLive: (ResponseID) -> Bool) {
        while let first = current.segments.first, first.heardFrames == first.frames, !isLive(first.part.response) {
            current.forgottenFrames += first.frames
            current.segments.removeFirst()
        }
    }

    /// Little-endian PCM16; a byte too many at the end is left out.
    private static func samples(of bytes: [UInt8]) -> [Int16] {
        let count = bytes.count / 2
        return bytes.withUnsafeBytes { bytes in
            [Int16](unsafeUninitializedCapacity: count) { samples, written in
                for index in 0..<count {
                    let sample = bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self)
                    samples.initializeElement(at: index, to: Int16(littleEndian: sample))
                }
                written = count
            }
        }
    }

    /// Parts whose deltas came interleaved, each as one segment.
    private static func joined(_ segments: [Segment]) -> [Segment] {
        segments.reduce(into: []) { joined, segment in
            if let index = joined.firstIndex(where: { $0.part == segment.part }) {
                joined[index].frames += segment.frames
                joined[index].heardFrames += segment.heardFrames
            } else {
                joined.append(segment)
            }
        }
    }
}
