import Foundation
import Testing

@testable import kiosk_agent

/// The agent's own output on a terminal: a pseudo-terminal that is read or not.
@Suite struct ConsoleOutputTests {
    private let program: Int32
    private let reader: Int32

    init() throws {
        var (reader, program): (Int32, Int32) = (-1, -1)
        try #require(openpty(&reader, &program, nil, nil, nil) == 0)
        (self.program, self.reader) = (program, reader)
    }

    private func read() -> String {
        var (bytes, block) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, 0) > 0 {
            let count = Glibc.read(reader, &block, block.count)
            guard count > 0 else { break }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    }

    /// What this thread has worked: other tests may keep it from working meanwhile.
    private func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private func median(_ times: ArraySlice<Duration>) -> Duration { times.sorted()[times.count / 2] }

    private func turn(_ number: Int) -> String {
        ConsoleText.Heading.allCases.map {
            ConsoleText.block($0, "Turn \(number)." + String(repeating: " And so on.", count: 30))
        }.joined()
    }

    @Test func aThousandTurnsOnAStuckTerminalTakeNoTimeAndTheNewestAreKept() throws {
        let output = ConsoleOutput(descriptor: program)
        var times: [Duration] = []
        for number in 1...1000 {
            let text = turn(number)
            let began = threadTime()
            output.write(text)
            times.append(threadTime() - began)
        }
        // The queue is full from the three hundredth on at the latest. Against each other: no machine's own figures.
        let (full, last) = (median(times[300..<400]), median(times[900...]))
        times.sort()
        #expect(last < full * 4, "however much was dropped before")
        #expect(times[990] < full * 20, "99 of 100")
        #expect(times[999] < full * 1000, "the longest")
        #expect(output.pollDescriptor != nil && !output.isGone)

        var shown = ""
        while output.pollDescriptor != nil {
            shown += read()
            output.flush()
        }
        shown += read()
        let notes = shown.split(separator: "\n").filter { $0.hasPrefix("[kiosk] ") }
        #expect(notes.count == 1 && notes[0].hasSuffix(" lines were not shown: the terminal did not take them"))
        #expect(shown.hasPrefix(turn(1)))
        #expect(shown.hasSuffix(turn(1000)))
        #expect(shown.utf8.count < ConsoleOutput.limitBytes + 16 * 1024)
        // What was dropped and what was shown are all there was, and the note.
        let dropped = Int(notes[0].split(separator: " ")[1]) ?? 0
        let lines = shown.filter { $0 == "\n" }.count
        #expect(dropped + lines - 1 == 1000 * turn(1).filter { $0 == "\n" }.count)
        close(reader)
        close(program)
    }

    @Test func aTerminalThatIsPulledIsNotWrittenToAnyMore() {
        let output = ConsoleOutput(descriptor: program)
        output.write("shown\n")
        #expect(read() == "shown\n")
        close(reader)
        output.write("to nobody\n")
        #expect(output.isGone && output.pollDescriptor == nil)
        close(program)
    }
}
