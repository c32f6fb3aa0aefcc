#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lists/fields.h"
#include "policy/suppression.h"

/*
 * The formats in which suppression lists come, as a table: the names that a
 * record has tell whose it is, and what they mean.
 */
enum format {
	FORMAT_PLAIN,
	FORMAT_SES,
	FORMAT_SENDGRID,
	FORMAT_MAILGUN,
	FORMAT_POSTMARK,
	FORMAT_SPARKPOST,
	FORMAT_OKITE,
	FORMAT_COUNT,
	FORMAT_AUTO = FORMAT_COUNT, /* the list itself will tell */
};
extern const char *const format_names[FORMAT_COUNT];
#define FORMAT_NAMES "plain|ses|sendgrid|mailgun|postmark|sparkpost|okite"

/* NULL is "auto".  False where there is no such format. */
bool format_find(const char *name, enum format *format);

/* What the answers of services have their records in; the last is NULL. */
extern const char *const format_arrays[];
/* Whose array that is. */
enum format format_of_array(size_t index);

/* What a service says for one of our reasons, in whatever case. */
struct word {
	const char *text; /* NULL: the last */
	enum reason reason;
};
/* REASON_NONE where it is none of WORDS. */
enum reason word_reason(const struct word *words, const char *text);
bool format_is_ses_reason(const char *text);

/* One of the kinds of record that a format has.  Names are those of lists/fields.h. */
enum layout_shape { LAYOUT_ROW = 1, LAYOUT_OBJECT = 2 };

struct layout {
	enum format format;
	int shapes;
	bool exact; /* by itself only known where there are no other names */
	bool named; /* by itself never known */
	const char *needs[4];
	const char *address;
	const char *reason; /* the field that tells it; NULL: there is none */
	const struct word *words;
	const char *no_word;   /* the fault, if the reason is none of the words */
	enum reason otherwise; /* where no field tells */
	bool open;	       /* then --reason is asked before */
	const char *since[2], *notes[2]; /* the first that is not empty */
	/* What else is wrong.  DECIDED: --reason tells the reason. */
	const char *(*check)(const struct fields *fields, bool decided);
	const char *refusal; /* why nothing of the kind may be imported */
};

/*
 * The layout that fits the names of FIELDS; NULL: none.  With FORMAT_AUTO
 * names that could be anybody's are nobody's.
 */
const struct layout *layout_find(
	enum format format, enum layout_shape shape, const struct fields *fields);
/* Rows without a header, as SES writes them: emailaddress, reason. */
const struct layout *layout_headless(void);
