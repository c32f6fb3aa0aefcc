#include "policy/standing.h"

#include <math.h>

/*
 * The z below which a standard normal variable stays with PROBABILITY, by
 * bisection: the distribution is erfc(-z / sqrt(2)) / 2 and grows.  Sixty
 * halvings of [0, 8] are below the precision of a double; this is asked once
 * a report, so a rational approximation would save nothing that counts.
 */
static double normal_quantile(double probability)
{
	double low = 0, high = 8;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double rate_percent(int64_t part, int64_t whole)
{
	if (part <= 0 || whole <= 0)
		return 0;
	return 100.0 * (double)part / (double)whole;
}

double rate_lower_bound(int64_t part, int64_t whole, double confidence)
{
	double n = (double)whole, z, rate, centre, margin;

	if (part <= 0 || whole <= 0)
		return 0;
	/* Reports may come in about mail from before the time that is looked at. */
	rate = part < whole ? (double)part / n : 1;
	z = normal_quantile(confidence);
	centre = rate + z * z / (2 * n);
	margin = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
	return 100 * fmax(0, (centre - margin) / (1 + z * z / n));
}

void rates_of(const struct reputation *reputation, const struct counters *counters,
	struct rates *rates)
{
	*rates = (struct rates){
		.bounce = rate_percent(counters->hard, counters->accepted),
		.bounce_low = rate_lower_bound(
			counters->hard, counters->accepted, reputation->confidence),
		.complaint = rate_percent(counters->complaint, counters->reporting),
		.complaint_low = rate_lower_bound(
			counters->complaint, counters->reporting, reputation->confidence),
	};
}

int64_t reputation_from_us(
	const struct reputation *reputation, const struct account *record, int64_t now_us)
{
	int64_t from_us = now_us - reputation->window_us;

	return record->restarted_us > from_us ? record->restarted_us : from_us;
}

bool pause_is_over(int64_t resume_us, const struct account *record, int64_t now_us)
{
	return record->standing == STANDING_PAUSED && !record->paused_by_hand &&
	       resume_us > 0 && now_us - record->since_us >= resume_us;
}

/*
 * How an account stands by one of its rates.  A threshold is reached by what
 * is equal to it, but 0 is not reached by nothing.
 */
static enum standing judge_rate(const struct rate_rule *rule, int64_t part, int64_t whole,
	double rate, double rate_low)
{
	if (part <= 0 || whole < rule->minimum)
		return STANDING_HEALTHY;
	if (rate_low >= rule->pause)
		return STANDING_PAUSED;
	return rate >= rule->warn ? STANDING_WARNED : STANDING_HEALTHY;
}

/* The worse of both; the enum has healthy, warned and paused in this order. */
static enum standing judge_rates(
	const struct reputation *reputation, const struct counters *counters)
{
	enum standing bounce, complaint;
	struct rates rates;

	rates_of(reputation, counters, &rates);
	bounce = judge_rate(&reputation->bounce, counters->hard, counters->accepted,
		rates.bounce, rates.bounce_low);
	complaint = judge_rate(&reputation->complaint, counters->complaint,
		counters->reporting, rates.complaint, rates.complaint_low);
	return bounce > complaint ? bounce : complaint;
}

/* Reinstated until it has shown, or a window long not shown, how it sends now. */
static bool is_on_trial(const struct reputation *reputation, const struct account *record,
	const struct counters *counters, int64_t now_us)
{
	return record->standing == STANDING_REINSTATED &&
	       counters->accepted < reputation->bounce.minimum &&
	       now_us - record->since_us < reputation->window_us;
}

enum standing standing_judge(const struct reputation *reputation,
	const struct account *record, const struct counters *counters, int64_t now_us)
{
	enum standing now;

	if (record->standing == STANDING_PAUSED)
		return pause_is_over(reputation->resume_us, record, now_us)
			       ? STANDING_REINSTATED
			       : STANDING_PAUSED;
	now = judge_rates(reputation, counters);
	if (now == STANDING_HEALTHY && is_on_trial(reputation, record, counters, now_us))
		return STANDING_REINSTATED;
	return now;
}
