#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "tests/conf/files.h"

/* ---- the empty file ---- */

static void the_empty_file_is_the_defaults(void **state)
{
	struct conf *conf = files_read_good("empty", "");
	const struct policy *policy = &conf->policy;
	const struct plan *sandbox, *standard;
	char host[256] = "";

	(void)state;
	gethostname(host, sizeof(host) - 1);
	assert_string_equal(conf->node, host);
	assert_string_equal(conf->listen, "inet:8896@127.0.0.1");
	assert_string_equal(conf->secret_file, "/var/lib/okite/secret");
	assert_string_equal(conf->redis.url, "redis://127.0.0.1:6379/0");
	assert_string_equal(conf->redis.prefix, "okite:");
	assert_int_equal(conf->redis.timeout_us, SECOND_US / 2);
	assert_string_equal(conf->metrics, "127.0.0.1:9896");
	assert_int_equal(conf->warning_count, 0);
	assert_int_equal(conf->expire_us[REASON_SOFT], 14 * DAY_US);
	assert_int_equal(conf->expire_us[REASON_HARD], 0);
	assert_true(conf->scope_is_account[REASON_COMPLAINT]);
	assert_false(conf->scope_is_account[REASON_HARD]);
	assert_true(conf->store_addresses);
	assert_true(conf->reputation.law.confidence > 0.949 &&
		    conf->reputation.law.confidence < 0.951);
	assert_true(conf->reputation.law.bounce.warn > 4.9 &&
		    conf->reputation.law.bounce.warn < 5.1);
	assert_true(conf->reputation.law.complaint.pause > 0.49 &&
		    conf->reputation.law.complaint.pause < 0.51);
	assert_int_equal(conf->reputation.law.window_us, 7 * DAY_US);
	assert_int_equal(conf->reputation.law.bounce.minimum, 50);
	assert_int_equal(conf->reputation.law.complaint.minimum, 500);
	assert_int_equal(conf->reputation.law.resume_us, 0);
	assert_string_equal(conf->reputation.notify, "");
	assert_int_equal(policy->complaint_domain_count, 0);
	assert_int_equal(policy->resume_us, 0);
	assert_false(policy->observe_only);
	assert_true(policy->authenticated_is_outgoing);
	assert_int_equal(policy->network_count, 2);
	assert_int_equal(policy->account_source_count, 2);
	assert_int_equal(policy->account_sources[0], FIELD_LOGIN);
	assert_int_equal(policy->account_sources[1], FIELD_CLIENT);
	assert_int_equal(policy->max_recipients, 50);
	assert_int_equal(policy->max_size, 0);
	assert_int_equal(policy->local_submission, LIMIT_TEMPFAIL);
	assert_int_equal(policy->when_store_fails, STORE_FAILURE_TEMPFAIL);
	assert_null(policy->simulator);

	assert_int_equal(policy->limit_count, 2);
	assert_string_equal(policy->limits[0].name, "rate");
	assert_int_equal(policy->limits[0].kind, LIMIT_RATE);
	assert_int_equal(policy->limits[0].capacity.amount, 14);
	assert_int_equal(policy->limits[0].capacity.window_us, SECOND_US);
	assert_int_equal(policy->limits[0].capacity.burst, 50);
	assert_int_equal(policy->limits[0].per, 1u << FIELD_ACCOUNT);
	assert_string_equal(policy->limits[1].name, "day");
	assert_int_equal(policy->limits[1].kind, LIMIT_QUOTA);
	assert_int_equal(policy->limits[1].capacity.amount, 50000);

	assert_int_equal(policy->plan_count, 2);
	standard = &policy->plans[policy->default_plan];
	assert_string_equal(standard->name, "standard");
	assert_int_equal(standard->limit_count, 2);
	assert_false(standard->verified_recipients_only);
	sandbox = &policy->plans[0];
	assert_string_equal(sandbox->name, "sandbox");
	assert_true(sandbox->verified_recipients_only);
	assert_int_equal(plan_limit(sandbox, "rate")->capacity.amount, 1);
	assert_int_equal(plan_limit(sandbox, "rate")->capacity.burst, 50);
	assert_int_equal(plan_limit(sandbox, "day")->capacity.amount, 200);
	conf_free(conf);
}

/* ---- values that are taken ---- */

