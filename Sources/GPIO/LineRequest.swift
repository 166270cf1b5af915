import Glibc

internal import CGPIOD

/// Our exclusive hold on one line of a GPIO chip; ends with the value.
///
/// A chip is named by path, name (`gpiochip0`) or label, a line by name or offset. No call blocks.
/// One thread at a time.
public struct LineRequest: ~Copyable {
    /// The kernel keeps 16 edges for a line.
    private static let edgesAtOnce = 16

    private let raw: OpaquePointer
    private let chip: String
    private let line: String

    /// Requests an input line, both edges, with a pull-up when it is active-low and the chip offers one.
    ///
    /// Nobody debounces it: the kernel could with libgpiod 2, and would keep to itself when a burst of edges begins.
    public init(input line: String, chip: String, activeLow: Bool) throws(GPIOError) {
        var step = CGPIOD_STEP_CHIP
        var raw: OpaquePointer?
        let status = cgpiod_request_input(chip, line, activeLow, &raw, &step)
        try self.init(raw, line: line, chip: chip, status: status, step: step)
    }

    /// Requests an output line, inactive at first.
    public init(output line: String, chip: String, activeLow: Bool) throws(GPIOError) {
        var step = CGPIOD_STEP_CHIP
        var raw: OpaquePointer?
        let status = cgpiod_request_output(chip, line, activeLow, &raw, &step)
        try self.init(raw, line: line, chip: chip, status: status, step: step)
    }

    private init(
        _ raw: OpaquePointer?, line: String, chip: String, status: Int32, step: cgpiod_step
    ) throws(GPIOError) {
        guard status == 0, let raw else {
            if step == CGPIOD_STEP_CHIP { throw .chip(chip, errno: -status) }
            if step == CGPIOD_STEP_FIND, status == -ENOENT { throw .noLine(line, chip: chip) }
            throw .line(line, chip: chip, errno: -status)
        }
        self.raw = raw
        self.chip = chip
        self.line = line
    }

    deinit { cgpiod_release(raw) }

    /// Readable when edges wait (inputs); for the runner's poll. -1 for an output.
    public var descriptor: Int32 { cgpiod_fd(raw) }

    /// The edges that wait, oldest first; at most 16, so call again when polled again.
    public func readEdges() throws(GPIOError) -> [EdgeEvent] {
        var edges = [cgpiod_edge](repeating: cgpiod_edge(), count: Self.edgesAtOnce)
        let count = cgpiod_read_edges(raw, &edges, Int32(edges.count))
        guard count >= 0 else { throw failure(count) }
        return edges.prefix(Int(count)).map { EdgeEvent(timestampNs: $0.timestamp_ns, isActive: $0.is_active) }
    }

    /// The line's state now, active-low taken into account.
    public func isActive() throws(GPIOError) -> Bool {
        let value = cgpiod_get(raw)
        guard value >= 0 else { throw failure(value) }
        return value > 0
    }

    /// Sets an output line.
    public func setActive(_ isActive: Bool) throws(GPIOError) {
        let status = cgpiod_set(raw, isActive)
        guard status == 0 else { throw failure(status) }
    }

    private func failure(_ status: Int32) -> GPIOError {
        .line(line, chip: chip, errno: -status)
    }
}
