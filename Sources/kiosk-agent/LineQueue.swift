/// Lines that wait for a slow reader: bounded, whole, the oldest given up first, and how many those were is said.
struct LineQueue {
    let limitBytes: Int
    /// Of a line that was begun, or a line about those that were dropped: never given up.
    private var begun: [UInt8] = []
    /// Whole lines, from `head` on; what is before it has gone, and is removed when it is as much as may wait.
    private var waiting: [UInt8] = []
    private var head = 0
    private var droppedLines = 0

    private static let lineFeed = UInt8(ascii: "\n")

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var isEmpty: Bool { begun.isEmpty && head == waiting.count && droppedLines == 0 }

    /// Adds whole lines, line ends included.
    mutating func add(_ text: String) {
        waiting.append(contentsOf: text.utf8)
        let surplus = waiting.count - head - limitBytes
        guard surplus > 0 else { return }
        // To the end of the line that holds the last surplus byte.
        let end = lineEnd(from: head + surplus - 1)
        for byte in waiting[head..<end] where byte == Self.lineFeed { droppedLines += 1 }
        advance(to: end)
    }

    /// What is to be written next; the reader may take less.
    mutating func next() -> ArraySlice<UInt8> {
        if begun.isEmpty, droppedLines > 0 {
            let lines = droppedLines == 1 ? "1 line was" : "\(droppedLines) lines were"
            begun = Array("[kiosk] \(lines) not shown: the terminal did not take them\n".utf8)
            droppedLines = 0
        }
        return begun.isEmpty ? waiting[head...] : begun[...]
    }

    /// So many bytes of `next` were taken.
    mutating func written(_ count: Int) {
        guard begun.isEmpty else {
            begun.removeFirst(count)
            return
        }
        let end = head + count
        if count > 0, waiting[end - 1] != Self.lineFeed {
            let lineEnd = lineEnd(from: end)
            begun = Array(waiting[end..<lineEnd])
            advance(to: lineEnd)
        } else {
            advance(to: end)
        }
    }

    mutating func removeAll() { self = LineQueue(limitBytes: limitBytes) }

    private func lineEnd(from index: Int) -> Int {
        waiting[index...].firstIndex(of: Self.lineFeed).map { $0 + 1 } ?? waiting.count
    }

    /// Moving what waits to the front each time would be most of the work.
    private mutating func advance(to index: Int) {
        head = index
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= limitBytes {
            waiting.removeFirst(head)
            head = 0
        }
    }
}
