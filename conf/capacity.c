#include "conf/capacity.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "conf/lookup.h"

#define AMOUNT_MAX INT64_C(1000000000)
/* In a second; GCRA in doubles is exact enough for it. */
#define RATE_MAX INT64_C(100000)

bool capacity_is_wrong(enum limit_kind kind, enum limit_count count,
	const struct capacity *capacity, char *wrong, size_t size)
{
	bool is_rate = kind == LIMIT_RATE;
	const struct conf_option *option =
		option_find("limits", is_rate ? "rate" : "quota");
	int64_t most = count == COUNT_DISTINCT ? DISTINCT_AMOUNT_MAX : AMOUNT_MAX;
	char from[32], to[32];

	if (capacity->lifted)
		return false;
	if (capacity->amount == 0)
		snprintf(wrong, size, "this lets nothing through, ever");
	else if (capacity->amount > most)
		snprintf(wrong, size, "more than %" PRId64, most);
	else if (capacity->window_us < (int64_t)option->least ||
		 capacity->window_us > (int64_t)option->most)
		snprintf(wrong, size, "the time is not from %s to %s",
			option_bound(option, option->least, from, sizeof(from)),
			option_bound(option, option->most, to, sizeof(to)));
	else if (is_rate &&
		 capacity->amount * (SECOND_US / RATE_MAX) > capacity->window_us)
		snprintf(wrong, size, "more than %" PRId64 " in a second", RATE_MAX);
	else
		return false;
	return true;
}