static void limits_are_read_whole(void **state)
{
	struct conf *conf = files_read_good("limits",
		"limits = ( { name = \"gmail\"; per = [ \"recipient_domain\", \"sender\" "
		"];"
		" quota = \"100/7d\"; count = \"distinct_recipients\"; action = \"hold\";"
		" reply = \"slow\"; when = { recipient_domain = [ \"GMAIL.com\", \"*.X\" "
		"];"
		" client = [ \"192.0.2.0/24\" ]; sender = ( \"\", "
		"\"A@B\\xc3\\xbc.Example\" );"
		" login = [ \"Bob\" ]; }; } );");
	const struct limit *limit = &conf->policy.limits[0];

	(void)state;
	assert_int_equal(limit->per, 1u << FIELD_RECIPIENT_DOMAIN | 1u << FIELD_SENDER);
	assert_int_equal(limit->kind, LIMIT_QUOTA);
	assert_int_equal(limit->count, COUNT_DISTINCT);
	assert_int_equal(limit->action, LIMIT_HOLD);
	assert_string_equal(limit->reply, "slow");
	assert_int_equal(limit->capacity.window_us, 7 * DAY_US);
	assert_int_equal(limit->when_count, 4);
	for (size_t i = 0; i < limit->when_count; i++) {
		const struct condition *condition = &limit->when[i];

		switch (condition->field) {
		case FIELD_LOGIN:
			assert_string_equal(condition->patterns[0], "bob");
			break;
		case FIELD_SENDER:
			assert_string_equal(condition->patterns[0], "");
			assert_string_equal(
				condition->patterns[1], "a@xn--b-eha.example");
			break;
		case FIELD_CLIENT:
			assert_int_equal(condition->count, 1);
			assert_int_equal(condition->networks[0].bits, 24);
			break;
		default:
			assert_int_equal(condition->field, FIELD_RECIPIENT_DOMAIN);
			assert_string_equal(condition->patterns[0], "gmail.com");
			assert_string_equal(condition->patterns[1], "*.x");
			break;
		}
	}
	conf_free(conf);
}

static void a_burst_depends_on_max_recipients(void **state)
{
	static const struct {
		const char *name, *limits;
		int64_t want;
	} cases[] = {
		{ "two seconds of rate", "rate = \"100/s\";", 200 },
		{ "max_recipients", "rate = \"14/s\";", 70 },
		{ "a slow rate", "rate = \"30/m\";", 70 },
		{ "as written", "rate = \"100/s\"; burst = 3;", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* It stands behind the limits, and counts all the same. */
		char *text = xasprintf("limits = ( { name = \"a\"; %s } );"
				       "plans = ( { name = \"standard\";"
				       " limits = ( { name = \"b\"; %s } ); } );"
				       "max_recipients = 70;",
			cases[i].limits, cases[i].limits);
		struct conf *conf = files_read_good(cases[i].name, text);
		const struct plan *plan = &conf->policy.plans[0];

		CASE_EQUAL_INT(cases[i].name, conf->policy.limits[0].capacity.burst,
			cases[i].want);
		CASE_EQUAL_INT(cases[i].name, plan_limit(plan, "b")->capacity.burst,
			cases[i].want);
		conf_free(conf);
		free(text);
	}
}

static void plans_replace_and_lift(void **state)
{
	struct conf *conf = files_read_good("plans",
		"accounts = ( { name = \"Big@Example.com\"; plan = \"big\"; },"
		" { name = \"a\"; plan = \"small\"; } );"
		"default_plan = \"small\";"
		"plans = ( { name = \"small\"; limits = ( { name = \"day\"; quota = "
		"\"5/1h\"; } ); },"
		" { name = \"big\"; limits = ( { name = \"rate\"; rate = \"none\"; } ); "
		"} );");
	const struct policy *policy = &conf->policy;

	(void)state;
	assert_int_equal(policy->default_plan, 0);
	assert_int_equal(plan_limit(&policy->plans[0], "day")->capacity.amount, 5);
	assert_int_equal(plan_limit(&policy->plans[0], "rate")->capacity.amount, 14);
	assert_true(plan_limit(&policy->plans[1], "rate")->capacity.lifted);
	assert_int_equal(plan_limit(&policy->plans[1], "day")->capacity.amount, 50000);
	assert_int_equal(policy->assignment_count, 2);
	assert_string_equal(policy->assignments[1].account, "big@example.com");
	assert_int_equal(policy->assignments[1].plan, 1);
	conf_free(conf);
}

static void single_values_are_taken(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "a whole number for a fraction",
			"reputation = { confidence = 0.5;"
			" bounce = { warn = 5; pause = 5; }; };" },
		{ "the shortest window", "reputation = { window = \"1h\"; };" },
		{ "the longest window", "reputation = { window = \"31d\"; };" },
		{ "no warning before the pause",
			"reputation = { complaint = { warn = 0.5; pause = 0.5; }; };" },
		{ "TLS", "redis = { url = \"rediss://u:p@h:6380/1\"; };" },
		{ "all of TLS", "redis = { url = \"rediss://h\"; ca_file = \"/a\";"
				" cert_file = \"/b\"; key_file = \"/c\"; };" },
		{ "inet6", "listen = \"inet6:8896@::1\";" },
		{ "inet6 in brackets", "listen = \"inet6:8896@[::1]\";" },
		{ "unix", "listen = \"unix:/run/okite/milter\";" },
		{ "local", "listen = \"local:/run/okite/milter\";" },
		{ "the last port", "listen = \"inet:65535@0.0.0.0\";" },
		{ "a list in ( )",
			"internal_domains = ( \"a.example\", \"*.b.example\" );" },
		{ "no limits", "limits = ( );" },
		{ "no limits in [ ]", "limits = [ ];" },
		{ "all four sources", "account = [ \"sender\", \"sender_domain\", "
				      "\"login\", \"client\" ];" },
		{ "unix socket of Redis",
			"redis = { url = \"unix:///run/r.sock?db=2\"; };" },
		{ "an empty prefix", "redis = { prefix = \"\"; };" },
		{ "no metrics", "metrics = \"\";" },
		{ "metrics on IPv6", "metrics = \"[::1]:9896\";" },
		{ "the shortest timeout", "redis = { timeout = \"10ms\"; };" },
		{ "the longest timeout", "redis = { timeout = \"5s\"; };" },
		{ "the fastest rate",
			"limits = ( { name = \"a\"; rate = \"100000/s\"; } );" },
		{ "the shortest rate",
			"limits = ( { name = \"a\"; rate = \"100/1ms\"; } );" },
		{ "the longest quota",
			"limits = ( { name = \"a\"; quota = \"1000000000/31d\"; } );" },
		{ "most distinct", "limits = ( { name = \"a\"; quota = \"1000000/1s\";"
				   " count = \"distinct_recipients\"; } );" },
		{ "everyone", "limits = ( { name = \"a\"; per = [ \"everyone\" ];"
			      " rate = \"1/s\"; } );" },
		{ "a long name",
			"limits = ( { name = \"abcdefghijklmnopqrstuvwxyz01-_89\";"
			" rate = \"1/s\"; } );" },
		{ "one name in two lists",
			"plans = ( { name = \"a\"; limits = ( { name = \"day\";"
			" quota = \"1/s\"; } ); }, { name = \"b\"; limits = ( { name = "
			"\"day\";"
			" quota = \"1/s\"; } ); } ); default_plan = \"a\";" },
		{ "expiry", "suppression = { expire = { manual = \"30d\"; }; };" },
		{ "the other failure", "when_redis_fails = \"accept\";" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *complaints;
		struct conf *conf = files_read_text(cases[i].text, &complaints);

		if (conf == NULL)
			fail_msg("%s: %s", cases[i].name, complaints);
		conf_free(conf);
		free(complaints);
	}
}

