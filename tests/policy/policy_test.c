#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/policy.h"
#include "tests/support/test.h"

static struct limit named(const char *name, int64_t amount)
{
	struct limit limit = { .kind = LIMIT_QUOTA,
		.per = 1u << FIELD_ACCOUNT,
		.capacity = { .amount = amount, .window_us = 1000000 } };

	strcpy(limit.name, name);
	return limit;
}

/* Two general limits; the plan "sandbox" replaces one, lifts none, adds one. */
static void make(struct policy *policy)
{
	policy_init(policy);
	policy->limits = xcalloc(2, sizeof(struct limit));
	policy->limits[0] = named("rate", 14);
	policy->limits[1] = named("day", 50000);
	policy->limit_count = 2;
	policy->plans = xcalloc(2, sizeof(struct plan));
	policy->plan_count = 2;
	strcpy(policy->plans[0].name, "sandbox");
	policy->plans[0].limits = xcalloc(2, sizeof(struct limit));
	policy->plans[0].limits[0] = named("day", 200);
	policy->plans[0].limits[1] = named("hour", 20);
	policy->plans[0].limit_count = 2;
	strcpy(policy->plans[1].name, "standard");
	policy->default_plan = 1;
	policy->assignments = xcalloc(2, sizeof(struct assignment));
	policy->assignments[0] = (struct assignment){ xstrdup("trial@shop.example"), 0 };
	policy->assignments[1] = (struct assignment){ xstrdup("a@shop.example"), 1 };
	policy->assignment_count = 2;
	policy->networks = xcalloc(1, sizeof(struct network));
	policy->network_count = network_from_text(&policy->networks[0], "127.0.0.0/8");
	policy->internal_domains = xcalloc(2, sizeof(char *));
	policy->internal_domains[0] = xstrdup("inside.example");
	policy->internal_domains[1] = xstrdup("*.inside.example");
	policy->internal_domain_count = 2;
	policy->account_sources[0] = FIELD_LOGIN;
	policy->account_sources[1] = FIELD_CLIENT;
	policy->account_source_count = 2;
	policy_complete(policy);
}

static void merges_plans(void **state)
{
	struct policy policy;
	const struct plan *sandbox = NULL;

	(void)state;
	make(&policy);
	sandbox = &policy.plans[0];
	assert_int_equal(sandbox->limit_count, 3);
	assert_int_equal(plan_limit(sandbox, "rate")->capacity.amount, 14);
	assert_int_equal(plan_limit(sandbox, "day")->capacity.amount, 200);
	assert_int_equal(plan_limit(sandbox, "hour")->capacity.amount, 20);
	assert_null(plan_limit(sandbox, "week"));
	assert_int_equal(policy.plans[1].limit_count, 2);
	policy_clear(&policy);
}

static void finds_plans(void **state)
{
	static const struct {
		const char *name, *account, *plan;
		int64_t until_us;
		const char *want;
	} cases[] = {
		{ "the default", "other", "", 0, "standard" },
		{ "the configuration's", "trial@shop.example", "", 0, "sandbox" },
		{ "the record's", "trial@shop.example", "standard", 0, "standard" },
		{ "the record's, with an end", "other", "sandbox", 1001, "sandbox" },
		{ "the record's, ended", "other", "sandbox", 1000, "standard" },
		{ "one that is no longer there", "other", "gone", 0, "standard" },
	};
	struct policy policy;

	(void)state;
	make(&policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct account account = { .plan_until_us = cases[i].until_us };

		strcpy(account.name, cases[i].account);
		strcpy(account.plan, cases[i].plan);
		CASE_EQUAL_TEXT(cases[i].name, policy_plan(&policy, &account, 1000)->name,
			cases[i].want);
	}
	policy_clear(&policy);
}

