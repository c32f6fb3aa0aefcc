#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "milter/runtime.h"

/*
 * Whether the store answers.  At the change from one to the other, once, it is
 * logged, and when it answers again it becomes the events degraded and
 * restored.  A question took SPENT_US; WHY is of one that was not answered.
 */
void outage_note(
	const struct runtime *runtime, bool answered, const char *why, int64_t spent_us);
