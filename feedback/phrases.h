#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feedback/classify.h"

/*
 * The table of phrases, as text: sections with a head, a phrase a line.
 *
 *   # a comment
 *   [70 hard userunknown]
 *   no such user => 550 <a@example.com>: No such user here
 *   [71 policy filtered, from docomo.ne.jp, status 5.2.0, without no such user]
 *   [stage rcpt]
 *   [inner]
 *
 * The head has the rank (the highest wins), the class and the reason, then
 * conditions, all of which must hold:
 *
 *   from NAME       the refusing host, the recipient or the text is of that domain
 *   by FORMAT       the format of the report
 *   at STAGE        connect, helo, mail, rcpt, data
 *   status 5.7      how the enhanced code begins
 *   reply 55        how the reply code begins
 *   with PHRASE     that is in the text as well
 *   without PHRASE  that is not
 *
 * Phrases under [stage X] say at which stage of SMTP it was refused; what
 * stands behind one under [inner] is the reply of a server further on.
 *
 * A phrase begins and ends with a word; * at its start or end lets go of
 * that.  " ... " within it is a gap of at most GAP_MAX bytes: a name.  It is
 * folded (feedback/fold.h) as the text is, so case and spaces do not matter,
 * and "@" is any address.  Behind "=>" stands a sentence that the row is there
 * for: the tests ask whether it wins there.
 */
enum {
	CONDITIONS_MAX = 4,
	PATTERNS_MAX = 4096,
	PHRASE_MAX = 160,
	GAP_MAX = 80,
	NO_PATTERN = UINT16_MAX
};
#define NO_ROW SIZE_MAX

enum section_kind { SECTION_REASON, SECTION_STAGE, SECTION_INNER };

enum condition_kind {
	CONDITION_FROM,
	CONDITION_BY,
	CONDITION_AT,
	CONDITION_STATUS,
	CONDITION_REPLY,
	CONDITION_WITH,
	CONDITION_WITHOUT,
};

struct condition {
	enum condition_kind kind;
	enum smtp_stage stage;
	uint16_t pattern; /* of from, with, without */
	char prefix[16];  /* of status and reply; the name of by */
};

struct section {
	enum section_kind kind;
	enum outcome_class class;
	enum smtp_stage stage;
	const char *reason;
	int rank;
	size_t condition_count;
	struct condition conditions[CONDITIONS_MAX];
};

/*
 * What is looked for: a phrase, whatever it means, or the name of a host.  One
 * with a gap is two others, of which FIRST must stand shortly before the one
 * that it is listed with.
 */
struct pattern {
	char *text; /* NULL for one with a gap */
	size_t length;
	bool open_start, open_end; /* need not begin, or end, with a word */
	bool single;		   /* has no space */
	bool host;		   /* the name of one, or of its domain */
	bool leads;		   /* is the first of its text */
	uint16_t same;		   /* the next one of its text */
	uint16_t gaps;		   /* with a gap, ending in this one: the first of them */
	uint16_t next_gap;	   /* and the next one */
	uint16_t first;
	size_t row; /* the last one with it, or NO_ROW */
};

struct row {
	size_t section;
	size_t line;
	uint16_t pattern;
	size_t next; /* the one before with this pattern, or NO_ROW */
};

struct phrases {
	struct section *sections;
	size_t section_count;
	struct pattern *patterns;
	size_t pattern_count;
	struct row *rows;
	size_t row_count;
	uint16_t *slots; /* patterns by their hash, while reading */
	uint16_t *words; /* the first pattern of each word of the automaton */
	struct automaton *automaton;
};

void phrases_init(struct phrases *phrases);
void phrases_clear(struct phrases *phrases);

/*
 * Read one table more; NAME is its name in errors ("NAME:12: ...").  Of two
 * rows that are as good, the later one wins, so a table of one's own comes
 * last.  False, with ERROR set: PHRASES may only be cleared then.
 */
bool phrases_read(struct phrases *phrases, const char *name, const char *text,
	size_t size, struct error *error);

/*
 * For phrases_read(): the pattern like WANTED, or the one of FIRST, a gap and
 * BEHIND; made where there is none.  NO_PATTERN when there are too many.
 */
uint16_t phrases_take(struct phrases *phrases, const struct pattern *wanted);
uint16_t phrases_take_gap(struct phrases *phrases, uint16_t first, uint16_t behind);

/* When all is read: make what phrases_find() needs.  False as above. */
bool phrases_build(struct phrases *phrases, struct error *error);

/*
 * What was seen in one text.  ENDS[pattern] is where it was seen last: where
 * its last byte stands, counted from 1; 0 where it was not.
 */
struct seen {
	uint16_t ends[PATTERNS_MAX];
	uint16_t patterns[PATTERNS_MAX]; /* those that were seen */
	size_t count;
};

void seen_init(struct seen *seen, const struct phrases *phrases);

/* Look for all patterns in folded TEXT, of at most 65535 bytes. */
void phrases_find(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen);

/* Look for names of hosts only; where they stand does not count. */
void phrases_find_names(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen);
