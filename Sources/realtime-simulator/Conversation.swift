/// One item of the conversation, with what the wire does not show.
struct Item: Equatable {
    let id: String
    /// As events show it: audio left out.
    var value: JSON
    /// The item's audio (24 kHz); empty when it has none. Of an assistant item: what has been sent so far.
    var audio: [Int16] = []
    /// What was heard in a user item's audio; nil for all other items.
    var heard: Hearing.Report?
    /// The turn of a user item, counted from 1 since the simulator's start.
    var turn = 0
    /// The model spoke it: it may be truncated.
    var isModelAudio = false
    /// The client cut it: it grows no more and its transcript is gone.
    var isTruncated = false

    var role: String? { value["role"]?.text }
    var isUser: Bool { role == "user" }
    var audioMs: Int { AudioTime.ms(frames: audio.count) }

    /// All text of the item: of its text parts, its transcripts, its arguments or its output.
    var text: String {
        let parts = (value["content"]?.elements ?? []).compactMap { $0["text"]?.text ?? $0["transcript"]?.text }
        return (parts + [value["arguments"]?.text, value["output"]?.text].compactMap { $0 }).joined(separator: " ")
    }

    /// The item with its audio in the first audio part, as `conversation.item.retrieved` shows it.
    var valueWithAudio: JSON {
        guard !audio.isEmpty else { return value }
        var parts = value["content"]?.elements ?? []
        if let index = parts.firstIndex(where: { ["input_audio", "output_audio"].contains($0["type"]?.text) }) {
            parts[index]["audio"] = .string(PCM.base64(audio[...]))
        }
        var shown = value
        shown["content"] = .array(parts)
        return shown
    }
}

/// The items of the default conversation, in order.
struct Conversation {
    let id: String
    private(set) var items: [Item] = []

    init(id: String) {
        self.id = id
    }

    subscript(itemID: String) -> Item? {
        get { items.first { $0.id == itemID } }
        set {
            guard let index = items.firstIndex(where: { $0.id == itemID }) else { return }
            if let newValue { items[index] = newValue } else { items.remove(at: index) }
        }
    }

    var lastID: String? { items.last?.id }

    mutating func append(_ item: Item) {
        items.append(item)
    }

    /// Puts an item after another, or first for nil.
    mutating func insert(_ item: Item, after previous: String?) {
        let index = previous.flatMap { previous in items.firstIndex { $0.id == previous } }.map { $0 + 1 } ?? 0
        items.insert(item, at: index)
    }

    func previousID(of itemID: String) -> String? {
        guard let index = items.firstIndex(where: { $0.id == itemID }), index > 0 else { return nil }
        return items[index - 1].id
    }
}
