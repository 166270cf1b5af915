#include "ctomlplusplus.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Leaf {
    const toml::key *table;
    const toml::key *key;
    const toml::node *value;
    int64_t element;

    toml::source_position place() const { return key == nullptr ? value->source().begin : key->source().begin; }
};

ctoml_text view(std::string_view text) { return {text.data(), text.size()}; }

ctoml_kind kind_of(const toml::node &value) {
    switch (value.type()) {
    case toml::node_type::string: return CTOML_STRING;
    case toml::node_type::integer: return CTOML_INTEGER;
    case toml::node_type::floating_point: return CTOML_FLOAT;
    case toml::node_type::boolean: return CTOML_BOOLEAN;
    case toml::node_type::array: return value.is_array_of_tables() ? CTOML_TABLES : CTOML_ARRAY;
    case toml::node_type::table: return CTOML_TABLE;
    default: return CTOML_TIME;
    }
}

/// The bytes of `text` from `from` on, which stands at `position`, up to `wanted`. Columns count code points.
size_t offset(std::string_view text, size_t from, toml::source_position position, toml::source_position wanted) {
    while (from < text.size() && position < wanted) {
        if (text[from] == '\n') {
            position.line += 1;
            position.column = 1;
        } else {
            position.column += 1;
        }
        do from += 1; while (from < text.size() && (text[from] & 0xC0) == 0x80);
    }
    return from;
}

}  // namespace

struct ctoml_document {
    std::string text;
    toml::parse_result result;
    std::vector<Leaf> leaves;

    explicit ctoml_document(std::string_view source) : text(source), result(toml::parse(std::string_view(text))) {
        if (!result) return;
        for (const auto &[key, value] : result.table()) {
            leaves.push_back({nullptr, &key, &value, -1});
            if (const toml::table *table = value.as_table()) add(&key, *table, -1);
            if (!value.is_array_of_tables()) continue;
            int64_t element = 0;
            for (const toml::node &node : *value.as_array()) {
                leaves.push_back({&key, nullptr, &node, element});
                add(&key, *node.as_table(), element);
                element += 1;
            }
        }
        std::stable_sort(leaves.begin(), leaves.end(), [](const Leaf &first, const Leaf &second) {
            return first.place() < second.place();
        });
    }

    void add(const toml::key *key, const toml::table &table, int64_t element) {
        for (const auto &[inner, leaf] : table) leaves.push_back({key, &inner, &leaf, element});
    }
};

ctoml_document *ctoml_parse(const char *text, size_t length) {
    try {
        return new ctoml_document(std::string_view(text, length));
    } catch (...) {
        return nullptr;
    }
}

void ctoml_free(ctoml_document *document) { delete document; }

ctoml_text ctoml_error(const ctoml_document *document) {
    return document->result ? ctoml_text{nullptr, 0} : view(document->result.error().description());
}

uint32_t ctoml_error_line(const ctoml_document *document) {
    return document->result ? 0 : document->result.error().source().begin.line;
}

uint32_t ctoml_error_column(const ctoml_document *document) {
    return document->result ? 0 : document->result.error().source().begin.column;
}

size_t ctoml_count(const ctoml_document *document) { return document->leaves.size(); }

ctoml_entry ctoml_entry_at(const ctoml_document *document, size_t index) {
    const Leaf &leaf = document->leaves[index];
    ctoml_entry entry = {};
    if (leaf.table != nullptr) entry.table = view(leaf.table->str());
    if (leaf.key != nullptr) entry.key = view(leaf.key->str());
    entry.element = leaf.element;
    entry.line = leaf.place().line;
    entry.kind = kind_of(*leaf.value);
    if (const auto *value = leaf.value->as_string()) entry.string = view(value->get());
    if (const auto *value = leaf.value->as_integer()) entry.integer = value->get();
    if (const auto *value = leaf.value->as_boolean()) entry.integer = value->get() ? 1 : 0;
    if (const auto *value = leaf.value->as_floating_point()) entry.number = value->get();
    return entry;
}

size_t ctoml_item_count(const ctoml_document *document, size_t index) {
    const toml::node &value = *document->leaves[index].value;
    if (const auto *array = value.as_array()) return array->size();
    const auto *table = value.as_table();
    return table == nullptr ? 0 : table->size();
}

ctoml_item ctoml_item_at(const ctoml_document *document, size_t index, size_t item) {
    const toml::node &value = *document->leaves[index].value;
    const toml::node *node = nullptr;
    ctoml_item found = {};
    if (const auto *array = value.as_array()) {
        node = array->get(item);
    } else if (const auto *table = value.as_table()) {
        auto place = std::next(table->begin(), static_cast<std::ptrdiff_t>(item));
        found.key = view(place->first.str());
        node = &place->second;
    }
    if (node == nullptr) return found;
    if (const auto *string = node->as_string()) found.string = view(string->get());
    return found;
}

ctoml_text ctoml_spelling_at(const ctoml_document *document, size_t index) {
    const Leaf &leaf = document->leaves[index];
    const toml::source_region &region = leaf.value->source();
    if (leaf.key == nullptr) return {nullptr, 0};
    // A value stands after its key. What a header makes begins at the bracket, what a dotted key makes at the key.
    if (!(leaf.key->source().begin < region.begin)) return {nullptr, 0};
    std::string_view text = document->text;
    size_t mark = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
    size_t begin = offset(text, mark, {1, 1}, region.begin);
    // The header of a table may follow one of a table in it, and so stand after the key's first place.
    if (leaf.value->is_table() && (begin == text.size() || text[begin] != '{')) return {nullptr, 0};
    size_t end = offset(text, begin, region.begin, region.end);
    while (end > begin && std::string_view(" \t\r").find(text[end - 1]) != std::string_view::npos) end -= 1;
    return view(text.substr(begin, end - begin));
}
