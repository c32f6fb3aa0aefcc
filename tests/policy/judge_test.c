#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "policy/policy.h"
#include "tests/support/test.h"

static const uint8_t bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

/* Three limits, each with another action: "day" tempfails, "hour" rejects, "week" holds. */
static void make_policy(struct policy *policy)
{
	static const struct limit limits[] = {
		{ .name = "day",
			.kind = LIMIT_QUOTA,
			.per = 1u << FIELD_ACCOUNT,
			.capacity = { .amount = 200, .window_us = DAY_US } },
		{ .name = "hour",
			.kind = LIMIT_QUOTA,
			.per = 1u << FIELD_ACCOUNT,
			.action = LIMIT_REJECT,
			.capacity = { .amount = 20, .window_us = HOUR_US } },
		{ .name = "week",
			.kind = LIMIT_QUOTA,
			.per = 1u << FIELD_ACCOUNT,
			.action = LIMIT_HOLD,
			.capacity = { .amount = 1000, .window_us = 7 * DAY_US } },
		{ .name = "rate",
			.kind = LIMIT_RATE,
			.per = 1u << FIELD_ACCOUNT,
			.capacity = { .amount = 14,
				.window_us = SECOND_US,
				.burst = 50 } },
		{ .name = "watch",
			.kind = LIMIT_QUOTA,
			.per = 1u << FIELD_ACCOUNT,
			.action = LIMIT_OBSERVE,
			.capacity = { .amount = 5, .window_us = HOUR_US } },
		{ .name = "each",
			.kind = LIMIT_RATE,
			.per = 1u << FIELD_ACCOUNT,
			.count = COUNT_MESSAGES,
			.capacity = { .amount = 1, .window_us = SECOND_US, .burst = 5 } },
	};

	policy_init(policy);
	policy->limit_count = sizeof(limits) / sizeof(limits[0]);
	policy->limits = xcalloc(policy->limit_count, sizeof(struct limit));
	memcpy(policy->limits, limits, sizeof(limits));
	policy->plans = xcalloc(2, sizeof(struct plan));
	policy->plan_count = 2;
	strcpy(policy->plans[0].name, "standard");
	strcpy(policy->plans[1].name, "sandbox");
	policy->plans[1].verified_recipients_only = true;
	policy_complete(policy);
}

enum { DAY, HOUR, WEEK, RATE, WATCH, EACH };

struct world {
	struct policy policy;
	struct message message;
	struct account account;
	struct recipient recipients[2];
	const struct recipient *asked[2];
	struct demand demand;
	struct facts facts;
};

static void make_world(struct world *world)
{
	static const char *const to[] = { "a@b.example", "c@d.example" };
	struct secret *secret = secret_new(bytes);

	*world = (struct world){ .account = { .name = "shop" } };
	make_policy(&world->policy);
	strcpy(world->message.account, "shop");
	for (size_t i = 0; i < 2; i++) {
		struct address address;

		assert_null(address_parse(&address, to[i], NULL));
		recipient_set(&world->recipients[i], &address, secret);
		world->asked[i] = &world->recipients[i];
	}
	secret_free(secret);
}

/* Ask about COUNT recipients; the facts are that all is well. */
static void ask(struct world *world, size_t count)
{
	policy_demand(&world->policy, &world->message, world->asked, count,
		&world->account, 1000, &world->demand);
	facts_init(&world->facts, &world->demand);
	world->facts.status = FACTS_KNOWN;
}

static void clear_world(struct world *world)
{
	facts_clear(&world->facts);
	demand_clear(&world->demand);
	message_clear(&world->message);
	policy_clear(&world->policy);
}

static void fill(
	struct world *world, size_t limit, int64_t used, int64_t wanted, int64_t frees_us)
{
	world->facts.limits[limit] = (struct limit_fact){
		.full = true, .used = used, .wanted = wanted, .frees_us = frees_us
	};
}

