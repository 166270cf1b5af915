import Glibc
import Journal

/// The journal's writing side for `board/bench-journal` and `board/journal-kills`: what they measure, kill and fill.
@main
struct JournalBench {
    static func main() throws {
        let words = CommandLine.arguments
        switch words.dropFirst().first {
        case "append" where words.count == 5:
            try append(words[2], entries: Int(words[3]) ?? 0, durable: words[4] == "durable")
        case "generate" where words.count == 4: try generate(words[2], megabytes: Int64(words[3]) ?? 0)
        case "verify" where words.count == 3: try verify(words[2])
        case "write" where words.count == 4: try write(words[2], life: words[3])
        case "fill" where words.count == 4: try fill(words[2], makesRoom: words[3] == "makes-room")
        default: fatalError("wanted append, generate, verify, write or fill; see the scripts that call this")
        }
    }

    /// A turn's members as the agent writes them, some 900 bytes.
    static func turn(_ number: Int) -> String {
        let text = "Where can I find the exhibition of early calculating machines, please? It is number \(number)."
        let answer = "The early calculating machines are on the second floor, in the room behind the large staircase. "
            + "You can take the lift beside the cloakroom; the guards will be glad to show you the way."
        return #"{"session":"sess_0123456789abcdef","turn":\#(number),"item":"item_0123456789abcdef","#
            + #""realtime":{"status":"ok","text":"\#(text)"},"built_in":{"status":"ok","text":"\#(text)"},"#
            + #""assistant":{"status":"completed","text":"\#(answer)","played_ms":7140},"#
            + #""usage":{"assistant":null,"realtime_transcript":null,"built_in_transcript":null},"#
            + #""cost_usd":{"assistant":0.0123,"realtime_transcript":0.0011,"built_in_transcript":0.0004},"#
            + #""latency_ms":{"first_delta":310,"first_audible":345,"realtime_transcript":820}}"#
    }

    static func nowNs() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }

    /// Appends turns; prints how many a second, and the median and the 99th percentile of one in microseconds.
    static func append(_ folder: String, entries: Int, durable: Bool) throws {
        let members = (0..<64).map(turn)
        var journal = try Journal(directory: folder)
        var tookNs: [Int64] = []
        tookNs.reserveCapacity(entries)
        let startNs = nowNs()
        var beforeNs = startNs
        for number in 0..<entries {
            try journal.append(kind: "turn", members: members[number % 64], durable: durable)
            let afterNs = nowNs()
            tookNs.append(afterNs - beforeNs)
            beforeNs = afterNs
        }
        let seconds = Double(beforeNs - startNs) / 1e9
        tookNs.sort()
        func us(_ share: Double) -> Double { Double(tookNs[min(entries - 1, Int(Double(entries) * share))]) / 1000 }
        print(Double(entries) / seconds, us(0.5), us(0.99), members[0].utf8.count)
    }

    /// One segment of turns.
    static func generate(_ folder: String, megabytes: Int64) throws {
        var limits = JournalLimits()
        limits.segmentBytes = 4 << 30
        var journal = try Journal(directory: folder, limits: limits)
        let members = (0..<64).map(turn)
        for number in 0..<Int(megabytes << 20) / (members[0].utf8.count + 76) {
            try journal.append(kind: "turn", members: members[number % 64], durable: false)
        }
    }

    static func verify(_ folder: String) throws {
        let startNs = nowNs()
        let verification = try JournalVerification(directory: folder)
        let seconds = Double(nowNs() - startNs) / 1e9
        for finding in verification.findings { print(finding.description) }
        guard verification.isSound else { exit(1) }
        print(verification.entries, verification.bytes, seconds)
    }

    /// Appends for ever, and says on standard output what was acknowledged: `seq token`, one write(2) each, after the
    /// append has returned. Every sort of thing happens often: new segments, syncs, entries of all lengths.
    static func write(_ folder: String, life: String) throws {
        var limits = JournalLimits()
        limits.segmentBytes = 8 << 10
        var journal = try Journal(directory: folder, limits: limits)
        for finding in journal.recovery.findings { say("# \(finding)\n") }
        var random = UInt64(truncatingIfNeeded: nowNs()) | 1
        var number = 0
        while true {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            number += 1
            let token = "\(life)-\(number)"
            let padding = String(repeating: "x", count: Int(random >> 33 % 1200))
            let seq = try journal.append(
                kind: "turn", members: #"{"token":"\#(token)","padding":"\#(padding)"}"#, durable: random >> 40 & 1 == 0)
            say("\(seq) \(token)\n")
        }
    }

    /// Appends until the disk is full, or a thousand entries longer than it has room for; prints how many were taken.
    static func fill(_ folder: String, makesRoom: Bool) throws {
        var limits = JournalLimits()
        limits.segmentBytes = 64 << 10
        limits.makesRoom = makesRoom
        var journal = try Journal(directory: folder, limits: limits)
        var taken = 0
        do {
            while taken < 5000 {
                try journal.append(kind: "turn", members: turn(taken), durable: taken % 10 == 0)
                taken += 1
            }
        } catch {
            print(taken, error.description)
            return
        }
        print(taken, "no end")
    }

    static func say(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            if Glibc.write(STDOUT_FILENO, bytes.baseAddress, bytes.count) != bytes.count { exit(1) }
        }
    }
}
