// Built by board/bench-audio with Sources/Audio/SampleRing.swift: what the ring between an audio thread and the runner
// takes, and whether what comes out is what went in. Each frame is its own number, so a torn or lost one shows.
//
//   ring FRAMES      prints frames a second; exit status 1 when a frame was not what it had to be
import Glibc

private let blockFrames = 480

@main
enum RingBench {
    static func main() {
        let total = (CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000_000) / blockFrames
        let ring = SampleRing(minimumCapacity: 1 << 14)
        let start = ContinuousClock.now
        var writer = pthread_t()
        let job = Unmanaged.passRetained(Job(ring: ring, blocks: total))
        let code = pthread_create(&writer, nil, Job.run, job.toOpaque())
        precondition(code == 0)
        let torn = read(ring, blocks: total)
        pthread_join(writer, nil)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(Int(Double(total * blockFrames) / seconds), torn)
        exit(torn == 0 ? 0 : 1)
    }

    /// Reads blocks as they come; the number of blocks that were not what was written.
    private static func read(_ ring: SampleRing, blocks: Int) -> Int {
        let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: blockFrames)
        block.initialize(repeating: 0)
        let rest = blocks * blockFrames
        var (frame, torn) = (0, 0)
        while frame < rest {
            let count = ring.read(into: block)
            if count == 0 {
                sched_yield()
                continue
            }
            // Each frame is one more than the one before; a loop without an exit, which the compiler can make wide.
            var wrong: Int16 = 0
            let first = Int16(truncatingIfNeeded: frame)
            for index in 0..<count { wrong |= block[index] ^ (first &+ Int16(truncatingIfNeeded: index)) }
            if wrong != 0 { torn += 1 }
            frame += count
        }
        return torn
    }
}

private final class Job: @unchecked Sendable {
    // SAFETY: made by one thread, used by the other alone.
    let ring: SampleRing
    let blocks: Int

    init(ring: SampleRing, blocks: Int) {
        self.ring = ring
        self.blocks = blocks
    }

    static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        Unmanaged<Job>.fromOpaque(raw!).takeRetainedValue().write()
        return nil
    }

    private func write() {
        let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: blockFrames)
        var first: Int16 = 0
        for _ in 0..<blocks {
            for index in 0..<blockFrames { block[index] = first &+ Int16(truncatingIfNeeded: index) }
            first = first &+ Int16(blockFrames)
            var rest = UnsafeBufferPointer(block)
            while true {
                // Not more than there is room for: what does not fit would count as dropped.
                let count = min(rest.count, ring.availableToWrite)
                ring.write(UnsafeBufferPointer(rebasing: rest[..<count]))
                if count == rest.count { break }
                rest = UnsafeBufferPointer(rebasing: rest[count...])
                sched_yield()
            }
        }
    }
}
