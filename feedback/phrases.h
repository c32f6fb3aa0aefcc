#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feedback/classify.h"

/*
 * The table of phrases: the head of feedback/phrases.txt says what is in it.  Its texts
 * are folded (feedback/fold.h), as what they are looked for in.
 */
enum {
	CONDITIONS_MAX = 4,
	PATTERNS_MAX = 4096,
	PHRASE_MAX = 160,
	GAP_MAX = 80,
	NEAR_MAX = 2, /* between a phrase and a word of a list: a blank, a quote */
	LISTS_MAX = 32,
	LIST_NAME_SIZE = 24,
	NO_PATTERN = UINT16_MAX
};
#define NO_ROW SIZE_MAX

enum section_kind { SECTION_REASON, SECTION_STAGE, SECTION_INNER, SECTION_WORDS };

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
	uint16_t list; /* whose words these are */
	size_t condition_count;
	struct condition conditions[CONDITIONS_MAX];
};

/*
 * What is looked for: a phrase, whatever it means, or the name of a host.  One
 * with a gap is two others, of which FIRST must stand shortly before the one
 * that it is listed with; either may be a list, which is seen where one of its
 * words is.  Where several lists stand before the same phrase the nearest one
 * counts: "user a: the sender's domain does not exist" is not about the user.
 */
struct pattern {
	char *text; /* NULL for one with a gap */
	size_t length;
	bool open_start, open_end; /* need not begin, or end, with a word */
	bool single;		   /* has no space */
	bool host;		   /* the name of one, or of its domain */
	bool leads;		   /* is the first of its text */
	bool near;		   /* has no more than a blank for its gap */
	bool is_list;
	uint8_t list_number; /* of a list */
	uint16_t list;	     /* that it is a word of, or NO_PATTERN */
	uint16_t same;	     /* the next one of its text */
	uint16_t gaps;	     /* with a gap, ending in this one: the first of them */
	uint16_t next_gap;   /* and the next one */
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
	char lists[LISTS_MAX][LIST_NAME_SIZE];
	uint16_t list_patterns[LISTS_MAX];
	size_t list_count;
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
uint16_t phrases_take_gap(
	struct phrases *phrases, uint16_t first, uint16_t behind, bool near);

/* The list of that name, made where there is none; NO_PATTERN when there are too many. */
uint16_t phrases_take_list(struct phrases *phrases, const char *name);

/* When all is read: make what phrases_find() needs.  False as above. */
bool phrases_build(struct phrases *phrases, struct error *error);

/*
 * What was seen in one text.  ENDS[pattern] is where it was seen last: where
 * its last byte stands, counted from 1; 0 where it was not.
 */
struct seen {
	uint16_t ends[PATTERNS_MAX];
	uint16_t patterns[PATTERNS_MAX]; /* those that were seen */
	uint16_t starts[LISTS_MAX];	 /* where the last seen word of a list begins */
	size_t count;
};

void seen_init(struct seen *seen, const struct phrases *phrases);

/* Look for all patterns in folded TEXT, of at most 65535 bytes. */
void phrases_find(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen);

/* Look for names of hosts only; where they stand does not count. */
void phrases_find_names(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen);
