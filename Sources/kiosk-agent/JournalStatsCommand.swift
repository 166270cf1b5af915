import ArgumentParser
import Journal

/// `kiosk-agent journal stats`: the figures of a journal.
struct JournalStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count turns, statuses, latencies, cost and faults.")

    @OptionGroup var source: JournalOptions
    @OptionGroup var time: SpanOptions

    @Flag(help: "As one JSON object on one line.")
    var json = false

    func run() throws {
        let report = try Self.report(source, time)
        StandardStream.output.write(json ? report.json + "\n" : report.text)
    }

    /// Reads the journal that the options name. Blocks for as long as the disk takes.
    static func report(_ source: JournalOptions, _ time: SpanOptions) throws(CommandFailure) -> StatisticsReport {
        let span = time.span()
        var reader = JournalReader(directory: try source.folder())
        var statistics = JournalStatistics()
        do { try statistics.read(&reader, since: span.since, until: span.until) } catch {
            throw JournalCommand.failure(error)
        }
        return StatisticsReport(
            statistics: statistics, segments: reader.segments, sizeBytes: reader.sizeBytes,
            damagedLines: reader.damagedLines + statistics.unreadable)
    }
}
