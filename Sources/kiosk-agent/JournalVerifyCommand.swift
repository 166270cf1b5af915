import ArgumentParser
import FoundationEssentials
import Journal

/// `kiosk-agent journal verify`: whether every entry is there and as it was written.
struct JournalVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every line, the order of the entries and the footers of the segments.",
        discussion: "Reads only. Exit status 0 when all is sound, 1 when something was found.")

    @OptionGroup var options: JournalOptions

    @Flag(help: "As one JSON object on one line.")
    var json = false

    func run() throws {
        let verification: JournalVerification
        do { verification = try JournalVerification(directory: options.folder()) } catch let error as JournalError {
            throw JournalCommand.failure(error)
        }
        StandardStream.output.write(json ? Self.json(verification) + "\n" : Self.text(verification))
        if !verification.isSound { throw ExitCode(CommandFailure.runTime) }
    }

    /// A line for each finding, and one that sums up.
    static func text(_ verification: JournalVerification) -> String {
        var lines = verification.findings.map { ConsoleText.escaped($0.description) }
        let unlisted = verification.findingsCount - verification.findings.count
        if unlisted > 0 { lines.append("and \(unlisted) more") }
        if verification.halfLineBytes > 0 {
            lines.append("half a line of \(verification.halfLineBytes) bytes at the end is being written, or torn")
        }
        let range = verification.entries > 0 ? " (\(verification.firstSeq) to \(verification.lastSeq))" : ""
        lines.append(
            "\(verification.isSound ? "sound" : "\(verification.findingsCount) findings"): "
                + "\(verification.entries) entries\(range) in \(verification.segments) segments, "
                + "\(verification.sealedSegments) of them sealed, \(verification.bytes) bytes")
        return lines.joined(separator: "\n") + "\n"
    }

    static func json(_ verification: JournalVerification) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(Members(verification)) else {
            preconditionFailure("a verification consists of nothing that JSON cannot write")
        }
        return String(decoding: json, as: UTF8.self)
    }

    private struct Members: Encodable {
        struct Finding: Encodable {
            let file: String
            let line: Int?
            let what: String
        }

        let sound: Bool
        let findings: [Finding]
        let findingsCount, segments, sealedSegments, entries: Int
        let bytes, halfLineBytes: Int64
        let firstSeq, lastSeq: UInt64

        enum CodingKeys: String, CodingKey {
            case sound, findings, segments, entries, bytes
            case findingsCount = "findings_count", sealedSegments = "sealed_segments"
            case halfLineBytes = "half_line_bytes", firstSeq = "first_seq", lastSeq = "last_seq"
        }

        init(_ verification: JournalVerification) {
            sound = verification.isSound
            findings = verification.findings.map { Finding(file: $0.file, line: $0.line, what: $0.words) }
            findingsCount = verification.findingsCount
            segments = verification.segments
            sealedSegments = verification.sealedSegments
            entries = verification.entries
            bytes = verification.bytes
            halfLineBytes = verification.halfLineBytes
            firstSeq = verification.firstSeq
            lastSeq = verification.lastSeq
        }
    }
}
