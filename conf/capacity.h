#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/limit.h"

/*
 * The bounds of a rate or a quota: the same for the file and for what
 * `okite account set` puts in its place.
 */
#define DISTINCT_AMOUNT_MAX INT64_C(1000000) /* each costs a member of a set in Redis */

enum { CAPACITY_WRONG_SIZE = 160 };

/*
 * Writes down what is wrong with the capacity of a limit of that KIND and
 * COUNT; false when nothing is.  One that lifts the limit is never wrong.
 */
bool capacity_is_wrong(enum limit_kind kind, enum limit_count count,
	const struct capacity *capacity, char *wrong, size_t size);
