#include "milter/decide.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "milter/judging.h"
#include "milter/outage.h"
#include "milter/reply.h"
#include "milter/report.h"

/* An account whose record changes at every question is one that somebody plays with. */
enum { TRIES = 3 };

struct asked {
	struct account account;
	struct demand demand;
	struct facts facts;
};

/* A pause that is over is so to the message at once, and to the record soon. */
static void note_standing(struct session *session, const struct asked *asked)
{
	session->standing = asked->account.standing;
	if (session->standing == STANDING_PAUSED && !asked->demand.paused)
		judging_add(session->message.account);
}

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
	outage_note(runtime, asked->facts.status != FACTS_UNKNOWN, asked->facts.why,
		clock_monotonic_us() - began_us);
	facts_remember(&asked->facts, &asked->demand, &session->message);
	note_standing(session, asked);
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

/*
 * A message from sendmail(1), on its way to a verdict.  EACH has one verdict for
 * each that is listed; LEFT and PLACES are those of whom the store is asked.
 */
struct whole {
	struct session *session;
	struct verdict *each;
	const struct recipient **left;
	size_t *places;
	size_t count;
};

/* Without the store.  False when it must be asked; what is observed stays in VERDICT. */
static bool settle_one(
	struct session *session, const struct listed *listed, struct verdict *verdict)
{
	if (listed->fault == NULL)
		return policy_settle(&session->runtime->conf->policy, &session->message,
			&listed->recipient, verdict);
	reply_to_fault(session, verdict, listed->fault, "5.1.3");
	/* It passes, but nothing can be looked up for it. */
	return true;
}

/* False, with VERDICT set, when the message is refused already: too many, or too large. */
static bool settle_all(struct whole *whole, struct verdict *verdict)
{
	struct session *session = whole->session;

	for (size_t i = 0; i < session->listed_count; i++) {
		struct listed *listed = &session->listed[i];
		struct verdict *own = &whole->each[i];

		verdict_set(own, VERDICT_ACCEPT, "", 0, "");
		if (!settle_one(session, listed, own)) {
			listed->counts = true;
			session->message.accepted++;
			whole->places[whole->count] = i;
			whole->left[whole->count++] = &listed->recipient;
		} else if (own->kind == VERDICT_ACCEPT || own->observed) {
			session->message.internal++;
		} else if (own->of_message) {
			*verdict = *own;
			/* All are refused, and counted so. */
			session->message.accepted = (int64_t)session->listed_count;
			return false;
		}
	}
	return true;
}

static void ask_whole(struct whole *whole, struct verdict *verdict)
{
	const struct policy *policy = &whole->session->runtime->conf->policy;
	struct verdict *judged = xcalloc(whole->count, sizeof(*judged));
	struct asked asked;

	ask(whole->session, whole->left, whole->count, &asked);
	policy_judge_whole(
		policy, &asked.account, &asked.demand, &asked.facts, verdict, judged);
	for (size_t i = 0; i < whole->count; i++) {
		struct verdict *own = &whole->each[whole->places[i]];

		/* Observed caps: told where nothing else is. */
		if (judged[i].rule[0] != '\0' || !own->observed)
			*own = judged[i];
	}
	asked_clear(&asked);
	free(judged);
}

/* The recipients' own verdicts take effect, and are told. */
static void apply_each(struct whole *whole)
{
	struct session *session = whole->session;

	for (size_t i = 0; i < session->listed_count; i++) {
		struct listed *listed = &session->listed[i];
		const struct verdict *own = &whole->each[i];

		if (own->observed)
			report_refused(session, &listed->recipient, own, "eom");
		if (own->observed || own->kind == VERDICT_ACCEPT)
			continue;
		session->message.accepted -= listed->counts;
		listed->counts = false;
		listed->removed = true;
		report_removed(session, &listed->recipient, own, "eom");
	}
}

/* Nobody is left to ask about, and nobody is internal: the strictest of what was said. */
static void strictest(const struct whole *whole, struct verdict *verdict)
{
	for (size_t i = 0; i < whole->session->listed_count; i++)
		if (verdict->kind == VERDICT_ACCEPT ||
			(verdict_is_refusal(&whole->each[i]) &&
				verdict->kind != VERDICT_REJECT))
			*verdict = whole->each[i];
	verdict_make_permanent(verdict);
}

void decide_whole(struct session *session, struct verdict *verdict)
{
	struct whole whole = {
		.session = session,
		.each = xcalloc(session->listed_count + 1, sizeof(*whole.each)),
		.left = xcalloc(session->listed_count + 1, sizeof(*whole.left)),
		.places = xcalloc(session->listed_count + 1, sizeof(*whole.places)),
	};

	verdict_set(verdict, VERDICT_ACCEPT, "", 0, "");
	if (!settle_all(&whole, verdict))
		goto out;
	if (whole.count > 0)
		ask_whole(&whole, verdict);
	else if (session->message.internal == 0)
		strictest(&whole, verdict);
	/* Mail that waits comes again each minute: its recipients are told once it is decided. */
	if (verdict->observed || verdict->kind != VERDICT_TEMPFAIL)
		apply_each(&whole);
out:
	free(whole.each);
	free(whole.left);
	free(whole.places);
}
