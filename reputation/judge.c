#include "reputation/judge.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "reputation/notify.h"

/* As often as others may change the record between our reading and writing. */
enum { TRIES = 20 };

/* To each standing. */
static const struct {
	enum event_kind event;
	enum log_level level;
} changes[STANDING_COUNT] = {
	[STANDING_HEALTHY] = { EVENT_HEALTHY, LOG_LEVEL_INFO },
	[STANDING_WARNED] = { EVENT_WARNED, LOG_LEVEL_WARNING },
	[STANDING_PAUSED] = { EVENT_PAUSED, LOG_LEVEL_WARNING },
	[STANDING_REINSTATED] = { EVENT_RESUMED, LOG_LEVEL_INFO },
};

bool judge_look(struct store *store, const struct reputation *reputation,
	const struct account *record, struct judgement *judgement, struct error *error)
{
	*judgement = (struct judgement){
		.before = record->standing,
		.after = record->standing,
		.time_us = store_clock_us(store),
	};
	text_copy(judgement->account, sizeof(judgement->account), record->name);
	if (!store_counters(store, record->name,
		    reputation_from_us(reputation, record, judgement->time_us),
		    &judgement->counters, error))
		return false;
	rates_of(reputation, &judgement->counters, &judgement->rates);
	return true;
}

void judge_change(struct account *record, enum standing after, int64_t now_us)
{
	if (record->standing == STANDING_PAUSED && after != STANDING_PAUSED) {
		record->restarted_us = now_us;
		record->paused_by_hand = false;
		record->pause_rejects = false;
	}
	if (record->standing != after)
		record->since_us = now_us;
	record->standing = after;
}

static void describe(const struct judgement *judgement, char *text, size_t size)
{
	const struct counters *counters = &judgement->counters;
	const struct rates *rates = &judgement->rates;

	if (judgement->after == STANDING_REINSTATED)
		snprintf(text, size, "the time of the pause is over");
	else
		snprintf(text, size,
			"%" PRId64 " of %" PRId64
			" bounced: %.2f %%, at least %.2f %%; %" PRId64 " of %" PRId64
			" complained: %.3f %%, at least %.3f %%",
			counters->hard, counters->accepted, rates->bounce,
			rates->bounce_low, counters->complaint, counters->reporting,
			rates->complaint, rates->complaint_low);
}

/* What JUDGEMENT says of RECORD, if nobody has changed that: CHANGED. */
static bool keep(struct store *store, struct account *record,
	const struct judgement *judgement, bool *changed, struct error *error)
{
	struct event event = { .kind = changes[judgement->after].event };

	text_copy(event.account, sizeof(event.account), judgement->account);
	describe(judgement, event.detail, sizeof(event.detail));
	judge_change(record, judgement->after, judgement->time_us);
	return store_replace_account(store, record, &event, changed, error);
}

/* Until nobody is in between.  What is unchanged need not be kept. */
static bool judge(struct store *store, const struct reputation *reputation,
	const char *account, struct judgement *judgement, struct error *error)
{
	struct account record;
	bool found, changed = false;

	for (int try = 0; try < TRIES; try++) {
		if (!store_account(store, account, &record, &found, error) ||
			!judge_look(store, reputation, &record, judgement, error))
			return false;
		judgement->after = standing_judge(
			reputation, &record, &judgement->counters, judgement->time_us);
		if (judgement->after == judgement->before)
			return true;
		if (!keep(store, &record, judgement, &changed, error))
			return false;
		if (changed)
			return true;
	}
	return error_set(
		error, "the record of %s changes all the time, try again", account);
}

/* The account's name as the log of messages has it, too. */
static const char *word(char *to, size_t size, const char *text)
{
	text_printable(to, size, text);
	for (char *c = to; *c != '\0'; c++)
		if (*c == ' ')
			*c = '_';
	return to;
}

static void log_change(const struct judgement *judgement)
{
	const struct counters *counters = &judgement->counters;
	const struct rates *rates = &judgement->rates;
	char account[200];

	log_line(changes[judgement->after].level,
		"standing account=%s from=%s to=%s sent=%" PRId64 " hard=%" PRId64
		" bounce_rate=%.2f bounce_rate_low=%.2f reporting=%" PRId64
		" complaint=%" PRId64 " complaint_rate=%.3f complaint_rate_low=%.3f",
		word(account, sizeof(account), judgement->account),
		standing_names[judgement->before], standing_names[judgement->after],
		counters->accepted, counters->hard, rates->bounce, rates->bounce_low,
		counters->reporting, counters->complaint, rates->complaint,
		rates->complaint_low);
}

bool judge_account(struct store *store, const struct conf *conf, const char *account,
	struct error *error)
{
	struct judgement judgement;

	if (!judge(store, &conf->reputation.law, account, &judgement, error))
		return false;
	if (judgement.after != judgement.before) {
		log_change(&judgement);
		notify(conf, &judgement);
	}
	return true;
}
