#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "setup/setup.h"

/*
 * What stands in smtpd_milters, and where okite belongs in it: behind those
 * that refuse mail, since what is refused after okite has been charged, and
 * before those that sign it.  Pure.
 */
enum milter_kind {
	MILTER_REFUSES,	 /* or may, for all we know */
	MILTER_VERIFIES, /* looks at incoming mail alone: its place is of no matter */
	MILTER_SIGNS,
	MILTER_OKITE,	  /* ours, or a $name that has it */
	MILTER_OLD_OKITE, /* ours, but not where okited listens */
};

struct milter {
	size_t start, length; /* of its text in the list */
	enum milter_kind kind;
	bool is_name;	 /* $smtpd_milters */
	bool has_others; /* than okite */
	char *text;
	char *called; /* for people */
	char *action; /* its own default_action; NULL: Postfix's */
};

struct milter_list {
	struct milter *items;
	size_t count;
};

/* What MILTER's text says about it. */
void milter_classify(struct milter *milter, const struct postfix *postfix,
	const struct setup_okite *okite);
/* What is inside of `{ ADDRESS, default_action=accept }`; NULL: it is no such form. */
char *milter_braces(const char *text);

void milters_read(struct milter_list *list, const char *value,
	const struct postfix *postfix, const struct setup_okite *okite);
void milters_clear(struct milter_list *list);

/* The first of this kind; NULL: none. */
const struct milter *milters_first(const struct milter_list *list, enum milter_kind kind);
bool milters_have_others(const struct milter_list *list);

/* Which stands before okite, as what refuses, and which behind it, as what signs. */
struct milter_place {
	const struct milter *behind, *before; /* NULL: nobody */
	const struct milter *too_late;	      /* refuses, but only after okite */
};
void milters_place(const struct milter_list *list, struct milter_place *place);

/* VALUE, which LIST was read from, with ENTRY at its place, or instead of an old one. */
char *milters_with(const struct milter_list *list, const char *value, const char *entry);

/* The same list without any blank, for master.cf; NULL: it cannot be written so. */
char *milters_pack(const char *value);

/*
 * CURRENT without what AFTER has and BEFORE has not, for when somebody put
 * others beside it meanwhile.  NULL: it is not there.
 */
char *milters_without(const char *current, const char *before, const char *after);
