#include "cli/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "policy/usage.h"

/* As often as the account's record may change between two questions. */
enum { TRIES = 3 };

/* ---- the question ---- */

static int64_t find_pending(const struct explanation *explanation,
	const struct demand_limit *limit, const char *digest)
{
	int64_t pending = 0;

	for (size_t i = 0; i < explanation->use_count; i++) {
		const struct use *use = &explanation->uses[i];

		/* The same recipient twice is one distinct recipient. */
		if (strcmp(use->key, limit->key) == 0 &&
			(limit->limit->count != COUNT_DISTINCT ||
				strcmp(use->member, digest) != 0))
			pending += use->amount;
	}
	return pending;
}

/*
 * What this message would have used up itself is not in the store, which so
 * cannot tell when it leaves the window: as it would if it were charged now.
 */
static void tell_pending(const struct demand *demand, struct facts *facts)
{
	for (size_t i = 0; i < demand->limit_count; i++) {
		const struct demand_limit *limit = &demand->limits[i];
		struct limit_fact *fact = &facts->limits[i];
		double width = (double)limit->capacity.window_us / QUOTA_BUCKETS;

		if (limit->limit->kind != LIMIT_QUOTA || limit->pending == 0 ||
			!fact->full || fact->frees_us != 0 ||
			fact->wanted > limit->capacity.amount)
			continue;
		fact->frees_us = limit->capacity.window_us;
		if (limit->limit->count != COUNT_DISTINCT)
			fact->frees_us =
				(int64_t)ceil((floor((double)facts->now_us / width) +
						      QUOTA_BUCKETS + 1) *
					      width) -
				facts->now_us;
	}
}

/* Ask about recipients, again where the account's record has changed meanwhile. */
static bool ask(struct explanation *explanation,
	const struct recipient *const *recipients, size_t count, struct demand *demand,
	struct facts *facts)
{
	for (int try = 0; try < TRIES; try++) {
		demand_clear(demand);
		facts_clear(facts);
		policy_demand(&explanation->cli->conf->policy, &explanation->message,
			recipients, count, &explanation->account,
			store_clock_us(explanation->cli->store), demand);
		demand->look_only = true;
		for (size_t i = 0; i < demand->limit_count; i++)
			demand->limits[i].pending = find_pending(
				explanation, &demand->limits[i], recipients[0]->digest);
		facts_init(facts, demand);
		store_charge(explanation->cli->store, demand, facts);
		if (facts->status == FACTS_KNOWN) {
			tell_pending(demand, facts);
			return true;
		}
		if (facts->status == FACTS_UNKNOWN)
			return error_set(&explanation->error, "%s", facts->why);
		explanation->account = facts->account;
	}
	return error_set(&explanation->error,
		"the record of the account %s changes faster than it can be read, try "
		"again",
		explanation->message.account);
}

static void view_limits(const struct explanation *explanation,
	const struct demand *demand, const struct facts *facts, size_t asked,
	struct answer *answer)
{
	const struct demand_recipient *recipient = &demand->recipients[asked];
	struct field_values values;

	limit_values(&explanation->message, &answer->recipient, &values);
	answer->limits = xcalloc(recipient->limit_count + 1, sizeof(*answer->limits));
	answer->limit_count = recipient->limit_count;
	for (size_t i = 0; i < recipient->limit_count; i++) {
		size_t limit = recipient->limits[i];

		limit_view_set(&answer->limits[i], &demand->limits[limit],
			&facts->limits[limit], &values);
	}
}

/* ---- over SMTP: recipient by recipient ---- */

/* Write down what an accepted recipient would have used, for those after it. */
static void note_uses(struct explanation *explanation, const struct demand *demand,
	const struct facts *facts, const struct recipient *recipient)
{
	for (size_t i = 0; i < demand->limit_count; i++) {
		const struct demand_limit *limit = &demand->limits[i];
		const struct limit_fact *fact = &facts->limits[i];
		struct use use = { .key = NULL, .amount = fact->wanted };

		if (fact->wanted == 0 || (fact->full && limit->beyond == BEYOND_OBSERVE))
			continue;
		if (limit->limit->count == COUNT_MESSAGES) {
			/* Once a message: policy_demand() leaves it out from now on. */
			struct charge charge = {
				.key = xstrdup(limit->key),
				.kind = limit->limit->kind,
				.count = COUNT_MESSAGES,
				.amount = 1,
			};
			message_add_charge(&explanation->message, &charge);
			continue;
		}
		use.key = xstrdup(limit->key);
		text_copy(use.member, sizeof(use.member), recipient->digest);
		explanation->uses = xreallocarray(explanation->uses,
			explanation->use_count + 1, sizeof(*explanation->uses));
		explanation->uses[explanation->use_count++] = use;
	}
}

