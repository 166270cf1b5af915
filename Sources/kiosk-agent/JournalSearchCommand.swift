import ArgumentParser
import Glibc
import Journal

/// `kiosk-agent journal search`: who said that, and when.
struct JournalSearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Look for words in transcripts, answers and results of tasks.",
        discussion: """
            An entry is found when each of WORDS is in it, as it is written or within a word; quote words that stand \
            together. A line a text: time, turn (for show), who, and the words around. Exit status 1 when nothing is \
            found.
            """)

    @Argument(help: ArgumentHelp("What to look for.", valueName: "words"))
    var words: [String]

    @OptionGroup var source: JournalOptions
    @OptionGroup var time: SpanOptions

    @Flag(help: "Tell capital letters from small ones.")
    var caseSensitive = false

    func validate() throws {
        guard words.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("search \"\": wanted a word") }
    }

    func run() throws {
        let folder = try source.folder()
        let span = time.span()
        let search = TextSearch(words, isCaseSensitive: caseSensitive)
        let output = try CommandOutput(file: nil)
        let isMarked = output.isTerminal && getenv("NO_COLOR") == nil
        var reader = JournalReader(directory: folder)
        var found = 0
        var unreadable = 0
        do {
            try reader.read(since: span.since, until: span.until, where: search.mayBeIn) {
                guard let entry = KnownEntry($0.line, textsOnly: true) else {
                    unreadable += 1
                    return true
                }
                let lines = search.lines(entry, isMarked: isMarked)
                found += lines.count
                output.write(lines.joined())
                return output.isOpen
            }
        } catch {
            throw JournalCommand.failure(error)
        }
        try output.finish()
        JournalCommand.report(damagedLines: reader.damagedLines + unreadable)
        if found == 0 { throw ExitCode(CommandFailure.runTime) }
    }
}