/* The words stand in the table in the order of the enums. */
static void words_mean_what_they_say(void **state)
{
	struct conf *conf = files_read_good("words",
		"mode = \"observe\"; local_submission = \"hold\"; max_size = \"10M\";"
		"simulator = \"Test.Example\"; when_redis_fails = \"accept\";"
		"reputation = { pause_action = \"reject\"; resume = \"1h\";"
		" complaint_domains = [ \"*.Example.net\" ]; };"
		"suppression = { action = \"discard\"; store_addresses = false; };"
		"limits = ( { name = \"a\"; rate = \"1/s\"; action = \"observe\";"
		" count = \"messages\"; } );");
	const struct policy *policy = &conf->policy;

	(void)state;
	assert_true(policy->observe_only);
	assert_true(policy->pause_rejects);
	assert_int_equal(policy->resume_us, HOUR_US);
	assert_int_equal(conf->reputation.law.resume_us, HOUR_US);
	assert_int_equal(policy->complaint_domain_count, 1);
	assert_string_equal(policy->complaint_domains[0], "*.example.net");
	assert_false(conf->store_addresses);
	assert_int_equal(policy->local_submission, LIMIT_HOLD);
	assert_int_equal(policy->max_size, 10 * 1024 * 1024);
	assert_string_equal(policy->simulator, "test.example");
	assert_int_equal(policy->when_store_fails, STORE_FAILURE_ACCEPT);
	assert_int_equal(policy->suppression_action, SUPPRESSION_DISCARD);
	assert_int_equal(policy->limits[0].action, LIMIT_OBSERVE);
	assert_int_equal(policy->limits[0].count, COUNT_MESSAGES);
	conf_free(conf);
}

/* ---- options for later ---- */

static void options_for_later_warn_once(void **state)
{
	static const struct {
		const char *name, *text,
			*want; /* want: how the only warning goes on; NULL: none */
	} cases[] = {
		{ "fleet", "\nfleet = 1;", "2: fleet: understood" },
		{ "built",
			"reputation = { window = \"1d\"; }; feedback = { trust = "
			"\"any\"; };",
			NULL },
		{ "empty groups", "reputation = { bounce = { }; }; feedback = { };",
			NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = files_read_good(cases[i].name, cases[i].text);
		char *path = files_path("okite.conf");
		char *want = xasprintf(
			"%s:%s", path, cases[i].want == NULL ? "" : cases[i].want);

		CASE_EQUAL_INT(cases[i].name, conf->warning_count, cases[i].want != NULL);
		if (conf->warning_count > 0 &&
			strncmp(conf->warnings[0], want, strlen(want)) != 0)
			fail_msg("%s: got %s", cases[i].name, conf->warnings[0]);
		free(want);
		free(path);
		conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_file_is_the_defaults),
		cmocka_unit_test(limits_are_read_whole),
		cmocka_unit_test(a_burst_depends_on_max_recipients),
		cmocka_unit_test(plans_replace_and_lift),
		cmocka_unit_test(single_values_are_taken),
		cmocka_unit_test(words_mean_what_they_say),
		cmocka_unit_test(options_for_later_warn_once),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}
