import FoundationEssentials
import Session

/// How loud the microphone of a running agent is: what `levels` answers at the control socket, one JSON object.
struct LevelsReport: Codable, Equatable {
    /// Measured for half a second: long enough for a word.
    static let frames = sessionRate / 2

    /// Nil for digital silence.
    let peakDBFS, rmsDBFS: Double?
    /// The share of clipped samples, 0 to 1.
    let clipping: Double
    /// What it means, and what to do.
    let verdict: String

    enum CodingKeys: String, CodingKey {
        case clipping, verdict
        case peakDBFS = "peak_dbfs", rmsDBFS = "rms_dbfs"
    }

    init(_ meter: LevelMeter) {
        peakDBFS = Self.tenths(meter.peak)
        rmsDBFS = Self.tenths(meter.rms)
        clipping = (meter.clipping * 1000).rounded() / 1000
        verdict = meter.verdict
    }

    private static func tenths(_ dBFS: Double) -> Double? { dBFS.isFinite ? (dBFS * 10).rounded() / 10 : nil }

    /// One line.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let json = try? encoder.encode(self) else {
            preconditionFailure("levels consist of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }

    /// `-12.3 dBFS |################    | good`: short enough for half a terminal.
    var line: String {
        let peak = peakDBFS ?? -.infinity
        return "\(LevelMeter.decibels(peak)) |\(LevelMeter.bar(peak: peak))| \(verdict)"
    }
}
