import Journal
import Session

/// The figures of a journal as one page that needs nothing else: no script, no font, no picture from elsewhere.
///
/// The page has no transcript, but the words of faults, so everything is escaped. It is HTML and XML at once.
struct ReportPage {
    let report: StatisticsReport
    /// When the page was made, RFC 3339.
    let madeAt: String

    /// More groups than this have bars that nobody can tell apart; days are put together then.
    static let groupsLimit = 92
    private static let faultTextsShown = 12

    private var statistics: JournalStatistics { report.statistics }

    var html: String {
        let span = statistics.firstAt.map { "\(Self.minute($0)) to \(Self.minute(statistics.lastAt ?? $0))" }
        let sections = statistics.firstAt == nil ? "<p>Nothing was written.</p>\n" : sections
        return """
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>Kiosk journal\(span.map { ", " + HTMLText.escaped($0) } ?? "")</title>
            <style>
            \(ReportStyle.css)
            </style>
            </head>
            <body>
            <header><h1>Kiosk journal</h1>
            <p>\(span.map { HTMLText.escaped($0) + " UTC. " } ?? "")\(HTMLText.escaped(size)) Made at \
            \(HTMLText.escaped(Self.minute(madeAt))) UTC.</p></header>
            <main>
            \(sections)</main>
            </body>
            </html>

            """
    }

    private var size: String {
        let megabytes = StatisticsReport.tenths(Double(report.sizeBytes) / 1e6)
        let damage = report.damagedLines == 0 ? "" : ", \(report.damagedLines) damaged lines not counted"
        return "\(statistics.entries) entries in \(report.segments) segments of \(megabytes) MB\(damage)."
    }

    private var sections: String { tiles + turns + latencies + costs + disagreement + faults + interruptions }

    // MARK: At a glance

    private var tiles: String {
        let median = statistics.latencies.percentile(50, of: .firstAudible).map { "\($0) ms" }
        let rate = statistics.wordErrorRate.map { "\(StatisticsReport.percent($0.mean)) %" }
        let tiles = [
            ("turns", String(statistics.turns)), ("sessions", String(statistics.sessions.count)),
            ("median wait for the answer", median ?? "–"), ("words that differ", rate ?? "–"),
            ("USD", ConsoleText.sixDecimals(statistics.cost.total).map { String($0.dropLast(4)) } ?? "–"),
            ("faults", String(statistics.faults.values.reduce(0, +))),
        ]
        let items = tiles.map { name, figure in
            "<div><dt>\(HTMLText.escaped(name))</dt><dd>\(HTMLText.escaped(figure))</dd></div>\n"
        }.joined()
        return "<dl class=\"tiles\">\n\(items)</dl>\n"
    }

    // MARK: Day by day

    private var turns: String {
        let statuses = AssistantPart.Status.allCases.filter { statistics.assistant[$0] != nil }
        let plot = plot("Turns by how their answer ended", "turns", .stackedBars, statuses.map { status in
            (Self.words(status), { days in Double(days.reduce(0) { $0 + ($1.turns[status] ?? 0) }) })
        })
        return Self.section("Turns", plot + Self.table(
            ["", "ok", "empty", "failed", "timeout", "off"], [
                ("Realtime transcripts", Transcript.Status.allCases.map { String(statistics.realtime[$0] ?? 0) }),
                ("Built-in transcripts", Transcript.Status.allCases.map { String(statistics.builtIn[$0] ?? 0) }),
            ]))
    }

    private var latencies: String {
        let plot = plot(
            "Wait from the end of speech to the first sound of the answer", "ms", .lines,
            StatisticsReport.percents.map { percent in
                ("p\(percent)", { days in
                    var history = LatencyHistory(keptTurns: .max)
                    for day in days { history.add(day.latencies) }
                    return history.percentile(percent, of: .firstAudible).map(Double.init)
                })
            })
        let rows = TurnLatency.Mark.allCases.map { mark in
            let figures = StatisticsReport.percents.map { percent in
                statistics.latencies.percentile(percent, of: mark).map { String($0) } ?? "–"
            }
            return (mark.rawValue.replacing("_", with: " "), [String(statistics.latencies.count(of: mark))] + figures)
        }
        return Self.section("Latency", plot + Self.table(
            ["from the end of speech to", "turns", "p50 (ms)", "p95 (ms)", "p99 (ms)"], rows))
    }

    private var costs: String {
        let parts = CostPart.allCases.filter { statistics.cost[$0] > 0 }
        let plot = plot("Cost by what it was paid for", "USD", .stackedBars, parts.map { part in
            (part.words, { days in days.reduce(0) { $0 + $1.costs.sum[part] } })
        })
        let rows = CostPart.allCases.map { ($0.words, [ConsoleText.sixDecimals(statistics.cost[$0]) ?? "–"]) }
            + [("together", [ConsoleText.sixDecimals(statistics.cost.total) ?? "–"])]
        let unpriced = statistics.cost.unpricedTurns
        let note = unpriced == 0 ? "" : "<p>\(unpriced) turns used something without a known price.</p>\n"
        return Self.section("Cost", (parts.isEmpty ? "" : plot) + Self.table(["", "USD"], rows) + note)
    }

