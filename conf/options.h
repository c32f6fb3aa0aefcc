#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one table of options.  What is read, what is checked, what a complaint
 * says, and what the tests hold the manual page and the sample file against
 * all come from here.  It never changes.
 */
enum option_type {
	OPTION_GROUP,  /* { }: its options have rows of their own */
	OPTION_LIMITS, /* ( { }, ... ): rows "limits.*" */
	OPTION_PLANS,  /* rows "plans.*" */
	OPTION_ACCOUNTS,

	OPTION_BOOLEAN,
	OPTION_WHOLE,
	OPTION_FRACTION,
	OPTION_WORD,	 /* one of `words`; stored as its index */
	OPTION_DURATION, /* microseconds */
	OPTION_BYTES,
	OPTION_RATE,
	OPTION_QUOTA,

	OPTION_TEXT,
	OPTION_TOKEN, /* fits into a key of Redis */
	OPTION_PATH,
	OPTION_DOMAIN, /* NULL where it is "" */
	OPTION_LISTEN,
	OPTION_URL, /* of Redis */
	OPTION_HOST_PORT,
	OPTION_REPLY, /* NULL where it is "" */
	OPTION_NAME,  /* of a limit or a plan, in an array */
	OPTION_ACCOUNT,
	OPTION_PLAN, /* a plan's name; stored as its index */

	OPTION_TEXTS,
	OPTION_DOMAINS,
	OPTION_NETWORKS,
	OPTION_SOURCES,	 /* fields that can be the account, in their order */
	OPTION_FIELDS,	 /* a set of bits */
	OPTION_PATTERNS, /* a line of `when`, of the field of the option's name */

	OPTION_TYPE_COUNT,
};

/* Options that are understood and checked, but that nothing depends on yet. */
struct later {
	const char *name; /* of one option or of a group */
	const char *why;
};

struct conf_option {
	const char *name; /* in full: "redis.url", "limits.when.client" */
	enum option_type type;
	bool required;
	const char *standard; /* the default, as one writes it in the file; NULL: none */
	/*
	 * Where it goes: in struct conf, or for rows "limits.*", "plans.*" and
	 * "accounts.*" in struct limit, plan and assignment.
	 */
	size_t place, size;
	size_t count_place;	  /* of how many there are, for lists */
	double least, most;	  /* of numbers; for a rate and a quota, of the window */
	const char *const *words; /* of OPTION_WORD; ends in NULL */
	const char *unbuilt;	  /* a word that a later version will take */
	const char *nothing;	  /* a word that stands for 0 */
	const struct later *later;
	const char *meaning;
};

extern const struct conf_option conf_options[];
extern const size_t conf_option_count;
