import FoundationEssentials
import Journal

/// How the agent answers a request to forget: `{"entries":3,"side_files":0}`.
struct ForgottenAnswer: Codable {
    private let entries: Int
    private let sideFiles: Int

    enum CodingKeys: String, CodingKey {
        case entries
        case sideFiles = "side_files"
    }

    init(_ outcome: Forgetting.Outcome) {
        entries = outcome.entries
        sideFiles = outcome.sideFiles
    }

    /// Reads a line without its line feed; nil when it is no such answer.
    init?(line: String) {
        guard let answer = try? JSONDecoder().decode(Self.self, from: Data(line.utf8)) else { return nil }
        self = answer
    }

    /// The line without its line feed.
    var line: String { #"{"entries":\#(entries),"side_files":\#(sideFiles)}"# }

    var outcome: Forgetting.Outcome { Forgetting.Outcome(entries: entries, sideFiles: sideFiles) }
}

extension Forgetting {
    /// As the control protocol has it: `before 1795256102123`, `turn sess_1/3`; nil for anything else.
    init?(_ word: String, _ value: String) {
        switch word {
        case "before":
            guard let instantMs = Int64(value) else { return nil }
            self = .before(instantMs)
        case "turn":
            guard let slash = value.lastIndex(of: "/"), let number = Int(value[value.index(after: slash)...]),
                number > 0
            else { return nil }
            let session = value[..<slash]
            // What JSON writes as it is.
            guard session.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) else { return nil }
            self = .turn(session: String(session), number: number)
        default: return nil
        }
    }

    var words: String {
        switch self {
        case .before(let instantMs): "before \(instantMs)"
        case .turn(let session, let number): "turn \(session)/\(number)"
        }
    }
}