    private var interruptions: String {
        let causes = statistics.interruptions.keys.sorted()
        guard !causes.isEmpty else {
            return Self.section("Interruptions of sound", "<p>None of more than a second (xruns, stalls).</p>\n")
        }
        let series: [(String, ([JournalStatistics.Day]) -> Double?)] = causes.prefix(6).map { cause in
            (cause, { days in Double(days.reduce(0) { $0 + ($1.interruptions[cause]?.count ?? 0) }) })
        }
        let plot = plot("Interruptions of more than a second, by cause", "times", .stackedBars, series)
        let rows = causes.map { cause in
            let own = statistics.interruptions[cause] ?? JournalStatistics.Interruptions()
            return (cause, [String(own.count), String(StatisticsReport.tenths(own.seconds))])
        }
        return Self.section("Interruptions of sound", """
            <p>Xruns and stalls of more than a second. Shorter ones are counted by <code>kiosk-agent status</code>.</p>

            """ + plot + Self.table(["cause", "times", "seconds"], rows))
    }

    // MARK: Together

    private var disagreement: String {
        let rates = statistics.wordErrorRates
        guard !rates.isEmpty else {
            return Self.section("Transcription", "<p>No turn has two transcripts to compare.</p>\n")
        }
        let bounds = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1]
        let names = ["none", "to 5 %", "to 10 %", "to 20 %", "to 30 %", "to 50 %", "to 100 %", "more"]
        var counts = [Double](repeating: 0, count: names.count)
        for rate in rates { counts[bounds.firstIndex { rate <= $0 } ?? names.count - 1] += 1 }
        let plot = ReportPlot(
            title: "Turns by how many words differ between the two transcripts", unit: "turns",
            groupsName: "words that differ", groups: names,
            series: [ReportPlot.Series(name: "turns", values: counts)], shape: .stackedBars)
        let flags = TranscriptReview.Flag.allCases.map { flag in
            (flag.rawValue.replacing("_", with: " "), [String(statistics.flags[flag] ?? 0)])
        }
        return Self.section("Transcription", plot.html + Self.table(["doubtful because", "turns"], flags))
    }

    private var faults: String {
        let classes = statistics.faults.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        guard !classes.isEmpty else { return Self.section("Faults", "<p>None.</p>\n") }
        // Seven and more share the last colour.
        let shown = Array(classes.prefix(5))
        var series: [(String, ([JournalStatistics.Day]) -> Double?)] = shown.map { name in
            (name, { days in Double(days.reduce(0) { $0 + ($1.faults[name] ?? 0) }) })
        }
        if classes.count > shown.count {
            series.append(("other", { days in
                Double(days.reduce(0) { $0 + $1.faults.filter { !shown.contains($0.key) }.values.reduce(0, +) })
            }))
        }
        let texts = statistics.faultTexts.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        let rows = texts.prefix(Self.faultTextsShown).map { what, own in
            (what, [String(own.count), Self.minute(own.lastAt)])
        }
        return Self.section("Faults", plot("Faults by class", "faults", .stackedBars, series) + Self.table(
            ["class", "faults"], classes.map { ($0, [String(statistics.faults[$0] ?? 0)]) })
            + Self.table(["the most frequent", "times", "the last (UTC)"], Array(rows)))
    }

    // MARK: Pieces

    /// A plot of the days, each series a function of the days of a group.
    private func plot(
        _ title: String, _ unit: String, _ shape: ReportPlot.Shape,
        _ series: [(String, ([JournalStatistics.Day]) -> Double?)]
    ) -> String {
        let groups = DayGroups(statistics.days.keys, limit: Self.groupsLimit)
        let days = groups.members.map { $0.compactMap { statistics.days[$0] } }
        return ReportPlot(
            title: title, unit: unit, groupsName: groups.daysEach == 1 ? "day (UTC)" : "\(groups.daysEach) days (UTC)",
            groups: groups.names,
            series: series.map { ReportPlot.Series(name: $0.0, values: days.map($0.1)) }, shape: shape).html
    }

    private static func section(_ name: String, _ content: String) -> String {
        "<section><h2>\(HTMLText.escaped(name))</h2>\n\(content)</section>\n"
    }

    private static func table(_ head: [String], _ rows: [(String, [String])]) -> String {
        let head = head.map { "<th scope=\"col\">\(HTMLText.escaped($0))</th>" }.joined()
        let rows = rows.map { name, cells in
            let cells = cells.map { "<td>\(HTMLText.escaped($0))</td>" }.joined()
            return "<tr><th scope=\"row\">\(HTMLText.escaped(name))</th>\(cells)</tr>\n"
        }.joined()
        return "<table><thead><tr>\(head)</tr></thead><tbody>\n\(rows)</tbody></table>\n"
    }

    private static func words(_ status: AssistantPart.Status) -> String {
        switch status {
        case .completed: "heard to its end"
        case .truncated: "interrupted"
        case .cancelled: "stopped unheard"
        case .failed: "failed"
        case .none: "none asked for"
        }
    }

    /// `2026-11-21 10:15`
    private static func minute(_ at: String) -> String { String(at.prefix(16)).replacing("T", with: " ") }
}

/// Days in a row, put together when there are too many.
struct DayGroups {
    let daysEach: Int
    /// The first day of each group.
    let names: [String]
    /// The days of each group, with those that have no entries.
    let members: [[String]]

    init(_ days: some Sequence<String>, limit: Int) {
        let instants = days.compactMap { WallClock.instantMs(of: $0) }
        guard let first = instants.min(), let last = instants.max() else {
            (daysEach, names, members) = (1, [], [])
            return
        }
        let count = Int((last - first) / WallClock.dayMs) + 1
        let daysEach = (count + limit - 1) / limit
        let all = (0..<count).map { WallClock.day(atMs: first + Int64($0) * WallClock.dayMs) }
        members = stride(from: 0, to: count, by: daysEach).map { Array(all[$0..<min($0 + daysEach, count)]) }
        names = members.compactMap(\.first)
        self.daysEach = daysEach
    }
}