/* What each case changes, before and after the question. */
static void paused(struct world *w)
{
	w->account.standing = STANDING_PAUSED;
}
static void paused_hard(struct world *w)
{
	paused(w);
	w->account.pause_rejects = true;
}
static void pause_rejects(struct world *w)
{
	paused(w);
	w->policy.pause_rejects = true;
}
static void reinstated(struct world *w)
{
	w->account.standing = STANDING_REINSTATED;
}
static void sandboxed(struct world *w)
{
	strcpy(w->account.plan, "sandbox");
}
static void observing(struct world *w)
{
	w->policy.observe_only = true;
}
static void tempfailing(struct world *w)
{
	w->policy.suppression_action = SUPPRESSION_TEMPFAIL;
}
static void discarding(struct world *w)
{
	w->policy.suppression_action = SUPPRESSION_DISCARD;
}
static void watching(struct world *w)
{
	w->policy.suppression_action = SUPPRESSION_OBSERVE;
}
static void accepting(struct world *w)
{
	w->policy.when_store_fails = STORE_FAILURE_ACCEPT;
}
/* ask() asks at 1000. */
static void paused_till(struct world *w, int64_t now_us)
{
	paused(w);
	w->account.since_us = 400;
	w->policy.resume_us = now_us - 400;
}
static void paused_no_longer(struct world *w)
{
	paused_till(w, 1000);
}
static void paused_a_little_longer(struct world *w)
{
	paused_till(w, 1001);
}
static void paused_by_hand(struct world *w)
{
	paused_till(w, 1000);
	w->account.paused_by_hand = true;
}
static void observing_pause(struct world *w)
{
	observing(w);
	paused(w);
}

static void unknown(struct world *w)
{
	w->facts.status = FACTS_UNKNOWN;
}
static void stale(struct world *w)
{
	w->facts.status = FACTS_STALE;
}
static void hard(struct world *w)
{
	w->facts.recipients[0].suppressed = REASON_HARD;
}
static void soft(struct world *w)
{
	w->facts.recipients[0].suppressed = REASON_SOFT;
}
static void complaint(struct world *w)
{
	w->facts.recipients[0].suppressed = REASON_COMPLAINT;
}
static void manual(struct world *w)
{
	w->facts.recipients[0].suppressed = REASON_MANUAL;
}
static void left(struct world *w)
{
	w->facts.recipients[0].suppressed = REASON_UNSUBSCRIBE;
}
static void verified(struct world *w)
{
	w->facts.recipients[0].verified = true;
}
static void day_full(struct world *w)
{
	fill(w, DAY, 200, 1, 311000001);
}
static void hour_full(struct world *w)
{
	fill(w, HOUR, 20, 1, 5 * SECOND_US);
}
static void week_full(struct world *w)
{
	fill(w, WEEK, 1000, 1, DAY_US);
}
static void rate_full(struct world *w)
{
	fill(w, RATE, 50, 1, 71429);
}
static void watch_full(struct world *w)
{
	fill(w, WATCH, 5, 1, SECOND_US);
}
static void day_and_rate(struct world *w)
{
	rate_full(w);
	day_full(w);
}
static void day_and_hour(struct world *w)
{
	day_full(w);
	hour_full(w);
}
static void day_and_week(struct world *w)
{
	week_full(w);
	day_full(w);
}
static void day_and_watch(struct world *w)
{
	watch_full(w);
	day_full(w);
}
static void hard_and_full(struct world *w)
{
	hard(w);
	day_full(w);
}

