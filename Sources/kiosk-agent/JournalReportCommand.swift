import ArgumentParser
import Journal

/// `kiosk-agent journal report`: the figures of a journal to look at.
struct JournalReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write one page of plots: turns, latency, cost, transcription, faults.",
        discussion: "The page needs nothing else, and holds no transcript. Days are those of UTC.")

    @OptionGroup var source: JournalOptions
    @OptionGroup var time: SpanOptions

    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("The page (HTML); - is standard output.", valueName: "file"))
    var file: String

    func run() throws {
        let report = try JournalStatsCommand.report(source, time)
        let output = try CommandOutput(file: file == "-" ? nil : file)
        output.write(ReportPage(report: report, madeAt: WallClock.text(WallClock.system.nowMs())).html)
        try output.finish()
        JournalCommand.report(damagedLines: report.damagedLines)
    }
}
