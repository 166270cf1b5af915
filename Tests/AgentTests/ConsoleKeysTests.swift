import MonotonicClock
import Testing

@testable import kiosk_agent

@Suite struct ConsoleKeysTests {
    private let start = Instant.now

    /// Types bytes at their ms, and asks at every millisecond of two seconds.
    private func typed(_ keys: [(ms: Int, bytes: [UInt8])], allowsControl: Bool = false) -> [ConsoleKeys.Command] {
        var machine = ConsoleKeys(allowsControl: allowsControl)
        var commands: [ConsoleKeys.Command] = []
        for ms in 0..<12_000 {
            let now = start + .milliseconds(ms)
            for key in keys where key.ms == ms { machine.add(key.bytes, at: now) }
            if let command = machine.command(at: now) { commands.append(command) }
        }
        return commands
    }

    private func typed(_ text: String, everyMs: Int = 500, allowsControl: Bool = false) -> [ConsoleKeys.Command] {
        typed(text.utf8.enumerated().map { ($0.offset * everyMs, [$0.element]) }, allowsControl: allowsControl)
    }

    @Test func aKeyThatStandsAloneIsACommand() {
        #expect(typed("?htslcxq ")
            == [.help, .help, .lastTurns, .status, .levels, .cost, .check, .live, .live])
        #expect(typed("ABZ01~\u{7F}\u{1B}") == [])
    }

    @Test func itIsActedOnAfterTheSilenceAndNotBefore() {
        var keys = ConsoleKeys(allowsControl: false)
        keys.add([UInt8(ascii: "s")], at: start)
        #expect(keys.deadline == start + ConsoleKeys.silence)
        #expect(keys.command(at: start + ConsoleKeys.silence - .milliseconds(1)) == nil)
        #expect(keys.command(at: start + ConsoleKeys.silence) == .status)
        #expect(keys.deadline == nil && keys.command(at: start + .seconds(1)) == nil)
    }

    @Test(arguments: ["s\r", "s\n", "s\r\n"]) func aTerminalMaySendWholeLines(line: String) {
        #expect(typed([(0, Array(line.utf8))]) == [.status])
        #expect(typed([(0, [115]), (3, Array(line.utf8.dropFirst()))]) == [.status])
    }

    @Test func burstsAndCursorKeysMeanNothing() {
        #expect(typed([(0, Array("ss".utf8))]) == [])
        #expect(typed([(0, [0x1B, 0x5B, 0x41])]) == [])
        #expect(typed([(0, Array("s\r\n\r".utf8))]) == [])
        #expect(typed("ststststst", everyMs: 20) == [])
        // A burst ends, then a person types.
        #expect(typed([(0, Array("stlcx".utf8)), (100, [116])]) == [.lastTurns])
    }

    @Test func commandsHaveAPauseBetweenThem() {
        #expect(typed("tttttttttttttttttttt", everyMs: 60).count == 10)
    }

    @Test func nothingActsOnTheKioskUnlessAllowed() {
        #expect(typed("b\rv\r") == [])
        #expect(ConsoleKeys.help(allowsControl: false).map(\.key) == ["t", "s", "l", "c", "x", "?", "q"])
    }

    @Test func whatActsWantsAnEnterOfItsOwn() {
        #expect(typed("b\r", allowsControl: true) == [.confirm(.talk), .control(.talk)])
        #expect(typed("v\n", allowsControl: true) == [.confirm(.detection), .control(.detection)])
        #expect(typed("b\r\r", allowsControl: true) == [.confirm(.talk), .control(.talk)])
        #expect(typed([(0, Array("b\r".utf8))], allowsControl: true) == [.confirm(.talk)])
        #expect(typed("bs\r", allowsControl: true) == [.confirm(.talk), .status])
        #expect(typed("\r", allowsControl: true) == [])
        #expect(typed([(0, [98]), (1000, [1, 2]), (2000, [13])], allowsControl: true) == [.confirm(.talk)])
        #expect(typed([(0, [98]), (4990, [13])], allowsControl: true) == [.confirm(.talk), .control(.talk)])
        #expect(typed([(0, [98]), (5200, [13])], allowsControl: true) == [.confirm(.talk)])
    }

    /// Minutes of noise at 115200 baud, and of single bytes that are no letters: no command comes.
    @Test func noiseActsOnNothing() {
        var random = SystemRandomNumberGenerator()
        var dense = ConsoleKeys(allowsControl: true), sparse = ConsoleKeys(allowsControl: true)
        var (denseCommands, sparseCommands) = (0, 0)
        for ms in 0..<60_000 {
            let now = start + .milliseconds(ms)
            dense.add((0..<11).map { _ in UInt8.random(in: 0...255, using: &random) }, at: now)
            if dense.command(at: now) != nil { denseCommands += 1 }
            if ms % 1000 == 0 { sparse.add([UInt8.random(in: 128...255, using: &random)], at: now) }
            if sparse.command(at: now) != nil { sparseCommands += 1 }
        }
        #expect(denseCommands == 0 && sparseCommands == 0)
    }
}
