/// An input line with its debouncer: edges as they count, and what the line does until they do.
///
/// Watch `descriptor` and `deadlineNs`, and call `readEdges` at either. No call blocks. One thread at a time.
public struct Button: ~Copyable {
    private let request: LineRequest
    private var debouncer: Debouncer

    /// Requests the line (see `LineRequest`).
    public init(line: String, chip: String, activeLow: Bool, debounceUs: UInt32) throws(GPIOError) {
        let request = try LineRequest(input: line, chip: chip, activeLow: activeLow)
        debouncer = Debouncer(periodUs: debounceUs, isActive: try request.isActive())
        self.request = request
    }

    /// Readable when edges wait; for the runner's poll.
    public var descriptor: Int32 { request.descriptor }

    /// Whether the line is active, as far as it has settled.
    public var isActive: Bool { debouncer.isActive }

    /// Where the line has moved to and not settled, since its first edge: see `Debouncer`.
    public var unsettled: EdgeEvent? { debouncer.unsettled }

    /// When to call `readEdges` although nothing is readable, in nanoseconds of CLOCK_MONOTONIC; nil: not needed.
    public var deadlineNs: Int64? { debouncer.deadlineNs }

    /// The edges that settled by `nowNs`, oldest first.
    public mutating func readEdges(nowNs: Int64) throws(GPIOError) -> [EdgeEvent] {
        var settled: [EdgeEvent] = []
        for edge in try request.readEdges() {
            if let earlier = debouncer.handle(edge) { settled.append(earlier) }
        }
        if let deadlineNs, nowNs >= deadlineNs {
            let isActive = try request.isActive()
            if let last = debouncer.settle(isActive: isActive, nowNs: nowNs) { settled.append(last) }
        }
        return settled
    }
}
