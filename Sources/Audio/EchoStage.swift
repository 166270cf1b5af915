/// Captured frames on their way to the ring: cut into blocks, and the echo of what was played taken out. Capture thread
/// only.
///
/// While nothing has been played for longer than a room rings, frames are only delayed by as much as the canceller
/// delays them: an idle kiosk does not pay for it.
final class EchoStage {
    /// Frames by which the output lags at most: a block is filled, and one is in the canceller.
    static let latencyFrames = EchoCanceller.blockFrames + EchoCanceller.latencyFrames
    /// Blocks without a sound after which nothing can echo any more: the tail and 10 ms.
    private static let restBlocks = EchoCanceller.tailFrames / EchoCanceller.blockFrames + 1

    private let alignment: EchoAlignment
    private let trace: EchoTrace?
    private var canceller: EchoCanceller
    /// A block that fills, the one before it, what was played with it, and what comes out.
    private let captured: UnsafeMutableBufferPointer<Int16>
    private let former: UnsafeMutableBufferPointer<Int16>
    private let played: UnsafeMutableBufferPointer<Int16>
    private let output: UnsafeMutableBufferPointer<Int16>
    private var filled = 0
    private var quietBlocks = restBlocks
    /// Frames that came, in whole blocks.
    private var blockStart = 0

    init(reference: EchoReference) throws(AudioError) {
        func block() -> UnsafeMutableBufferPointer<Int16> {
            let block = UnsafeMutableBufferPointer<Int16>.allocate(capacity: EchoCanceller.blockFrames)
            block.initialize(repeating: 0)
            return block
        }
        canceller = try EchoCanceller()
        alignment = EchoAlignment(reference: reference)
        trace = reference.trace
        captured = block()
        former = block()
        played = block()
        output = block()
    }

    deinit {
        for block in [captured, former, played, output] { block.deallocate() }
    }

    /// Frames that came since the start.
    private var frames: Int { blockStart + filled }

    /// The card was started: the next frame that comes is captured at `ns`. Real-time.
    func restart(ns: Int64) { alignment.restartCapture(frame: Double(frames), ns: ns) }

    /// The next frame that comes is captured at `ns`, as the card says. Real-time.
    func look(ns: Int64) { alignment.lookAtCapture(frame: Double(frames), ns: ns) }

    /// Takes frames and writes whole blocks to `ring`; how many frames those were. Real-time.
    func process(_ samples: UnsafeBufferPointer<Int16>, into ring: SampleRing) -> Int {
        var taken = 0
        var written = 0
        while taken < samples.count {
            let count = min(samples.count - taken, captured.count - filled)
            let part = UnsafeBufferPointer(rebasing: samples[taken..<taken + count])
            _ = UnsafeMutableBufferPointer(rebasing: captured[filled...]).update(from: part)
            taken += count
            filled += count
            guard filled == captured.count else { break }
            processBlock()
            ring.write(UnsafeBufferPointer(output))
            written += output.count
        }
        return written
    }

    private func processBlock() {
        let isHeard = alignment.read(at: blockStart, into: played)
        if let trace {
            trace.captured.write(UnsafeBufferPointer(captured))
            trace.heard.write(UnsafeBufferPointer(played))
        }
        let wasResting = quietBlocks >= Self.restBlocks
        quietBlocks = isHeard ? 0 : min(quietBlocks + 1, Self.restBlocks)
        if quietBlocks >= Self.restBlocks {
            _ = output.update(from: former)
        } else {
            if wasResting { wake() }
            canceller.process(
                captured: UnsafeBufferPointer(captured), played: UnsafeBufferPointer(played), into: output)
        }
        _ = former.update(from: captured)
        blockStart += captured.count
        filled = 0
    }

    /// Lets the canceller hear the block before, so that what it gives out next goes on where `former` ended.
    private func wake() {
        // `output` serves as the silence that was played with it, and takes what nobody wants.
        output.update(repeating: 0)
        canceller.process(captured: UnsafeBufferPointer(former), played: UnsafeBufferPointer(output), into: output)
    }
}
