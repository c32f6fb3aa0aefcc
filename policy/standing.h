#pragma once

#include <stdint.h>

/* What came of an account's mail in some time: recipients, not messages. */
struct counters {
	int64_t accepted;
	int64_t hard;
	int64_t soft;
	int64_t policy;
	int64_t complaint;
};

/* PART of WHOLE in percent; 0 where there is nothing. */
double rate_percent(int64_t part, int64_t whole);

/*
 * The lower end of Wilson's one-sided confidence interval for that rate, in
 * percent (E. B. Wilson 1927, JASA 22, 209): what the true rate is above with
 * CONFIDENCE (0.5 to 0.9999).  One bounce in thirteen is 7.7 %, and its lower
 * bound at 0.95 is 1.7 %.
 */
double rate_lower_bound(int64_t part, int64_t whole, double confidence);
