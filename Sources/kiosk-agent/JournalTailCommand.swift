import ArgumentParser
import Glibc
import Journal

/// `kiosk-agent journal tail`: the last turns, and those that come.
struct JournalTailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Show the last turns and what lies between them.",
        discussion: """
            console has the blocks of standard output, without the sums of session and day; text a line for each thing \
            said; json the lines of the journal. Times are UTC.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case console, json, text }

    /// What lies between turns is shown as well, up to so many entries a turn: a kiosk without a network has faults
    /// all night.
    static let entriesPerTurn = 50

    @OptionGroup var source: JournalOptions

    @Flag(name: .shortAndLong, help: "Go on with what comes.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many turns, 0 to 1000000.", valueName: "turns"))
    var lines = 20

    @Option(help: "console, json or text.")
    var format = Format.console

    /// How long a follower sleeps between two looks.
    private static let pauseMs: Int32 = 200

    func validate() throws {
        guard (0...1_000_000).contains(lines) else {
            throw ValidationError("--lines \(lines): wanted 0 to 1000000")
        }
    }

    func run() throws {
        let folder = try source.folder()
        let output = try CommandOutput(file: nil)
        var reader = JournalReader(directory: folder)
        var end = End()
        do { try end.read(turns: lines, from: &reader) } catch .failed(_, "opendir", errno: ENOENT) where follow {
            // The agent has not been started yet.
        } catch {
            throw JournalCommand.failure(error)
        }
        var unreadable = 0
        for line in end.lines { write(line[...], to: output, &unreadable) }
        output.flush()
        JournalCommand.report(damagedLines: reader.damagedLines + unreadable)
        if follow { try follow(folder, from: end.lastSeq.map { .after($0) } ?? .oldest, output) }
        try output.finish()
    }

    /// Returns when nobody reads any more.
    private func follow(_ folder: String, from start: JournalFollower.Start, _ output: CommandOutput) throws {
        var follower = JournalFollower(directory: folder, from: start)
        while output.isOpen {
            var unreadable = 0
            let damagedLines = follower.damagedLines
            do { try follower.read { write($0.line, to: output, &unreadable) } } catch {
                throw JournalCommand.failure(error)
            }
            output.flush()
            JournalCommand.report(damagedLines: follower.damagedLines - damagedLines + unreadable)
            output.awaitEnd(ms: Self.pauseMs)
        }
    }

    private func write(_ line: ArraySlice<UInt8>, to output: CommandOutput, _ unreadable: inout Int) {
        if format == .json {
            output.writeJSON(line)
            return
        }
        guard let entry = KnownEntry(line) else {
            unreadable += 1
            return
        }
        output.write((format == .text ? EntryText.lines(entry) : EntryText.console(entry)) ?? "")
    }

    /// The end of a journal, oldest line first.
    struct End {
        private(set) var lines: [[UInt8]] = []
        /// nil when there is no entry.
        private(set) var lastSeq: UInt64?

        /// The last `turns` turns, and what was written since the first of them.
        mutating func read(turns: Int, from reader: inout JournalReader) throws(JournalError) {
            var newestFirst: [[UInt8]] = []
            var found = 0
            try reader.readBackwards { entry in
                lastSeq = lastSeq ?? entry.seq
                guard turns > 0 else { return false }
                newestFirst.append(Array(entry.line))
                if KnownEntry.isTurn(entry.line) { found += 1 }
                return found < turns && newestFirst.count < turns * JournalTailCommand.entriesPerTurn
            }
            lines = newestFirst.reversed()
        }
    }
}
