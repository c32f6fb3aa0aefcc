#include "milter/decide.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "milter/reply.h"
#include "milter/report.h"

/* An account whose record changes at every question is one that somebody plays with. */
enum { TRIES = 3 };

struct asked {
	struct account account;
	struct demand demand;
	struct facts facts;
};

/* Demand and charge: what is known of RECIPIENTS, all charged or nothing. */
static void ask(struct session *session, const struct recipient *const *recipients,
	size_t count, struct asked *asked)
{
	const struct runtime *runtime = session->runtime;
	int64_t began_us = clock_monotonic_us();

	store_recall(runtime->store, session->message.account, &asked->account);
	for (int tries = 0; tries < TRIES; tries++) {
		if (tries > 0) {
			asked->account = asked->facts.account;
			facts_clear(&asked->facts);
			demand_clear(&asked->demand);
		}
		policy_demand(&runtime->conf->policy, &session->message, recipients,
			count, &asked->account, store_clock_us(runtime->store),
			&asked->demand);
		facts_init(&asked->facts, &asked->demand);
		store_charge(runtime->store, &asked->demand, &asked->facts);
		if (asked->facts.status != FACTS_STALE)
			break;
	}
	report_store(runtime, asked->facts.status != FACTS_UNKNOWN, asked->facts.why,
		clock_monotonic_us() - began_us);
	facts_remember(&asked->facts, &asked->demand, &session->message);
}

static void asked_clear(struct asked *asked)
{
	demand_clear(&asked->demand);
	facts_clear(&asked->facts);
}

void decide_recipient(struct session *session, const struct recipient *recipient,
	struct verdict *verdict)
{
	const struct policy *policy = &session->runtime->conf->policy;
	struct asked asked;
	struct verdict settled = { .kind = VERDICT_ACCEPT };

	if (policy_settle(policy, &session->message, recipient, &settled)) {
		*verdict = settled;
		return;
	}
	ask(session, &recipient, 1, &asked);
	policy_judge(policy, &asked.account, &asked.demand, &asked.facts, verdict);
	/* Observed caps: told where nothing else is. */
	if (verdict->rule[0] == '\0' && settled.observed)
		*verdict = settled;
	asked_clear(&asked);
}

/* One of a message that is judged whole, without the store: true when that settles it. */
static bool settle_listed(
	struct session *session, const struct listed *listed, struct verdict *verdict)
{
	bool settled;

	if (listed->fault != NULL) {
		reply_to_fault(verdict, listed->fault, "5.1.3");
		return true;
	}
	settled = policy_settle(&session->runtime->conf->policy, &session->message,
		&listed->recipient, verdict);
	if (!settled && verdict->observed)
		report_refused(session, &listed->recipient, verdict, "eom");
	return settled;
}

/*
 * Without the store: who is left to ask about.  WHOLE is what was said of the
 * last of the others.  False when the message is refused already: more
 * recipients than are allowed, or too large.
 */
static bool settle_all(struct session *session, const struct recipient **left,
	size_t *count, size_t *places, struct verdict *whole)
{
	*count = 0;
	for (size_t i = 0; i < session->listed_count; i++) {
		struct listed *listed = &session->listed[i];
		struct verdict verdict = { .kind = VERDICT_ACCEPT };

		if (!settle_listed(session, listed, &verdict)) {
			listed->counts = true;
			session->message.accepted++;
			places[*count] = i;
			left[(*count)++] = &listed->recipient;
		} else if (verdict.kind == VERDICT_ACCEPT) {
			session->message.internal++;
		} else {
			*whole = verdict;
			/* Too many or too large: that is the message's. */
			if (verdict.code == 554 || verdict.code == 552)
				return false;
			listed->removed = true;
			report_removed(session, &listed->recipient, &verdict, "eom");
		}
	}
	return true;
}

static void mark_each(struct session *session, const size_t *places, size_t count,
	const struct verdict *each)
{
	for (size_t i = 0; i < count; i++) {
		struct listed *listed = &session->listed[places[i]];

		if (each[i].observed)
			report_refused(session, &listed->recipient, &each[i], "eom");
		if (each[i].observed || each[i].kind == VERDICT_ACCEPT)
			continue;
		listed->removed = true;
		listed->counts = false;
		session->message.accepted--;
		report_removed(session, &listed->recipient, &each[i], "eom");
	}
}

static void ask_whole(struct session *session, const struct recipient *const *left,
	const size_t *places, size_t count, struct verdict *whole)
{
	const struct policy *policy = &session->runtime->conf->policy;
	struct verdict *each = xcalloc(count, sizeof(*each));
	struct asked asked;

	ask(session, left, count, &asked);
	policy_judge_whole(
		policy, &asked.account, &asked.demand, &asked.facts, whole, each);
	/* Mail that waits comes again each minute: its recipients are told once it is decided. */
	if (whole->observed || whole->kind != VERDICT_TEMPFAIL)
		mark_each(session, places, count, each);
	asked_clear(&asked);
	free(each);
}

/* Only simulated recipients, and one of them has a full mailbox: waiting would not end.
 */
static void make_permanent(struct verdict *verdict)
{
	verdict->kind = VERDICT_REJECT;
	verdict->code = 552;
	verdict->status[0] = '5';
}

void decide_whole(struct session *session, struct verdict *whole)
{
	const struct recipient **left = xcalloc(session->listed_count + 1, sizeof(*left));
	size_t *places = xcalloc(session->listed_count + 1, sizeof(*places));
	struct verdict settled = { .kind = VERDICT_ACCEPT };
	size_t count;

	if (!settle_all(session, left, &count, places, &settled))
		*whole = settled;
	else if (count > 0)
		ask_whole(session, left, places, count, whole);
	else if (session->message.internal == 0)
		*whole = settled;
	if (count == 0 && whole->kind == VERDICT_TEMPFAIL)
		make_permanent(whole);
	free(left);
	free(places);
}
