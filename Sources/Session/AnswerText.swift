import Realtime

/// The text of an answer, part by part, and how much of it goes with the audio that was heard.
struct AnswerText: Sendable {
    private var parts: [ContentPart: String] = [:]

    mutating func append(_ delta: String, to part: ContentPart) { parts[part, default: ""] += delta }
    mutating func set(_ text: String, of part: ContentPart) { parts[part] = text }

    /// Text that came only with the end of the response.
    mutating func fill(from response: Response) {
        guard parts.isEmpty else { return }
        for (index, item) in response.output.enumerated() where !item.text.isEmpty {
            parts[ContentPart(response: response.id, item: item.id, outputIndex: index)] = item.text
        }
    }

    /// All parts in the order of the response.
    var whole: String { join { _, text in text } }

    /// The part probably heard: of each part the share of its text that its heard audio has, whole words only.
    ///
    /// No alignment of text and audio exists on the wire, so the share is an estimate.
    func heard(of segments: [Playout.Segment]) -> String {
        join { part, text in
            let own = segments.filter { $0.part == part }
            let frames = own.reduce(0) { $0 + $1.frames }
            let heardFrames = own.reduce(0) { $0 + $1.heardFrames }
            return heardFrames == frames && frames > 0 ? text : Self.words(of: text, share: heardFrames, of: frames)
        }
    }

    private func join(_ text: (ContentPart, String) -> String) -> String {
        parts.sorted { ($0.key.outputIndex, $0.key.contentIndex) < ($1.key.outputIndex, $1.key.contentIndex) }
            .map { text($0.key, $0.value) }
            .filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    private static func words(of text: String, share: Int, of whole: Int) -> String {
        guard whole > 0 else { return "" }
        let count = Int(Double(text.count) * Double(share) / Double(whole))
        let heard = text.prefix(count)
        guard heard.endIndex < text.endIndex, !text[heard.endIndex].isWhitespace else { return String(heard) }
        return String(heard.prefix(upTo: heard.lastIndex(where: \.isWhitespace) ?? heard.startIndex))
    }
}
