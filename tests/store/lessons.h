#pragma once

#include "store/store.h"

/* Lessons for the cases of the contract; lessons.c. */

/*
 * One that says KIND about RECIPIENT: a new identity, of the account shop,
 * accepted a minute and happened half a minute ago, with the reason and the
 * event of its kind; on the list for everyone and for good, of soft ones the
 * third in a row.
 */
struct lesson lesson_about(enum lesson_kind kind, const char *recipient);
struct learned learn(struct store *store, const struct lesson *lesson);

/* Is there an entry for the digest and scope of LESSON? */
bool find_entry(
	struct store *store, const struct lesson *lesson, struct suppression *entry);
/* Take it off the list, and end the row. */
void forget_list(struct store *store, const struct lesson *lesson);

/* The events since SEEN was asked last; it begins as { 0 }. */
struct seen_lessons {
	size_t count;
	struct event first, second;
	char last[EVENT_ID_SIZE];
};
void see_lessons(struct store *store, struct seen_lessons *seen);

/* The same lessons learned by all STORES at once, each of which counts once. */
enum { LESSONS_IN_RACE = 100 };
void race_to_learn(struct store *const *stores, size_t count);
