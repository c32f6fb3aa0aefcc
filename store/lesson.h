#pragma once

#include "store/store.h"

/* What a lesson means, for every kind of store.  Inside store/ only. */

/* What it does to the row of its digest and scope, and to the list. */
enum lesson_effect {
	EFFECT_NONE,
	EFFECT_ROW,   /* the row is longer, and may be long enough */
	EFFECT_ENTRY, /* on the list at once */
	EFFECT_CLEAR, /* the row ends */
	EFFECT_COUNT,
};
enum lesson_effect lesson_effect(const struct lesson *lesson);

/*
 * Who can write reports about his own mail must not hide the true one behind a
 * harmless one: what has the identity of something weaker is no repetition.
 */
int lesson_strength(enum lesson_kind kind);

/* The counter that it adds to; NULL for a kind that counts nowhere. */
int64_t *lesson_counter(enum lesson_kind kind, struct counters *counters);

/* The event "suppressed" that follows it, but for its detail. */
void lesson_suppressed(const struct lesson *lesson, struct event *event);
