// TOML by toml++, behind plain C: no C++ type and no exception crosses this header.
#ifndef CTOMLPLUSPLUS_H
#define CTOMLPLUSPLUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// UTF-8 that the document owns; not terminated, and it may hold NULs. `bytes` is NULL when there is none.
typedef struct {
    const char *bytes;
    size_t length;
} ctoml_text;

/// The type of a value.
typedef enum {
    CTOML_STRING,
    CTOML_INTEGER,
    CTOML_FLOAT,
    CTOML_BOOLEAN,
    CTOML_TIME,  ///< A date, a time, or both.
    CTOML_ARRAY,
    CTOML_TABLES,  ///< An array of nothing but tables.
    CTOML_TABLE,
} ctoml_kind;

/// A key of the top table, of a table in it, or of a table in an array of tables; what is nested deeper is part of its
/// value. Each table of such an array is an entry too, before its keys.
typedef struct {
    ctoml_text table;  ///< The key of the table or array around it; none at the top.
    ctoml_text key;  ///< Without quotes and escapes; dots in it are its own. None for a table of an array.
    int64_t element;  ///< Which table of the array, from 0; -1 outside of arrays.
    uint32_t line;  ///< Where the key stands first, or the table of an array begins; from 1.
    ctoml_kind kind;
    ctoml_text string;  ///< The value of a string.
    int64_t integer;  ///< The value of an integer; of a boolean 1 or 0.
    double number;  ///< The value of a float.
} ctoml_entry;

/// A parsed text, or why it is none.
typedef struct ctoml_document ctoml_document;

/// Parses `length` bytes at `text`, of which it keeps a copy. NULL when memory ran out. Free with ctoml_free().
///
/// Values nest up to a limit of toml++. Dotted keys have none there: each part costs stack, so their length is the
/// caller's to bound.
ctoml_document *ctoml_parse(const char *text, size_t length);
/// Frees a document, and with it every text of it.
void ctoml_free(ctoml_document *document);

/// What is wrong with the text, in words; none when it is TOML.
ctoml_text ctoml_error(const ctoml_document *document);
/// Where ctoml_error() is, from 1; columns count code points.
uint32_t ctoml_error_line(const ctoml_document *document);
uint32_t ctoml_error_column(const ctoml_document *document);

/// The number of entries; 0 for a text that is not TOML.
size_t ctoml_count(const ctoml_document *document);
/// The entry at `index`, below ctoml_count(); they are in the order of the text.
ctoml_entry ctoml_entry_at(const ctoml_document *document, size_t index);
/// One text in an array or table.
typedef struct {
    ctoml_text key;  ///< None in an array.
    ctoml_text string;  ///< None when it is of another type.
} ctoml_item;

/// The number of items of that entry's array or table; 0 for anything else.
size_t ctoml_item_count(const ctoml_document *document, size_t index);
/// The item at `item`, below ctoml_item_count(). Takes time in proportion to it.
ctoml_item ctoml_item_at(const ctoml_document *document, size_t index, size_t item);
/// The value of that entry as the text spells it; none for a table or array that headers or dotted keys make.
/// Takes time in proportion to the text.
ctoml_text ctoml_spelling_at(const ctoml_document *document, size_t index);

#ifdef __cplusplus
}
#endif

#endif
