#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "policy/policy.h"

/* From facts to verdicts: policy_judge() and policy_judge_whole(), see policy.h. */

static void let_pass(struct verdict *verdict)
{
	verdict_set(verdict, VERDICT_ACCEPT, "", 0, "");
}

/* The store has no answer: what the postmaster said shall happen then. */
static bool judge_store(
	const struct policy *policy, const struct facts *facts, struct verdict *verdict)
{
	if (facts->status == FACTS_KNOWN)
		return false;
	if (policy->when_store_fails == STORE_FAILURE_ACCEPT || policy->observe_only) {
		verdict_set(verdict, VERDICT_ACCEPT, "redis", 0, "");
		return true;
	}
	verdict_set(verdict, VERDICT_TEMPFAIL, "redis", 451, "4.3.0");
	text_copy(verdict->text, sizeof(verdict->text),
		"the sending policy cannot be looked up now, try again later "
		"[okite:redis]");
	return true;
}

static bool judge_pause(const struct policy *policy, const struct account *account,
	const struct demand *demand, struct verdict *verdict)
{
	if (!demand->paused)
		return false;
	if (policy->pause_rejects || account->pause_rejects)
		verdict_set(verdict, VERDICT_REJECT, "paused", 554, "5.7.1");
	else
		verdict_set(verdict, VERDICT_TEMPFAIL, "paused", 451, "4.7.1");
	text_copy(verdict->text, sizeof(verdict->text),
		"sending is paused for this account, ask your postmaster [okite:paused]");
	verdict->observed = policy->observe_only;
	return true;
}

/* What is said of each reason (interface: 5.1.1 is about the address, 5.7.1 about a
 * wish). */
static const struct {
	const char *status[2]; /* rejected, tempfailed */
	const char *text;
} suppressed_because[REASON_COUNT] = {
	[REASON_SOFT] = { { "5.1.1", "4.1.1" }, "earlier mail could not be delivered" },
	[REASON_HARD] = { { "5.1.1", "4.1.1" }, "earlier mail bounced" },
	[REASON_MANUAL] = { { "5.7.1", "4.7.1" }, "by order of the postmaster" },
	[REASON_UNSUBSCRIBE] = { { "5.7.1", "4.7.1" }, "the recipient unsubscribed" },
	[REASON_COMPLAINT] = { { "5.7.1", "4.7.1" }, "the recipient complained" },
};

static bool judge_suppression(const struct policy *policy,
	const struct recipient_fact *fact, struct verdict *verdict)
{
	bool tempfail = policy->suppression_action == SUPPRESSION_TEMPFAIL;

	if (fact->suppressed == REASON_NONE)
		return false;
	if (policy->suppression_action == SUPPRESSION_DISCARD) {
		verdict_set(verdict, VERDICT_DISCARD, "suppressed", 0, "");
	} else {
		verdict_set(verdict, tempfail ? VERDICT_TEMPFAIL : VERDICT_REJECT,
			"suppressed", tempfail ? 451 : 550,
			suppressed_because[fact->suppressed].status[tempfail]);
		snprintf(verdict->text, sizeof(verdict->text),
			"%s is suppressed: %s [okite:suppressed]",
			fact->by_domain ? "the recipient's domain" : "the recipient",
			suppressed_because[fact->suppressed].text);
	}
	verdict->observed =
		policy->observe_only || policy->suppression_action == SUPPRESSION_OBSERVE;
	return true;
}

static bool judge_sandbox(const struct policy *policy, const struct demand *demand,
	const struct recipient_fact *fact, struct verdict *verdict)
{
	if (!demand->verified_wanted || fact->verified)
		return false;
	verdict_set(verdict, VERDICT_REJECT, "sandbox", 554, "5.7.1");
	text_copy(verdict->text, sizeof(verdict->text),
		"this account is in the sandbox and the recipient is not verified "
		"[okite:sandbox]");
	verdict->observed = policy->observe_only;
	return true;
}

/* "limit day: 200/200 used in 24h, try again in 312 seconds [okite:day]" */
static void describe_limit(const struct demand_limit *asked,
	const struct limit_fact *fact, struct verdict *verdict)
{
	const struct limit *limit = asked->limit;
	char capacity[64], when[64] = "";

	verdict->used = fact->used;
	verdict->allowed = limit->kind == LIMIT_RATE ? asked->capacity.burst
						     : asked->capacity.amount;
	if (fact->frees_us > 0 && verdict->kind != VERDICT_REJECT)
		verdict->retry_s = (fact->frees_us - 1) / SECOND_US + 1;
	if (verdict->retry_s > 0)
		snprintf(when, sizeof(when), ", try again in %" PRId64 " second%s",
			verdict->retry_s, verdict->retry_s == 1 ? "" : "s");
	capacity_to_text(&asked->capacity, capacity, sizeof(capacity));
	snprintf(verdict->text, sizeof(verdict->text),
		"%.200s%slimit %s (%s): %" PRId64 "/%" PRId64 " used%s [okite:%s]",
		limit->reply == NULL ? "" : limit->reply,
		limit->reply == NULL ? "" : ": ", limit->name, capacity, verdict->used,
		verdict->allowed, when, limit->name);
}

