import Glibc

/// How loud a stretch of sound is: its peak and RMS in dBFS (0 is the loudest a sample can be, and a sine's RMS is 3 dB
/// below its peak), the share of clipped samples, and all this in words.
struct LevelMeter: Equatable {
    /// A sample is clipped from here on, 0.02 dB below full scale: what converts a rate moves a clipped one a little.
    static let clippedFrom = 32_700
    /// More than this share of clipped samples is heard as distortion.
    static let toleratedClipping = 0.001
    /// Speech into a microphone that is set well peaks above this, and the noise of a room does not.
    static let quietPeak = -30.0
    /// Above this a louder visitor would clip.
    static let loudPeak = -3.0
    /// Below this is the noise of a quiet room.
    static let noisePeak = -50.0

    private(set) var frames = 0
    private var peakSample = 0
    private var squares = 0
    private var clippedFrames = 0

    mutating func add(_ samples: UnsafeBufferPointer<Int16>) {
        for sample in samples {
            let magnitude = abs(Int(sample))
            peakSample = max(peakSample, magnitude)
            squares += magnitude * magnitude
            if magnitude >= Self.clippedFrom { clippedFrames += 1 }
        }
        frames += samples.count
    }

    /// Adds what another meter counted.
    mutating func add(_ other: LevelMeter) {
        frames += other.frames
        peakSample = max(peakSample, other.peakSample)
        squares += other.squares
        clippedFrames += other.clippedFrames
    }

    /// dBFS; negative infinity for digital silence.
    var peak: Double { 20 * log10(Double(peakSample) / 32_768) }

    /// dBFS; negative infinity for digital silence.
    var rms: Double { frames == 0 ? -.infinity : 10 * log10(Double(squares) / Double(frames)) - 20 * log10(32_768) }

    /// The share of clipped samples, 0 to 1.
    var clipping: Double { frames == 0 ? 0 : Double(clippedFrames) / Double(frames) }

    /// What it means, and what to do.
    var verdict: String {
        if frames == 0 { return "nothing was heard" }
        if peakSample == 0 { return "digital silence: muted, unplugged, or another device is the microphone" }
        if clipping > Self.toleratedClipping { return "clipping: turn the microphone down" }
        if peak > Self.loudPeak { return "too loud: little is left before it clips" }
        if peak < Self.noisePeak { return "silence, or a microphone that is turned down" }
        if peak < Self.quietPeak { return "quiet: speak up, come closer, or turn the microphone up" }
        return "good"
    }

    /// `peak  -12.3 dBFS  rms  -24.5 dBFS  clipped  0.0 %  |########    |  good`, with its line break.
    var line: String {
        let share = Self.fixed(clipping * 100, width: 5)
        return "peak \(Self.decibels(peak))  rms \(Self.decibels(rms))  clipped \(share) %  |\(bar)|  \(verdict)\n"
    }

    private var bar: String { Self.bar(peak: peak) }

    /// A mark for each 3 dB of the peak above -60 dBFS, 20 in all.
    static func bar(peak: Double) -> String {
        let marks = peak > -60 ? min(20, Int(min((peak + 60) / 3, 20)) + 1) : 0
        return String(repeating: "#", count: marks) + String(repeating: " ", count: 20 - marks)
    }

    static func decibels(_ value: Double) -> String {
        (value.isFinite ? fixed(value, width: 6) : "  -inf") + " dBFS"
    }

    /// One decimal, right-aligned.
    private static func fixed(_ value: Double, width: Int) -> String {
        let tenths = Int((abs(value) * 10).rounded())
        let text = (value < 0 && tenths > 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
        return String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
}
