import ArgumentParser
import Journal

/// `kiosk-agent journal export`: the journal for other programs.
struct JournalExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write entries as lines of JSON, a table, a text or subtitles.",
        discussion: """
            jsonl has every entry as it is in the journal; csv (RFC 4180) a row a turn, and no cell that a spreadsheet \
            takes for a formula; md what was said, to be read; srt the same as subtitles, of one session: the last, or \
            that of --session.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, csv, md, srt }

    @Option(help: "jsonl, csv, md or srt.")
    var format: Format

    @OptionGroup var source: JournalOptions
    @OptionGroup var time: SpanOptions

    @Option(help: ArgumentHelp("Entries of this session only.", valueName: "session"))
    var session: String?

    @Option(name: .customLong("output"), help: ArgumentHelp("In place of standard output.", valueName: "file"))
    var file: String?

    func run() throws {
        let span = time.span()
        var reader = JournalReader(directory: try source.folder())
        // Before the first byte is written.
        do { try reader.check() } catch { throw JournalCommand.failure(error) }
        let output = try CommandOutput(file: file)
        var export = JournalExport(format)
        var unreadable = 0
        output.write(export.head)
        do {
            try reader.read(since: span.since, until: span.until) { entry in
                if format == .jsonl, session == nil {
                    output.writeJSON(entry.line)
                    return output.isOpen
                }
                guard let known = KnownEntry(entry.line) else {
                    unreadable += 1
                    return true
                }
                guard session == nil || known.session == session else { return true }
                if format == .jsonl { output.writeJSON(entry.line) } else { output.write(export.add(known)) }
                return output.isOpen
            }
        } catch {
            throw JournalCommand.failure(error)
        }
        output.write(export.tail)
        try output.finish()
        JournalCommand.report(damagedLines: reader.damagedLines + unreadable)
        if let note = export.note { StandardStream.error.write("kiosk-agent: journal: \(note)\n") }
    }
}

/// What an export writes, piece by piece.
struct JournalExport {
    private let format: JournalExportCommand.Format
    private var markdown = MarkdownExport()
    private var subtitles = Subtitles()

    init(_ format: JournalExportCommand.Format) { self.format = format }

    var head: String { format == .csv ? TurnTable.head : "" }

    mutating func add(_ entry: KnownEntry) -> String {
        switch format {
        case .jsonl: return ""
        case .csv: return TurnTable.row(entry) ?? ""
        case .md: return markdown.add(entry)
        case .srt:
            subtitles.add(entry)
            return ""
        }
    }

    /// What can be written only when all is known.
    var tail: String { format == .srt ? subtitles.text : "" }

    /// What the reader of the export should know; nil when there is nothing.
    var note: String? {
        guard format == .srt, subtitles.otherSessions > 0 else { return nil }
        return "\(subtitles.otherSessions) earlier sessions are left out: name one by --session"
    }
}