/* What becomes of mail that a full limit meets, before it is told how full. */
static void refuse_by_limit(const struct policy *policy, const struct demand_limit *asked,
	const struct limit_fact *fact, bool whole, struct verdict *verdict)
{
	enum limit_action action = asked->limit->action;
	int64_t allowed = asked->limit->kind == LIMIT_RATE ? asked->capacity.burst
							   : asked->capacity.amount;

	if (whole && action == LIMIT_TEMPFAIL)
		action = policy->local_submission;
	if (action == LIMIT_HOLD)
		verdict_set(verdict, VERDICT_HOLD, asked->limit->name, 0, "");
	else if (whole && fact->wanted > allowed)
		/* No time will make it fit: waiting, it would wait for ever. */
		verdict_set(verdict, VERDICT_REJECT, asked->limit->name, 550, "5.5.3");
	else if (action == LIMIT_REJECT)
		verdict_set(verdict, VERDICT_REJECT, asked->limit->name, 550, "5.7.1");
	else
		verdict_set(verdict, VERDICT_TEMPFAIL, asked->limit->name, 451, "4.7.1");
	describe_limit(asked, fact, verdict);
	verdict->observed = asked->beyond == BEYOND_OBSERVE;
}

/* Which of two full limits is told: what refuses before what holds before what is only
 * observed. */
static int weight(const struct verdict *verdict)
{
	static const int weights[VERDICT_COUNT] = {
		[VERDICT_HOLD] = 1,
		[VERDICT_TEMPFAIL] = 2,
		[VERDICT_REJECT] = 3,
	};

	return verdict->observed ? 0 : weights[verdict->kind];
}

static bool judge_limits(const struct policy *policy, const struct demand *demand,
	const struct facts *facts, bool whole, struct verdict *verdict)
{
	bool found = false;

	for (size_t i = 0; i < demand->limit_count; i++) {
		struct verdict other;

		if (!facts->limits[i].full)
			continue;
		refuse_by_limit(
			policy, &demand->limits[i], &facts->limits[i], whole, &other);
		/* Of two alike the one that lasts longer: the client shall not come twice
		 * in vain. */
		if (!found || weight(&other) > weight(verdict) ||
			(weight(&other) == weight(verdict) &&
				other.retry_s > verdict->retry_s))
			*verdict = other;
		found = true;
	}
	return found;
}

/* An observed verdict does not end the search: what is really refused comes first. */
static bool ends(bool found, const struct verdict *verdict, struct verdict *noted)
{
	if (found && verdict->observed && noted->rule[0] == '\0')
		*noted = *verdict;
	return found && !verdict->observed;
}

void policy_judge(const struct policy *policy, const struct account *account,
	const struct demand *demand, const struct facts *facts, struct verdict *verdict)
{
	const struct recipient_fact *fact = &facts->recipients[0];
	struct verdict noted;

	let_pass(&noted);
	if (judge_store(policy, facts, verdict) ||
		ends(judge_pause(policy, account, demand, verdict), verdict, &noted) ||
		ends(judge_suppression(policy, fact, verdict), verdict, &noted) ||
		ends(judge_sandbox(policy, demand, fact, verdict), verdict, &noted) ||
		ends(judge_limits(policy, demand, facts, false, verdict), verdict,
			&noted))
		return;
	*verdict = noted;
}

/*
 * Each recipient's own verdict: the suppressed are left out.  REMAIN counts
 * the others.  True, with WHOLE set, when one of them refuses the message.
 */
static bool judge_each(const struct policy *policy, const struct demand *demand,
	const struct facts *facts, struct verdict *whole, struct verdict *each,
	size_t *remain, struct verdict *noted)
{
	for (size_t i = 0; i < demand->recipient_count; i++) {
		const struct recipient_fact *fact = &facts->recipients[i];

		if (judge_suppression(policy, fact, &each[i]) && !each[i].observed)
			continue;
		(*remain)++;
		if (ends(judge_sandbox(policy, demand, fact, whole), whole, noted)) {
			each[i] = *whole;
			return true;
		}
	}
	return false;
}

void policy_judge_whole(const struct policy *policy, const struct account *account,
	const struct demand *demand, const struct facts *facts, struct verdict *whole,
	struct verdict *each)
{
	struct verdict noted;
	size_t remain = 0;

	let_pass(&noted);
	for (size_t i = 0; i < demand->recipient_count; i++)
		let_pass(&each[i]);
	if (judge_store(policy, facts, whole) ||
		judge_each(policy, demand, facts, whole, each, &remain, &noted))
		return;
	if (remain == 0 && demand->others) {
		*whole = noted;
	} else if (remain == 0) {
		*whole = each[0];
		/* 4xx would bring it back each minute, for ever. */
		verdict_make_permanent(whole);
	} else if (ends(judge_pause(policy, account, demand, whole), whole, &noted)) {
		verdict_set(whole, VERDICT_HOLD, "paused", 0, "");
	} else if (!ends(judge_limits(policy, demand, facts, true, whole), whole,
			   &noted)) {
		*whole = noted;
	}
}
