import CTOMLPlusPlus

/// A TOML text as the parser understands it: the keys of its top table, and of the tables and arrays of tables in that.
final class TOMLDocument {
    /// A text that is not TOML.
    struct SyntaxError: Error, Equatable {
        /// Counts from 1; nil when memory ran out.
        let line: Int?
        /// What is wrong, in the parser's words.
        let words: String
    }

    /// One key and its value.
    struct Entry: Equatable {
        /// The key, after that of the table around it.
        let path: [String]
        /// Which table of an array (`[[tool]]`) this is, or is in; counts from 0, nil outside of arrays.
        let element: Int?
        /// Where the key stands first; counts from 1.
        let line: Int
        let value: SettingValue
        let isTable: Bool
        /// An array of nothing but tables, `[[path]]`; they and their keys are entries of their own.
        let isArrayOfTables: Bool
    }

    private let document: OpaquePointer

    /// `text` may hold anything, but no keys of very many parts: each part costs stack.
    init(_ text: String) throws(SyntaxError) {
        var text = text
        let parsed = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { ctoml_parse($0.baseAddress, $0.count) }
        }
        guard let parsed else { throw SyntaxError(line: nil, words: "out of memory") }
        document = parsed
        if let words = String(ctoml_error(parsed)) {
            throw SyntaxError(line: Int(ctoml_error_line(parsed)), words: words)
        }
    }

    deinit { ctoml_free(document) }

    /// In the order of the text.
    var entries: [Entry] {
        (0..<ctoml_count(document)).map { index in
            Entry(ctoml_entry_at(document, index)) {
                (0..<ctoml_item_count(document, index)).map { ctoml_item_at(document, index, $0) }
            }
        }
    }

    /// How the operator spelled the value of the entry at `index`; nil for a table or array that stands under a header
    /// or that dotted keys make.
    func spelling(at index: Int) -> String? {
        (0..<ctoml_count(document)).contains(index) ? String(ctoml_spelling_at(document, index)) : nil
    }
}

extension TOMLDocument.Entry {
    fileprivate init(_ entry: ctoml_entry, items: () -> [ctoml_item]) {
        path = [String(entry.table), String(entry.key)].compactMap { $0 }
        element = entry.element < 0 ? nil : Int(entry.element)
        line = Int(entry.line)
        isTable = entry.kind == CTOML_TABLE
        isArrayOfTables = entry.kind == CTOML_TABLES
        value = switch entry.kind {
        case CTOML_STRING: .text(String(entry.string) ?? "")
        case CTOML_INTEGER: .integer(Int(entry.integer))
        case CTOML_FLOAT: .number(entry.number)
        case CTOML_BOOLEAN: .flag(entry.integer != 0)
        case CTOML_ARRAY: SettingValue(list: items())
        case CTOML_TABLE: SettingValue(table: items())
        default: .other
        }
    }
}

extension SettingValue {
    fileprivate init(list items: [ctoml_item]) {
        let texts = items.compactMap { String($0.string) }
        self = texts.count == items.count ? .list(texts) : .other
    }

    fileprivate init(table items: [ctoml_item]) {
        let pairs = items.compactMap { item in
            String(item.key).flatMap { key in String(item.string).map { (key, $0) } }
        }
        self = pairs.count == items.count ? .table(Dictionary(pairs) { first, _ in first }) : .other
    }
}

extension String {
    fileprivate init?(_ text: ctoml_text) {
        guard let bytes = text.bytes else { return nil }
        self.init(decoding: UnsafeRawBufferPointer(start: bytes, count: text.length), as: UTF8.self)
    }
}
