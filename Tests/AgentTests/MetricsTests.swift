import Foundation
import MonotonicClock
import Testing

@testable import kiosk_agent

@Suite struct MetricsTests {
    private static func samples(_ text: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    @Test func aStatusIsSamplesByPrometheusConventions() throws {
        let samples = try Self.samples(Metrics.text(try StatusTests.report()))
        #expect(samples["kiosk_agent_uptime_seconds"] == 3725)
        #expect(samples[#"kiosk_agent_state{state="offline"}"#] == 1)
        #expect(samples[#"kiosk_agent_state{state="ready"}"#] == 0)
        #expect(samples["kiosk_agent_link_up"] == 0)
        #expect(samples[#"kiosk_agent_cost_today_usd{part="assistant"}"#] == 4)
        #expect(samples["kiosk_agent_budget_usd"] == 5)
        #expect(samples[#"kiosk_agent_faults_total{class="link"}"#] == 1)
        #expect(samples[#"kiosk_agent_faults_total{class="audio"}"#] == 1)
        #expect(samples[#"kiosk_agent_audio_device_up{direction="capture",device="hw:1,0"}"#] == 0)
        #expect(samples[#"kiosk_agent_audio_interruptions_total{direction="capture"}"#] == 1)
        #expect(samples[#"kiosk_agent_audio_interrupted_seconds_total{direction="capture"}"#] == 1.5)
    }

    /// One HELP and one TYPE before the samples of each name, which ends in its unit; counters in `_total`.
    @Test func everyNameIsExplainedOnceAndHasItsUnit() throws {
        let lines = Metrics.text(try StatusTests.report()).split(separator: "\n")
        let name = /[a-z_]+/
        var types: [Substring: Substring] = [:]
        for (index, line) in lines.enumerated() where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ")
            #expect(types.updateValue(words[3], forKey: words[2]) == nil)
            #expect(lines[index - 1].hasPrefix("# HELP \(words[2]) "))
            #expect(words[2].hasSuffix("_total") == (words[3] == "counter"))
        }
        for line in lines where !line.hasPrefix("#") {
            let own = try #require(line.prefixMatch(of: name)?.output)
            #expect(types[own] != nil, "\(line)")
        }
    }

    // MARK: The file

    private static func file(_ folder: TemporaryFolder) throws -> (String, MetricsFile) {
        let path = folder.path + "/kiosk.prom"
        var settings = Settings.Metrics()
        settings.file = path
        settings.intervalS = 15
        return (path, try #require(MetricsFile(settings, at: .now)))
    }

    @Test func theFileIsReplacedReadableByAllAndRemovedAtTheEnd() throws {
        let folder = try TemporaryFolder()
        var (path, file) = try Self.file(folder)
        let now = file.deadline
        for text in ["a 1\nb 2\n", "a 2\n"] {
            #expect(file.write(text, at: now) == nil)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        #expect(file.deadline == now + .seconds(15))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o644)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["kiosk.prom"])
        file.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aFailureIsSaidOnceUntilItChanges() throws {
        let folder = try TemporaryFolder()
        var (path, file) = try Self.file(folder)
        let now = file.deadline
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(file.write("a 1\n", at: now) == "\(path): rename: Is a directory")
        #expect(file.write("a 1\n", at: now) == nil)
        try FileManager.default.removeItem(atPath: path)
        #expect(file.write("a 1\n", at: now) == nil)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(file.write("a 1\n", at: now) != nil)
    }
}
