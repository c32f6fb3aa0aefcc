#pragma once

#include <stdint.h>

#include "policy/account.h"

/* What came of an account's mail in some time: recipients, not messages. */
struct counters {
	int64_t accepted;
	int64_t reporting; /* of these, at providers that report complaints */
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

/*
 * The law on an account's reputation.  Warned is who reaches `warn` (SES: 5 %
 * of bounces, 0.1 % of complaints put an account under review), on the plain
 * rate; paused is whose lower bound reaches `pause`.  Neither is judged before
 * `minimum` recipients.
 */
struct rate_rule {
	double warn, pause; /* percent */
	int64_t minimum;    /* recipients */
};

struct reputation {
	int64_t window_us;
	struct rate_rule bounce, complaint;
	double confidence;
	int64_t resume_us; /* after that time a pause ends by itself; 0: never */
};

struct rates {
	double bounce, bounce_low, complaint, complaint_low; /* percent */
};
void rates_of(const struct reputation *reputation, const struct counters *counters,
	struct rates *rates);

/* From when on an account's counters are judged. */
int64_t reputation_from_us(const struct reputation *reputation,
	const struct account *record, int64_t now_us);

/* A paused account whose time is over; who was paused by hand waits for that hand. */
bool pause_is_over(int64_t resume_us, const struct account *record, int64_t now_us);

/*
 * The standing that an account comes to with these counters; its own where
 * nothing changes.  Who is paused stays so until resumed, by hand or, unless
 * it was paused by hand, after resume_us; then it is reinstated and all begins
 * anew, and it is healthy again after `minimum` good recipients, or a window.
 */
enum standing standing_judge(const struct reputation *reputation,
	const struct account *record, const struct counters *counters, int64_t now_us);
