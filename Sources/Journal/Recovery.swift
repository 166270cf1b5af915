/// What opening a journal found.
public struct Recovery: Sendable, Equatable {
    /// `seq` of the last entry; 0 for an empty journal. The next entry gets `lastSeq + 1`.
    public internal(set) var lastSeq: UInt64 = 0
    /// Everything that was not as the journal left it, one operator-readable line each; at most `findingsLimit`.
    public private(set) var findings: [String] = []

    /// More lines than this tell an operator nothing new; the rest is counted in the last line.
    static let findingsLimit = 20
    private var unlistedFindings = 0

    init() {}

    mutating func add(_ finding: String) {
        guard findings.count >= Self.findingsLimit else {
            findings.append(finding)
            return
        }
        unlistedFindings += 1
        findings[Self.findingsLimit - 1] = "and \(unlistedFindings + 1) more findings"
    }
}
