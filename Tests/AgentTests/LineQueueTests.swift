import Testing

@testable import kiosk_agent

@Suite struct LineQueueTests {
    /// Takes `count` bytes, or all.
    private func take(_ queue: inout LineQueue, _ count: Int = .max) -> String {
        var taken: [UInt8] = []
        while !queue.isEmpty, taken.count < count {
            let piece = queue.next().prefix(count - taken.count)
            taken += piece
            queue.written(piece.count)
        }
        return String(decoding: taken, as: UTF8.self)
    }

    @Test func linesComeInTheirOrderHoweverLittleIsTakenAtATime() {
        let text = (0..<40).map { "line \($0)\n" }.joined()
        for count in 1...30 {
            var queue = LineQueue(limitBytes: 1000)
            queue.add(text)
            var taken = ""
            while !queue.isEmpty { taken += take(&queue, count) }
            #expect(taken == text)
        }
    }

    @Test func theOldestLinesGoAndTheirNumberIsSaidOnce() {
        var queue = LineQueue(limitBytes: 30)
        for number in 0..<100 { queue.add("line \(number)\n") }
        #expect(take(&queue)
            == "[kiosk] 97 lines were not shown: the terminal did not take them\nline 97\nline 98\nline 99\n")
        #expect(queue.isEmpty)
        queue.add("again\n")
        #expect(take(&queue) == "again\n")
    }

    @Test func aLineThatWasBegunIsEndedBeforeAnythingElse() {
        for count in 1...6 {
            var queue = LineQueue(limitBytes: 16)
            queue.add("line 0\n")
            let begin = take(&queue, count)
            for number in 1...4 { queue.add("line \(number)\n") }
            #expect(begin + take(&queue)
                == "line 0\n[kiosk] 2 lines were not shown: the terminal did not take them\nline 3\nline 4\n")
        }
    }

    @Test func linesThatGoWhileTheirNumberIsBeingSaidAreSaidAfterIt() {
        var queue = LineQueue(limitBytes: 7)
        queue.add("line 0\nline 1\n")
        let begin = take(&queue, 3)
        queue.add("line 2\n")
        #expect(begin + take(&queue) == """
            [kiosk] 1 line was not shown: the terminal did not take them
            [kiosk] 1 line was not shown: the terminal did not take them
            line 2

            """)
    }

    @Test func moreThanTheLimitInOnePieceLeavesNothingButItsNumber() {
        var queue = LineQueue(limitBytes: 10)
        queue.add(String(repeating: "x", count: 50) + "\n")
        #expect(take(&queue) == "[kiosk] 1 line was not shown: the terminal did not take them\n")
    }
}
