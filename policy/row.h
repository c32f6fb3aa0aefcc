#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/*
 * The arithmetic of those who bounce: the model of store/learn.lua, which must
 * give the same numbers (tests/store/learn_random_test.c holds them against
 * each other), and what the store in memory runs on.
 *
 * Soft bounces count in a row, one a day, whatever order they come in: one
 * that happened less than a day after the last that counted is of the same
 * day, or late.  A delivery that happened no earlier than that one ends the
 * row.  The entry that the last of a row makes, as one that is made at once,
 * ends after a time that doubles when it comes again after the end of the one
 * before; what comes back meanwhile, of mail that was under way, only moves the end.
 */
#define ROW_APART_US DAY_US
#define ROW_KEPT_US (30 * DAY_US)    /* after its last, and after the entry's end */
#define EXPIRE_MAX_US (365 * DAY_US) /* where doubling ends */

struct row {
	int64_t row;	  /* soft bounces so far */
	int64_t last_us;  /* when the last one that counted happened; 0: there was none */
	int64_t times;	  /* how often it was put on the list since the last delivery */
	int64_t end_us;	  /* of the last entry; 0: there was none, or it has none */
	int64_t until_us; /* then it is forgotten */
};

/* Is there something to know of it still?  What is not so is as nothing: { 0 }. */
bool row_is_kept(const struct row *row, int64_t now_us);

/* A soft bounce.  True when it counts; the row is longer then. */
bool row_add(struct row *row, int64_t happened_us);
/* It is put on the list, for EXPIRE_US (0: for good).  The end of the entry, 0 for never. */
int64_t row_put(struct row *row, int64_t expire_us, int64_t happened_us);
/* Does a delivery end the row, and with it the doubling? */
bool row_ends(const struct row *row, int64_t happened_us);
