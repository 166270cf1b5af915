/// A plot as inline SVG: axes with figures and units, a legend, a title that screen readers read.
///
/// Colours are classes (`s0` to `s5`) of the page that holds it, so that they follow light and dark.
struct ReportPlot {
    struct Series {
        let name: String
        /// One a group; nil is no value.
        let values: [Double?]
    }

    enum Shape { case stackedBars, lines }

    let title: String
    /// What the vertical axis counts: `turns`, `ms`, `USD`.
    let unit: String
    /// What the horizontal axis counts.
    let groupsName: String
    let groups: [String]
    let series: [Series]
    let shape: Shape

    private static let width = 760.0
    private static let height = 280.0
    private static let left = 64.0
    private static let right = 12.0
    private static let top = 14.0
    private static let bottom = 58.0
    /// A legend of short names has four columns, another two.
    private static let shortName = 22
    private static let longestName = 48
    private static let lineStep = 18.0
    /// Labels that have room below the axis.
    private static let labelsLimit = 9

    /// Picture and figures below their title.
    var html: String {
        "<figure><figcaption>\(HTMLText.escaped(title))</figcaption>\n\(svg)\(table)</figure>\n"
    }

    private var svg: String {
        let legendRows = series.count > 1 ? (series.count + legendColumns - 1) / legendColumns : 0
        let height = Self.height + Double(legendRows) * Self.lineStep
        let parts = [grid, body, xAxis, legend].joined()
        return """
            <svg viewBox="0 0 \(Self.figure(Self.width)) \(Self.figure(height))" role="img" \
            aria-label="\(HTMLText.escaped(title))">
            <title>\(HTMLText.escaped(title))</title>
            <desc>\(HTMLText.escaped(words))</desc>
            \(parts)</svg>

            """
    }

    /// The plot's figures as a table: the same for those who cannot see it, and for those who want to know exactly.
    private var table: String {
        let head = ([groupsName] + series.map(\.name)).map { "<th scope=\"col\">\(HTMLText.escaped($0))</th>" }.joined()
        let rows = groups.indices.map { group in
            let cells = series.map { "<td>\($0.values[group].map(Self.figure) ?? "–")</td>" }.joined()
            return "<tr><th scope=\"row\">\(HTMLText.escaped(groups[group]))</th>\(cells)</tr>\n"
        }.joined()
        return """
            <details><summary>Figures (\(HTMLText.escaped(unit)))</summary>
            <table><thead><tr>\(head)</tr></thead><tbody>
            \(rows)</tbody></table></details>

            """
    }

    /// What a listener hears in place of the picture.
    private var words: String {
        let sums = series.map { series in
            let values = series.values.compactMap { $0 }
            guard let least = values.min(), let most = values.max() else { return "\(series.name): none" }
            return "\(series.name): \(Self.figure(least)) to \(Self.figure(most)) \(unit)"
        }
        return "\(groups.count) groups (\(groupsName)). " + sums.joined(separator: "; ")
    }

    // MARK: Scales

    private var highest: Double {
        switch shape {
        case .stackedBars:
            groups.indices.map { group in series.reduce(0) { $0 + ($1.values[group] ?? 0) } }.max() ?? 0
        case .lines: series.flatMap { $0.values.compactMap { $0 } }.max() ?? 0
        }
    }

    /// 1, 2 or 5 times a power of ten, so that four to eight lines reach over the highest value.
    private var step: Double {
        let highest = max(self.highest, unit == "USD" ? 1e-6 : 1)
        var power = 1.0
        while power > highest / 5 { power /= 10 }
        while power * 10 <= highest / 5 { power *= 10 }
        let step = [1, 2, 5, 10].first { $0 * power * 5 >= highest * 0.999 } ?? 10
        return step * power
    }

    private var ticks: [Double] {
        let count = Int((highest / step).rounded(.up))
        return (0...min(max(count, 1), 12)).map { Double($0) * step }
    }

    private func y(_ value: Double) -> Double {
        let room = Self.height - Self.top - Self.bottom
        return Self.top + room * (1 - value / (ticks.last ?? 1))
    }

    private var groupWidth: Double { (Self.width - Self.left - Self.right) / Double(max(groups.count, 1)) }

    private func x(_ group: Int) -> Double { Self.left + groupWidth * (Double(group) + 0.5) }

    // MARK: Parts

    private var grid: String {
        let lines = ticks.map { tick in
            let y = Self.figure(y(tick))
            return """
                <line class="grid" x1="\(Self.figure(Self.left))" x2="\(Self.figure(Self.width - Self.right))" \
                y1="\(y)" y2="\(y)"/>
                <text class="y" x="\(Self.figure(Self.left - 6))" y="\(y)" dy="4">\(Self.figure(tick))</text>

                """
        }.joined()
        let middle = Self.figure((Self.top + Self.height - Self.bottom) / 2)
        return lines + """
            <text class="name" transform="translate(14 \(middle)) rotate(-90)">\(HTMLText.escaped(unit))</text>

            """
    }