static void judges_one(void **state)
{
	static const struct {
		const char *name;
		void (*before)(struct world *), (*after)(struct world *);
		enum verdict_kind kind;
		bool observed;
		const char *reply; /* its beginning */
		const char *rule;
	} cases[] = {
		{ "all is well", NULL, NULL, VERDICT_ACCEPT, false, "250 ", "" },
		{ "no store", NULL, unknown, VERDICT_TEMPFAIL, false, "451 4.3.0 ",
			"redis" },
		{ "a record that keeps changing", NULL, stale, VERDICT_TEMPFAIL, false,
			"451 4.3.0 ", "redis" },
		{ "no store, and mail shall pass", accepting, unknown, VERDICT_ACCEPT,
			false, "250 ", "redis" },
		{ "no store, observing", observing, unknown, VERDICT_ACCEPT, false,
			"250 ", "redis" },
		{ "paused", paused, NULL, VERDICT_TEMPFAIL, false, "451 4.7.1 ",
			"paused" },
		{ "paused with --reject", paused_hard, NULL, VERDICT_REJECT, false,
			"554 5.7.1 ", "paused" },
		{ "paused where that rejects", pause_rejects, NULL, VERDICT_REJECT, false,
			"554 5.7.1 ", "paused" },
		{ "reinstated", reinstated, NULL, VERDICT_ACCEPT, false, "250 ", "" },
		{ "a pause that is not over", paused_a_little_longer, NULL,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "paused" },
		{ "a pause that is over", paused_no_longer, NULL, VERDICT_ACCEPT, false,
			"250 ", "" },
		{ "a pause that is over leads to limits", paused_no_longer, day_full,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "day" },
		{ "a pause that only a hand ends", paused_by_hand, NULL, VERDICT_TEMPFAIL,
			false, "451 4.7.1 ", "paused" },
		{ "paused, observing", observing_pause, NULL, VERDICT_TEMPFAIL, true,
			"451 4.7.1 ", "paused" },
		{ "bounced hard", NULL, hard, VERDICT_REJECT, false, "550 5.1.1 ",
			"suppressed" },
		{ "bounced softly", NULL, soft, VERDICT_REJECT, false, "550 5.1.1 ",
			"suppressed" },
		{ "complained", NULL, complaint, VERDICT_REJECT, false, "550 5.7.1 ",
			"suppressed" },
		{ "unsubscribed", NULL, left, VERDICT_REJECT, false, "550 5.7.1 ",
			"suppressed" },
		{ "by hand", NULL, manual, VERDICT_REJECT, false, "550 5.7.1 ",
			"suppressed" },
		{ "suppression tempfails", tempfailing, hard, VERDICT_TEMPFAIL, false,
			"451 4.1.1 ", "suppressed" },
		{ "suppression discards", discarding, hard, VERDICT_DISCARD, false,
			"250 ", "suppressed" },
		{ "suppression is watched", watching, hard, VERDICT_REJECT, true,
			"550 5.1.1 ", "suppressed" },
		{ "what is watched hides nothing", watching, hard_and_full,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "day" },
		{ "suppressed comes before a limit", NULL, hard_and_full, VERDICT_REJECT,
			false, "550 5.1.1 ", "suppressed" },
		{ "sandbox", sandboxed, NULL, VERDICT_REJECT, false, "554 5.7.1 ",
			"sandbox" },
		{ "sandbox, verified", sandboxed, verified, VERDICT_ACCEPT, false, "250 ",
			"" },
		{ "a quota", NULL, day_full, VERDICT_TEMPFAIL, false,
			"451 4.7.1 limit day (200/24h): 200/200 used, try again in 312 "
			"seconds "
			"[okite:day]",
			"day" },
		{ "a rate", NULL, rate_full, VERDICT_TEMPFAIL, false,
			"451 4.7.1 limit rate (14/s): 50/50 used, try again in 1 second "
			"[okite:rate]",
			"rate" },
		{ "a limit that rejects", NULL, hour_full, VERDICT_REJECT, false,
			"550 5.7.1 ", "hour" },
		{ "a limit that holds", NULL, week_full, VERDICT_HOLD, false, "250 ",
			"week" },
		{ "a limit that is watched", NULL, watch_full, VERDICT_TEMPFAIL, true,
			"451 4.7.1 ", "watch" },
		{ "of two, the one that lasts longer", NULL, day_and_rate,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "day" },
		{ "rejecting comes before tempfailing", NULL, day_and_hour,
			VERDICT_REJECT, false, "550 5.7.1 ", "hour" },
		{ "tempfailing comes before holding", NULL, day_and_week,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "day" },
		{ "tempfailing comes before watching", NULL, day_and_watch,
			VERDICT_TEMPFAIL, false, "451 4.7.1 ", "day" },
		{ "observing everything", observing, day_full, VERDICT_TEMPFAIL, true,
			"451 4.7.1 ", "day" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		struct verdict verdict;
		char reply[REPLY_SIZE + 32];

		make_world(&world);
		if (cases[i].before != NULL)
			cases[i].before(&world);
		ask(&world, 1);
		if (cases[i].after != NULL)
			cases[i].after(&world);
		policy_judge(&world.policy, &world.account, &world.demand, &world.facts,
			&verdict);
		CASE_EQUAL_INT(cases[i].name, verdict.kind, cases[i].kind);
		CASE_EQUAL_INT(cases[i].name, verdict.observed, cases[i].observed);
		CASE_EQUAL_TEXT(cases[i].name, verdict.rule, cases[i].rule);
		verdict_reply(&verdict, reply, sizeof(reply));
		if (strncmp(reply, cases[i].reply, strlen(cases[i].reply)) != 0)
			fail_msg("%s: got \"%s\"", cases[i].name, reply);
		clear_world(&world);
	}
}

static void whole(struct world *w)
{
	w->message.judged_whole = true;
}
static void whole_with_others(struct world *w)
{
	whole(w);
	w->message.internal = 1;
}
static void whole_hold(struct world *w)
{
	whole(w);
	w->policy.local_submission = LIMIT_HOLD;
}
static void whole_reject(struct world *w)
{
	whole(w);
	w->policy.local_submission = LIMIT_REJECT;
}
static void whole_paused(struct world *w)
{
	whole(w);
	paused(w);
}
static void whole_paused_no_longer(struct world *w)
{
	whole(w);
	paused_no_longer(w);
}
static void whole_sandboxed(struct world *w)
{
	whole(w);
	sandboxed(w);
}
static void whole_discarding(struct world *w)
{
	whole(w);
	discarding(w);
}
static void whole_tempfailing(struct world *w)
{
	whole(w);
	tempfailing(w);
}
static void both_hard(struct world *w)
{
	hard(w);
	w->facts.recipients[1].suppressed = REASON_HARD;
}
static void never_fits(struct world *w)
{
	fill(w, DAY, 0, 201, 0);
}

static void judges_whole_messages(void **state)
{
	static const struct {
		const char *name;
		void (*before)(struct world *), (*after)(struct world *);
		enum verdict_kind kind, first, second;
		int code;
		const char *rule;
	} cases[] = {
		{ "all is well", whole, NULL, VERDICT_ACCEPT, VERDICT_ACCEPT,
			VERDICT_ACCEPT, 0, "" },
		{ "one is suppressed", whole, hard, VERDICT_ACCEPT, VERDICT_REJECT,
			VERDICT_ACCEPT, 0, "" },
		{ "nobody is left", whole, both_hard, VERDICT_REJECT, VERDICT_REJECT,
			VERDICT_REJECT, 550, "suppressed" },
		{ "nobody is left, quietly", whole_discarding, both_hard, VERDICT_DISCARD,
			VERDICT_DISCARD, VERDICT_DISCARD, 0, "suppressed" },
		{ "nobody is left for ever", whole_tempfailing, both_hard, VERDICT_REJECT,
			VERDICT_TEMPFAIL, VERDICT_TEMPFAIL, 550, "suppressed" },
		{ "nobody is left but internal ones", whole_with_others, both_hard,
			VERDICT_ACCEPT, VERDICT_REJECT, VERDICT_REJECT, 0, "" },
		{ "one of two is not verified", whole_sandboxed, verified, VERDICT_REJECT,
			VERDICT_ACCEPT, VERDICT_REJECT, 554, "sandbox" },
		{ "a limit is full: it waits", whole, day_full, VERDICT_TEMPFAIL,
			VERDICT_ACCEPT, VERDICT_ACCEPT, 451, "day" },
		{ "a limit is full: it is held", whole_hold, day_full, VERDICT_HOLD,
			VERDICT_ACCEPT, VERDICT_ACCEPT, 0, "day" },
		{ "a limit is full: it bounces", whole_reject, day_full, VERDICT_REJECT,
			VERDICT_ACCEPT, VERDICT_ACCEPT, 550, "day" },
		{ "it would wait for ever", whole, never_fits, VERDICT_REJECT,
			VERDICT_ACCEPT, VERDICT_ACCEPT, 550, "day" },
		{ "a limit that rejects", whole_hold, hour_full, VERDICT_REJECT,
			VERDICT_ACCEPT, VERDICT_ACCEPT, 550, "hour" },
		{ "a limit that holds", whole, week_full, VERDICT_HOLD, VERDICT_ACCEPT,
			VERDICT_ACCEPT, 0, "week" },
		{ "paused: it is held", whole_paused, NULL, VERDICT_HOLD, VERDICT_ACCEPT,
			VERDICT_ACCEPT, 0, "paused" },
		{ "paused no longer: it goes on", whole_paused_no_longer, NULL,
			VERDICT_ACCEPT, VERDICT_ACCEPT, VERDICT_ACCEPT, 0, "" },
		{ "no store", whole, unknown, VERDICT_TEMPFAIL, VERDICT_ACCEPT,
			VERDICT_ACCEPT, 451, "redis" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;
		struct verdict verdict, each[2];

		make_world(&world);
		cases[i].before(&world);
		ask(&world, 2);
		if (cases[i].after != NULL)
			cases[i].after(&world);
		policy_judge_whole(&world.policy, &world.account, &world.demand,
			&world.facts, &verdict, each);
		CASE_EQUAL_INT(cases[i].name, verdict.kind, cases[i].kind);
		CASE_EQUAL_INT(cases[i].name, verdict.code, cases[i].code);
		CASE_EQUAL_TEXT(cases[i].name, verdict.rule, cases[i].rule);
		CASE_EQUAL_INT(cases[i].name, each[0].kind, cases[i].first);
		CASE_EQUAL_INT(cases[i].name, each[1].kind, cases[i].second);
		clear_world(&world);
	}
}

/* What a full limit of each kind does to the charge: the store is told so. */
static void demands(void **state)
{
	static const struct {
		const char *name;
		void (*before)(struct world *);
		enum beyond day, hour, week, watch;
	} cases[] = {
		{ "over SMTP", NULL, BEYOND_REFUSE, BEYOND_REFUSE, BEYOND_CHARGE,
			BEYOND_OBSERVE },
		{ "observing", observing, BEYOND_OBSERVE, BEYOND_OBSERVE, BEYOND_OBSERVE,
			BEYOND_OBSERVE },
		{ "from sendmail(1)", whole, BEYOND_REFUSE, BEYOND_REFUSE, BEYOND_CHARGE,
			BEYOND_OBSERVE },
		{ "from sendmail(1), held", whole_hold, BEYOND_CHARGE, BEYOND_REFUSE,
			BEYOND_CHARGE, BEYOND_OBSERVE },
		{ "from sendmail(1), paused", whole_paused, BEYOND_CHARGE, BEYOND_CHARGE,
			BEYOND_CHARGE, BEYOND_OBSERVE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		make_world(&world);
		if (cases[i].before != NULL)
			cases[i].before(&world);
		ask(&world, 1);
		CASE_EQUAL_INT(cases[i].name, world.demand.limit_count, 6);
		CASE_EQUAL_INT(
			cases[i].name, world.demand.limits[DAY].beyond, cases[i].day);
		CASE_EQUAL_INT(
			cases[i].name, world.demand.limits[HOUR].beyond, cases[i].hour);
		CASE_EQUAL_INT(
			cases[i].name, world.demand.limits[WEEK].beyond, cases[i].week);
		CASE_EQUAL_INT(
			cases[i].name, world.demand.limits[WATCH].beyond, cases[i].watch);
		clear_world(&world);
	}
}

static void a_paused_account_asks_for_no_limit(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	paused(&world);
	ask(&world, 1);
	assert_true(world.demand.paused);
	assert_int_equal(world.demand.limit_count, 0);
	clear_world(&world);
	make_world(&world);
	paused_no_longer(&world);
	ask(&world, 1);
	assert_false(world.demand.paused);
	assert_int_equal(world.demand.limit_count, 6);
	clear_world(&world);
}

static void two_recipients_share_their_limits(void **state)
{
	struct world world;

	(void)state;
	make_world(&world);
	ask(&world, 2);
	assert_int_equal(world.demand.limit_count, 6);
	assert_int_equal(world.demand.recipients[0].limit_count, 6);
	assert_int_equal(world.demand.recipients[1].limit_count, 6);
	clear_world(&world);
}

static void a_message_is_counted_once(void **state)
{
	struct charge charge = { .count = COUNT_MESSAGES, .amount = 1 };
	struct world world;

	(void)state;
	make_world(&world);
	charge.key = xstrdup("{a:shop}:l:each:rm");
	message_add_charge(&world.message, &charge);
	ask(&world, 1);
	assert_int_equal(world.demand.limit_count, 5);
	clear_world(&world);
}

static void overrides(void **state)
{
	static const struct {
		const char *name;
		struct override override;
		size_t limits;
		int64_t day, rate, burst;
	} cases[] = {
		{ "of another limit", { "month", "1/h", 0 }, 6, 200, 14, 50 },
		{ "of a quota", { "day", "1000/24h", 0 }, 6, 1000, 14, 50 },
		{ "that has ended", { "day", "1000/24h", 1000 }, 6, 200, 14, 50 },
		{ "that ends later", { "day", "1000/24h", 1001 }, 6, 1000, 14, 50 },
		{ "that cannot be read", { "day", "lots", 0 }, 6, 200, 14, 50 },
		{ "that lifts", { "day", "none", 0 }, 5, 0, 0, 0 },
		{ "of a rate, with a larger burst", { "rate", "100/s", 0 }, 6, 200, 100,
			200 },
		{ "of a rate, slower", { "rate", "1/s", 0 }, 6, 200, 1, 50 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		make_world(&world);
		world.account.overrides[0] = cases[i].override;
		world.account.override_count = 1;
		ask(&world, 1);
		CASE_EQUAL_INT(cases[i].name, world.demand.limit_count, cases[i].limits);
		if (cases[i].limits == 6) {
			const struct demand_limit *limits = world.demand.limits;

			CASE_EQUAL_INT(
				cases[i].name, limits[DAY].capacity.amount, cases[i].day);
			CASE_EQUAL_INT(cases[i].name, limits[RATE].capacity.amount,
				cases[i].rate);
			CASE_EQUAL_INT(cases[i].name, limits[RATE].capacity.burst,
				cases[i].burst);
		}
		clear_world(&world);
	}
}

static void long_words_fit_a_reply(void **state)
{
	struct world world;
	struct verdict verdict;
	char words[201];

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	make_world(&world);
	world.policy.plans[0].limits[DAY].reply = xstrdup(words);
	memset(world.policy.plans[0].limits[DAY].name, 'n', LIMIT_NAME_SIZE - 1);
	ask(&world, 1);
	fill(&world, DAY, INT64_MAX, 1, INT64_MAX);
	policy_judge(
		&world.policy, &world.account, &world.demand, &world.facts, &verdict);
	assert_string_equal(verdict.text + strlen(verdict.text) - 3, "nn]");
	clear_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_one),
		cmocka_unit_test(judges_whole_messages),
		cmocka_unit_test(demands),
		cmocka_unit_test(a_paused_account_asks_for_no_limit),
		cmocka_unit_test(two_recipients_share_their_limits),
		cmocka_unit_test(a_message_is_counted_once),
		cmocka_unit_test(overrides),
		cmocka_unit_test(long_words_fit_a_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
