#include <string.h>

#include "base/memory.h"
#include "policy/policy.h"
#include "tests/support/test.h"

static void settles(void **state)
{
	static const struct {
		const char *name, *to;
		int64_t accepted, size;
		bool whole;
		bool want;
		enum verdict_kind kind;
		int code;
		const char *status, *rule;
	} cases[] = {
		{ "an ordinary recipient", "a@b.example", 0, 0, false, false, 0, 0, "",
			"" },
		{ "internal", "a@in.example", 0, 0, false, true, VERDICT_ACCEPT, 0, "",
			"internal" },
		{ "internal is not counted", "a@in.example", 50, 0, false, true,
			VERDICT_ACCEPT, 0, "", "internal" },
		{ "routed through an internal domain", "a%b.example@in.example", 0, 0,
			false, true, VERDICT_REJECT, 553, "5.1.3", "caps" },
		{ "routed by a bang path", "b.example!a@in.example", 0, 0, false, true,
			VERDICT_REJECT, 553, "5.1.3", "caps" },
		{ "routed in quotes", "\"a@b.example\"@in.example", 0, 0, false, true,
			VERDICT_REJECT, 553, "5.1.3", "caps" },
		{ "a percent elsewhere is theirs", "a%b@c.example", 0, 0, false, false, 0,
			0, "", "" },
		{ "the last that fits", "a@b.example", 49, 0, false, false, 0, 0, "",
			"" },
		{ "one too many", "a@b.example", 50, 0, false, true, VERDICT_TEMPFAIL,
			452, "4.5.3", "caps" },
		{ "one too many from sendmail(1)", "a@b.example", 50, 0, true, true,
			VERDICT_REJECT, 554, "5.5.3", "caps" },
		{ "as large as allowed", "a@b.example", 0, 1000, false, false, 0, 0, "",
			"" },
		{ "a byte too large", "a@b.example", 0, 1001, false, true, VERDICT_REJECT,
			552, "5.3.4", "caps" },
		{ "simulated success", "success@sim.example", 0, 0, false, true,
			VERDICT_DISCARD, 0, "", "simulator" },
		{ "simulated complaint", "complaint+7@sim.example", 0, 0, false, true,
			VERDICT_DISCARD, 0, "", "simulator" },
		{ "simulated bounce", "bounce@sim.example", 0, 0, false, true,
			VERDICT_REJECT, 550, "5.1.1", "simulator" },
		{ "simulated bounce with a label", "Bounce+a+b@SIM.example", 0, 0, false,
			true, VERDICT_REJECT, 550, "5.1.1", "simulator" },
		{ "simulated suppression", "suppressionlist@sim.example", 0, 0, false,
			true, VERDICT_REJECT, 550, "5.1.1", "simulator" },
		{ "simulated soft bounce", "softbounce@sim.example", 0, 0, false, true,
			VERDICT_TEMPFAIL, 452, "4.2.2", "simulator" },
		{ "no such simulation", "bouncer@sim.example", 0, 0, false, true,
			VERDICT_REJECT, 550, "5.1.1", "simulator" },
		{ "the simulator is not counted", "success@sim.example", 50, 0, false,
			true, VERDICT_DISCARD, 0, "", "simulator" },
	};
	struct policy policy;

	(void)state;
	policy_init(&policy);
	policy.max_size = 1000;
	policy.simulator = xstrdup("sim.example");
	policy.internal_domains = xcalloc(1, sizeof(char *));
	policy.internal_domains[0] = xstrdup("in.example");
	policy.internal_domain_count = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message message = { .accepted = cases[i].accepted,
			.size = cases[i].size,
			.judged_whole = cases[i].whole };
		struct recipient recipient = { .digest = "" };
		struct verdict verdict = { .kind = VERDICT_ACCEPT };

		assert_null(address_parse(&recipient.address, cases[i].to, NULL));
		CASE_EQUAL_INT(cases[i].name,
			policy_settle(&policy, &message, &recipient, &verdict),
			cases[i].want);
		if (!cases[i].want)
			continue;
		CASE_EQUAL_INT(cases[i].name, verdict.kind, cases[i].kind);
		CASE_EQUAL_INT(cases[i].name, verdict.code, cases[i].code);
		CASE_EQUAL_TEXT(cases[i].name, verdict.status, cases[i].status);
		CASE_EQUAL_TEXT(cases[i].name, verdict.rule, cases[i].rule);
		if (verdict.code != 0)
			assert_non_null(strstr(verdict.text, "[okite:"));
	}
	policy_clear(&policy);
}

static void only_observes(void **state)
{
	struct message message = { .accepted = 50 };
	struct recipient recipient = { .digest = "" };
	struct verdict verdict = { .kind = VERDICT_ACCEPT };
	struct policy policy;

	(void)state;
	policy_init(&policy);
	policy.observe_only = true;
	assert_null(address_parse(&recipient.address, "a@b.example", NULL));
	/* Not settled: it is mail that will be sent, and counted. */
	assert_false(policy_settle(&policy, &message, &recipient, &verdict));
	assert_true(verdict.observed);
	assert_string_equal(verdict.rule, "caps");
	policy_clear(&policy);
}

/* Who only watches still does not want simulated mail to be sent. */
static void simulates_while_observing(void **state)
{
	struct message message = { .size = 5000 };
	struct recipient recipient = { .digest = "" };
	struct verdict verdict = { .kind = VERDICT_ACCEPT };
	struct policy policy;

	(void)state;
	policy_init(&policy);
	policy.observe_only = true;
	policy.max_size = 1000;
	policy.simulator = xstrdup("sim.example");
	assert_null(address_parse(&recipient.address, "success@sim.example", NULL));
	assert_true(policy_settle(&policy, &message, &recipient, &verdict));
	assert_int_equal(verdict.kind, VERDICT_DISCARD);
	policy_clear(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settles),
		cmocka_unit_test(only_observes),
		cmocka_unit_test(simulates_while_observing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