    private var xAxis: String {
        let baseline = Self.figure(Self.height - Self.bottom)
        let every = (groups.count + Self.labelsLimit - 1) / Self.labelsLimit
        let labels = groups.indices.filter { $0 % max(every, 1) == 0 }.map { group in
            """
            <text class="x" x="\(Self.figure(x(group)))" y="\(Self.figure(Self.height - Self.bottom + 18))">\
            \(HTMLText.escaped(groups[group]))</text>

            """
        }.joined()
        return """
            <line class="axis" x1="\(Self.figure(Self.left))" x2="\(Self.figure(Self.width - Self.right))" \
            y1="\(baseline)" y2="\(baseline)"/>
            \(labels)<text class="name" x="\(Self.figure((Self.left + Self.width - Self.right) / 2))" \
            y="\(Self.figure(Self.height - Self.bottom + 40))">\(HTMLText.escaped(groupsName))</text>

            """
    }

    private var legendColumns: Int { series.allSatisfy { $0.name.count <= Self.shortName } ? 4 : 2 }

    private var legend: String {
        guard series.count > 1 else { return "" }
        let width = (Self.width - Self.left) / Double(legendColumns)
        return series.indices.map { index in
            let x = Self.left + Double(index % legendColumns) * width
            let y = Self.height + Double(index / legendColumns) * Self.lineStep
            let name = HTMLText.escaped(String(series[index].name.prefix(Self.longestName)))
            return """
                <rect class="s\(index)" x="\(Self.figure(x))" y="\(Self.figure(y - 10))" width="11" height="11"/>
                <text class="key" x="\(Self.figure(x + 17))" y="\(Self.figure(y))">\(name)</text>

                """
        }.joined()
    }

    private var body: String {
        switch shape {
        case .stackedBars: groups.indices.map(bar).joined()
        case .lines: series.indices.map(line).joined()
        }
    }

    private func bar(_ group: Int) -> String {
        let width = min(max(groupWidth * 0.72, 0.5), 60)
        var below = 0.0
        return series.indices.compactMap { index -> String? in
            guard let value = series[index].values[group], value > 0 else { return nil }
            defer { below += value }
            let (top, bottom) = (y(below + value), y(below))
            let words = "\(groups[group]), \(series[index].name): \(Self.figure(value)) \(unit)"
            return """
                <rect class="s\(index)" x="\(Self.figure(x(group) - width / 2))" y="\(Self.figure(top))" \
                width="\(Self.figure(width))" height="\(Self.figure(bottom - top))">\
                <title>\(HTMLText.escaped(words))</title></rect>

                """
        }.joined()
    }

    /// Broken where there is no value; a dot a value, so that one alone is seen.
    private func line(_ index: Int) -> String {
        let values = series[index].values
        var path = ""
        var isDrawing = false
        var dots = ""
        for group in groups.indices {
            guard let value = values[group] else {
                isDrawing = false
                continue
            }
            let (x, y) = (Self.figure(x(group)), Self.figure(y(value)))
            path += "\(isDrawing ? "L" : "M")\(x) \(y)"
            isDrawing = true
            let words = "\(groups[group]), \(series[index].name): \(Self.figure(value)) \(unit)"
            dots += """
                <circle class="s\(index)" cx="\(x)" cy="\(y)" r="2.5"><title>\(HTMLText.escaped(words))</title></circle>

                """
        }
        return path.isEmpty ? "" : "<path class=\"line s\(index)\" d=\"\(path)\"/>\n" + dots
    }

    /// At most six decimals, as many as say something: `12`, `0.5`, `0.000324`.
    static func figure(_ number: Double) -> String {
        guard number.isFinite, abs(number) < 1e12 else { return "–" }
        if number == number.rounded() || abs(number) >= 10_000 { return String(Int(number.rounded())) }
        let (decimals, scale): (Int, Double) = switch abs(number) {
        case 100...: (1, 10)
        case 1...: (2, 100)
        default: (6, 1_000_000)
        }
        let scaled = Int((abs(number) * scale).rounded())
        var fraction = String(scaled % Int(scale))
        fraction = String(repeating: "0", count: decimals - fraction.count) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return (number < 0 ? "-" : "") + String(scaled / Int(scale)) + (fraction.isEmpty ? "" : "." + fraction)
    }
}

/// Text of whatever origin in an HTML page that is XML, too.
enum HTMLText {
    /// `text` for an element or an attribute in double quotes; control characters are escaped as on the console, and
    /// what no XML may hold is replaced.
    static func escaped(_ text: String) -> String {
        ConsoleText.escaped(text).unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\u{fffe}", "\u{ffff}": escaped += "\u{fffd}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }
}
