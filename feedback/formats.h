#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feedback/automaton.h"
#include "feedback/span.h"
#include "feedback/table_file.h"

/*
 * The table of formats (feedback/formats.txt says what is in it): how those
 * who return mail write.  Made once; never changed then, so any number of
 * threads may use it.
 */
enum mark {
	MARK_SEE,
	MARK_LABEL,
	MARK_AFTER,
	MARK_LIST,
	MARK_STOP,
	MARK_CAUSE,
	MARK_DELAY,
	MARK_END,
	MARK_HEADING,
	MARK_SIGN,
	MARK_SUBJECT,
	MARK_AWAY,
	MARK_NOTICE,
	MARK_DAEMON,
	MARK_MACHINE,
	MARK_COUNT,
};

enum {
	SHAPE_ANGLE = 1,
	SHAPE_ALONE = 2,
	SHAPE_COLON = 4,
	SHAPE_WORDS = 8,
	SHAPE_SESSION = 16,
	SHAPE_NAME = 32,
};

enum {
	REASON_BELOW = 1,
	REASON_CAUSE = 2,
	REASON_ALL = 4,
};

enum { FORMATS_MAX = 250, FORMAT_ANY = 0, FORMAT_NAME_SIZE = 24 };

struct format {
	char name[FORMAT_NAME_SIZE];
	unsigned shapes, reasons;
};

struct formats;

/*
 * The built-in table, and OWN (NULL: none) behind it: its lines "format NAME" may
 * go on with one that is there.  NULL, with ERROR set ("NAME:12: ...").
 */
struct formats *formats_new(const struct table_file *own, struct error *error);
void formats_free(struct formats *formats);

const struct format *formats_at(const struct formats *formats, size_t format);
const struct automaton *formats_automaton(const struct formats *formats);
size_t formats_word_length(const struct formats *formats, size_t word);

/* Is the word such a mark in FORMAT? */
bool formats_marks(
	const struct formats *formats, size_t word, size_t format, enum mark mark);

/* The first format that is seen by this word; FORMAT_ANY for none. */
size_t formats_seen(const struct formats *formats, size_t word);

/*
 * The form in which texts are looked for: TEXT in lower case and with one
 * space for any white space; MAP says where each byte came from.  Both have
 * room for one more than TEXT.  Returns the length.
 */
size_t formats_simplify(struct span text, char *to, uint32_t *map);

/* A text begins where a word does: "read:" is not in "thread:". */
bool formats_begins_word(const char *simple, size_t from);

/* Is such a mark of "any" in a short text, as of a header? */
bool formats_mark_text(const struct formats *formats, struct span text, enum mark mark);
