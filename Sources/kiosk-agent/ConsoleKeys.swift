import MonotonicClock

/// Single keys from a terminal on a line that may be open, where noise looks like typing.
///
/// A key is a byte that stands alone, silence before and after it; terminals that send whole lines may end it by
/// Enter. Other bursts are noise, or the sequences of cursor keys, and mean nothing. What would act on the kiosk wants
/// an Enter of its own.
struct ConsoleKeys {
    enum Command: Equatable {
        case help, lastTurns, status, levels, cost, check
        /// What shows until a key comes ends.
        case live
        /// Asks for Enter.
        case confirm(Control)
        case control(Control)
    }

    /// What acts on the kiosk.
    enum Control: Equatable, CaseIterable {
        case talk, detection
    }

    /// Between two keys of a quick typist there are 60 ms or more; a burst on a line of 9600 baud has 1 ms.
    static let silence = Duration.milliseconds(50)
    /// A command seldom costs more than this, so no stream of bytes can keep the console from its journal.
    static let pause = Duration.milliseconds(100)
    static let confirmLimit = Duration.seconds(5)

    private let allowsControl: Bool
    /// The bytes since the last silence; more than a key and an Enter are as many as any more.
    private var burst: [UInt8] = []
    private static let longestBurst = 4
    private var lastByteAt: Instant?
    private var nextAt: Instant?
    private var awaited: (control: Control, until: Instant)?

    init(allowsControl: Bool) { self.allowsControl = allowsControl }

    /// When to ask for a command.
    var deadline: Instant? { burst.isEmpty ? nil : lastByteAt.map { $0 + Self.silence } }

    mutating func add(_ bytes: some Collection<UInt8>, at now: Instant) {
        guard !bytes.isEmpty else { return }
        burst += bytes.prefix(Self.longestBurst - burst.count)
        lastByteAt = now
    }

    /// What was asked for, once; nil while more may come.
    mutating func command(at now: Instant) -> Command? {
        guard let deadline, deadline <= now else { return nil }
        let key = Self.key(burst)
        burst = []
        guard let key, now >= nextAt ?? now, let command = command(key, at: now) else {
            // Whatever else came: nobody has confirmed.
            awaited = nil
            return nil
        }
        nextAt = now + Self.pause
        return command
    }

    /// Terminals send a carriage return, a line feed, or both for one Enter.
    private static func key(_ burst: [UInt8]) -> UInt8? {
        var rest = burst[...]
        if rest.last == enter.lineFeed { rest.removeLast() }
        if rest.last == enter.carriageReturn { rest.removeLast() }
        return rest.isEmpty ? enter.carriageReturn : rest.count == 1 && burst.count < longestBurst ? rest.first : nil
    }

    private static let enter = (carriageReturn: UInt8(0x0D), lineFeed: UInt8(0x0A))

    private mutating func command(_ byte: UInt8, at now: Instant) -> Command? {
        if byte == Self.enter.carriageReturn {
            defer { awaited = nil }
            guard let awaited, now <= awaited.until else { return nil }
            return .control(awaited.control)
        }
        awaited = nil
        switch byte {
        case UInt8(ascii: "?"), UInt8(ascii: "h"): return .help
        case UInt8(ascii: "t"): return .lastTurns
        case UInt8(ascii: "s"): return .status
        case UInt8(ascii: "l"): return .levels
        case UInt8(ascii: "c"): return .cost
        case UInt8(ascii: "x"): return .check
        case UInt8(ascii: "q"), UInt8(ascii: " "): return .live
        case UInt8(ascii: "b") where allowsControl: return confirm(.talk, at: now)
        case UInt8(ascii: "v") where allowsControl: return confirm(.detection, at: now)
        default: return nil
        }
    }

    private mutating func confirm(_ control: Control, at now: Instant) -> Command {
        awaited = (control, now + Self.confirmLimit)
        return .confirm(control)
    }

    /// A line a key.
    static func help(allowsControl: Bool) -> [(key: String, words: String)] {
        let reading = [
            ("t", "the last turns"), ("s", "status of the agent"), ("l", "level of the microphone, until a key"),
            ("c", "cost of today"), ("x", "self test"), ("?", "this"), ("q", "back to live"),
        ]
        let acting = [
            ("b", "press the talk button, or release it (with Enter)"),
            ("v", "change who ends a turn: button, server, or meaning (with Enter)"),
        ]
        return reading + (allowsControl ? acting : [])
    }
}