static bool would_pass(const struct verdict *verdict)
{
	return verdict->observed || verdict->kind == VERDICT_ACCEPT ||
	       verdict->kind == VERDICT_HOLD;
}

/* False when the store has no answer. */
static bool explain_recipient(struct explanation *explanation, struct answer *answer)
{
	const struct policy *policy = &explanation->cli->conf->policy;
	const struct recipient *recipient = &answer->recipient;
	struct verdict settled = { .rule = "" };
	struct demand demand = { .account = NULL };
	struct facts facts = { .why = "" };
	bool ok;

	if (policy_settle(policy, &explanation->message, recipient, &settled)) {
		answer->verdict = settled;
		return true;
	}
	ok = ask(explanation, &recipient, 1, &demand, &facts);
	if (ok) {
		policy_judge(
			policy, &explanation->account, &demand, &facts, &answer->verdict);
		view_limits(explanation, &demand, &facts, 0, answer);
		/* What was settled but only observed is told where nothing else is. */
		if (answer->verdict.rule[0] == '\0' && settled.observed)
			answer->verdict = settled;
		if (would_pass(&answer->verdict)) {
			explanation->message.accepted++;
			note_uses(explanation, &demand, &facts, recipient);
		}
	}
	facts_clear(&facts);
	demand_clear(&demand);
	return ok;
}

bool explanation_find_each(struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->count; i++)
		if (!explain_recipient(explanation, &explanation->answers[i]))
			return false;
	return true;
}

/* ---- from sendmail(1): the message as a whole ---- */

/*
 * Sort out what needs no store, as decide_whole() of milter/decide.c does.
 * ASKED gets the answers that do, and their number is returned; WHOLE is set
 * where the message as such is refused.
 */
static size_t settle_whole(
	struct explanation *explanation, struct answer **asked, struct verdict *whole)
{
	size_t count = 0;

	for (size_t i = 0; i < explanation->count; i++) {
		struct answer *answer = &explanation->answers[i];
		struct verdict *verdict = &answer->verdict;

		if (!policy_settle(&explanation->cli->conf->policy, &explanation->message,
			    &answer->recipient, verdict)) {
			asked[count++] = answer;
			explanation->message.accepted++;
		} else if (verdict->kind == VERDICT_ACCEPT) {
			explanation->message.internal++;
		} else if (verdict->of_message) {
			*whole = *verdict;
		}
	}
	return count;
}

static bool judge_whole(struct explanation *explanation, struct answer **asked,
	size_t count, struct verdict *whole)
{
	const struct recipient **recipients = xcalloc(count, sizeof(*recipients));
	struct verdict *each = xcalloc(count, sizeof(*each));
	struct demand demand = { .account = NULL };
	struct facts facts = { .why = "" };
	bool ok;

	for (size_t i = 0; i < count; i++)
		recipients[i] = &asked[i]->recipient;
	ok = ask(explanation, recipients, count, &demand, &facts);
	if (ok)
		policy_judge_whole(&explanation->cli->conf->policy, &explanation->account,
			&demand, &facts, whole, each);
	for (size_t i = 0; ok && i < count; i++) {
		/* Caps that are only observed are told where nothing else is. */
		if (each[i].rule[0] != '\0' || !asked[i]->verdict.observed)
			asked[i]->verdict = each[i];
		view_limits(explanation, &demand, &facts, i, asked[i]);
	}
	facts_clear(&facts);
	demand_clear(&demand);
	free(recipients);
	free(each);
	return ok;
}

/*
 * What happens to the message happens to all whom nothing else takes out; what
 * is only observed of it does not hide what is said of a recipient.
 */
static bool happens_to(const struct verdict *whole, const struct verdict *recipient)
{
	if (whole->rule[0] == '\0' || (whole->observed && recipient->rule[0] != '\0'))
		return false;
	return would_pass(recipient) || !would_pass(whole);
}

bool explanation_find_whole(struct explanation *explanation)
{
	struct answer **asked = xcalloc(explanation->count, sizeof(struct answer *));
	struct verdict whole = { .rule = "" };
	size_t count = settle_whole(explanation, asked, &whole);
	bool ok = true;

	if (count > 0 && whole.rule[0] == '\0')
		ok = judge_whole(explanation, asked, count, &whole);
	for (size_t i = 0; ok && i < explanation->count; i++) {
		struct verdict *verdict = &explanation->answers[i].verdict;

		if (happens_to(&whole, verdict))
			*verdict = whole;
		else if (!verdict->observed && verdict->kind == VERDICT_TEMPFAIL)
			verdict_make_permanent(verdict);
	}
	free(asked);
	return ok;
}