static void classifies(void **state)
{
	static const struct {
		const char *name, *login, *client, *sender;
		bool from_sendmail;
		enum field sources[2];
		bool outgoing;
		const char *account;
	} cases[] = {
		{ "a login", "shop", "192.0.2.7", "a@b.example", false,
			{ FIELD_LOGIN, FIELD_CLIENT }, true, "shop" },
		{ "a login from nearby", "shop", "127.0.0.1", "a@b.example", false,
			{ FIELD_CLIENT, FIELD_LOGIN }, true, "127.0.0.1" },
		{ "nearby, no login", "", "127.0.0.1", "a@b.example", false,
			{ FIELD_LOGIN, FIELD_CLIENT }, true, "127.0.0.1" },
		{ "a stranger is not ours", "", "192.0.2.7", "a@b.example", false,
			{ FIELD_LOGIN, FIELD_CLIENT }, false, "192.0.2.7" },
		{ "IPv6 by /64", "", "2001:db8:1:2:3:4:5:6", "", false,
			{ FIELD_LOGIN, FIELD_CLIENT }, false, "2001:db8:1:2::/64" },
		{ "sendmail(1)", "", "127.0.0.1", "a@b.example", true,
			{ FIELD_LOGIN, FIELD_CLIENT }, true, "local" },
		{ "the sender", "shop", "127.0.0.1", "A@B.example", false,
			{ FIELD_SENDER, FIELD_LOGIN }, true, "a@b.example" },
		{ "the null sender has a login", "shop", "127.0.0.1", "", false,
			{ FIELD_SENDER, FIELD_LOGIN }, true, "shop" },
		{ "the null sender has a client", "shop", "127.0.0.1", "", false,
			{ FIELD_SENDER, FIELD_SENDER_DOMAIN }, true, "127.0.0.1" },
		{ "the sender's domain", "shop", "127.0.0.1", "a@B.example", false,
			{ FIELD_SENDER_DOMAIN, FIELD_LOGIN }, true, "b.example" },
	};
	struct policy policy;

	(void)state;
	make(&policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message message = { .from_sendmail = cases[i].from_sendmail };

		memcpy(policy.account_sources, cases[i].sources,
			sizeof(cases[i].sources));
		strcpy(message.login, cases[i].login);
		assert_true(client_from_text(&message.client, cases[i].client));
		assert_null(address_parse(&message.sender, cases[i].sender, NULL));
		policy_classify(&policy, &message);
		CASE_EQUAL_INT(cases[i].name, message.outgoing, cases[i].outgoing);
		CASE_EQUAL_TEXT(cases[i].name, message.account, cases[i].account);
	}
	policy_clear(&policy);
}

static void knows_what_is_internal(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} cases[] = {
		{ "a@inside.example", true },
		{ "a@INSIDE.example", true },
		{ "a@deep.inside.example", true },
		{ "a@beinside.example", false },
		{ "a@outside.example", false },
	};
	struct policy policy;

	(void)state;
	make(&policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient recipient = { .digest = "" };

		assert_null(address_parse(&recipient.address, cases[i].address, NULL));
		CASE_EQUAL_INT(cases[i].address, policy_is_internal(&policy, &recipient),
			cases[i].want);
	}
	policy_clear(&policy);
}

static void knows_who_reports_complaints(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} cases[] = {
		{ "a@reports.example", true },
		{ "a@REPORTS.example", true },
		{ "a@eu.reports.example", true },
		{ "a@noreports.example", false },
		{ "a@other.example", false },
	};
	struct policy policy;

	(void)state;
	make(&policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient recipient = { .digest = "" };

		assert_null(address_parse(&recipient.address, cases[i].address, NULL));
		CASE_EQUAL_INT(cases[i].address,
			policy_reports_complaints(&policy, &recipient), true);
	}
	policy.complaint_domains = xcalloc(2, sizeof(char *));
	policy.complaint_domains[0] = xstrdup("reports.example");
	policy.complaint_domains[1] = xstrdup("*.reports.example");
	policy.complaint_domain_count = 2;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct recipient recipient = { .digest = "" };

		assert_null(address_parse(&recipient.address, cases[i].address, NULL));
		CASE_EQUAL_INT(cases[i].address,
			policy_reports_complaints(&policy, &recipient), cases[i].want);
	}
	policy_clear(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_plans),
		cmocka_unit_test(finds_plans),
		cmocka_unit_test(classifies),
		cmocka_unit_test(knows_what_is_internal),
		cmocka_unit_test(knows_who_reports_complaints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
