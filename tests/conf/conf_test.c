#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "conf/conf.h"
#include "conf/lookup.h"
#include "conf/options.h"

/* ---- files and what is said of them ---- */

static char folder[] = "/tmp/okite-conf-XXXXXX";

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long size;

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	text = xcalloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	return text;
}

/* All complaints, one a line, without the folder. */
static void note(const char *complaint, void *context)
{
	char **all = context, *longer;
	size_t length = strlen(folder);

	if (strncmp(complaint, folder, length) == 0)
		complaint += length + 1;
	longer = xasprintf("%s%s\n", *all, complaint);
	free(*all);
	*all = longer;
}

static struct conf *read_file(const char *path, char **complaints)
{
	*complaints = xstrdup("");
	return conf_read(path, note, complaints);
}

static struct conf *read_string(const char *text, char **complaints)
{
	char *path = path_of("okite.conf");
	struct conf *conf;

	write_file(path, text);
	conf = read_file(path, complaints);
	free(path);
	return conf;
}

/* A configuration that must be good. */
static struct conf *read_good(const char *name, const char *text)
{
	char *complaints;
	struct conf *conf = read_string(text, &complaints);

	if (conf == NULL || *complaints != '\0')
		fail_msg("%s: %s", name, complaints);
	free(complaints);
	return conf;
}

/* ---- the empty file ---- */

static void the_empty_file_is_the_defaults(void **state)
{
	struct conf *conf = read_good("empty", "");
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
	assert_true(conf->reputation.confidence > 0.949 &&
		    conf->reputation.confidence < 0.951);
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
	conf_release(conf);
}

/* ---- values that are taken ---- */

static void limits_are_read_whole(void **state)
{
	struct conf *conf = read_good("limits",
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
	conf_release(conf);
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
		struct conf *conf = read_good(cases[i].name, text);
		const struct plan *plan = &conf->policy.plans[0];

		CASE_EQUAL_INT(cases[i].name, conf->policy.limits[0].capacity.burst,
			cases[i].want);
		CASE_EQUAL_INT(cases[i].name, plan_limit(plan, "b")->capacity.burst,
			cases[i].want);
		conf_release(conf);
		free(text);
	}
}

static void plans_replace_and_lift(void **state)
{
	struct conf *conf = read_good("plans",
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
	conf_release(conf);
}

static void single_values_are_taken(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "a whole number for a fraction",
			"reputation = { confidence = 0.5;"
			" bounce = { warn = 5; pause = 5; }; };" },
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
		{ "the longest timeout", "redis = { timeout = \"30s\"; };" },
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
		struct conf *conf = read_string(cases[i].text, &complaints);

		if (conf == NULL)
			fail_msg("%s: %s", cases[i].name, complaints);
		conf_release(conf);
		free(complaints);
	}
}

/* The words stand in the table in the order of the enums. */
static void words_mean_what_they_say(void **state)
{
	struct conf *conf = read_good("words",
		"mode = \"observe\"; local_submission = \"hold\"; max_size = \"10M\";"
		"simulator = \"Test.Example\"; when_redis_fails = \"accept\";"
		"reputation = { pause_action = \"reject\"; };"
		"suppression = { action = \"discard\"; store_addresses = false; };"
		"limits = ( { name = \"a\"; rate = \"1/s\"; action = \"observe\";"
		" count = \"messages\"; } );");
	const struct policy *policy = &conf->policy;

	(void)state;
	assert_true(policy->observe_only);
	assert_true(policy->pause_rejects);
	assert_false(conf->store_addresses);
	assert_int_equal(policy->local_submission, LIMIT_HOLD);
	assert_int_equal(policy->max_size, 10 * 1024 * 1024);
	assert_string_equal(policy->simulator, "test.example");
	assert_int_equal(policy->when_store_fails, STORE_FAILURE_ACCEPT);
	assert_int_equal(policy->suppression_action, SUPPRESSION_DISCARD);
	assert_int_equal(policy->limits[0].action, LIMIT_OBSERVE);
	assert_int_equal(policy->limits[0].count, COUNT_MESSAGES);
	conf_release(conf);
}

/* ---- faults ---- */

#define LIMIT(options) "\nlimits = ( { name = \"a\"; " options " } );"
#define PLANS "plans = ( { name = \"p\"; limits = ( "

static const struct {
	const char *name, *text;
	const char *want; /* how the one complaint begins */
	const char *also; /* and what it contains */
} faults[] = {
	{ "unknown", "\n\nmax_recipient = 3;",
		"okite.conf:3: max_recipient: there is no such", "max_recipients?" },
	{ "unknown in a group", "redis = {\n urll = \"x\"; };",
		"okite.conf:2: redis.urll: there", "redis.url?" },
	{ "of another group", "url = \"x\";", "okite.conf:1: url: there", "redis.url?" },
	{ "unknown altogether", "frobnicate = 1;", "okite.conf:1: frobnicate: there",
		"okite.conf(5)" },
	{ "unknown in a limit", LIMIT("rate = \"1/s\"; bursts = 5;"),
		"okite.conf:2: limits.bursts: there", "limits.burst?" },
	{ "unknown in when", LIMIT("rate = \"1/s\"; when = { domain = [ \"x\" ]; };"),
		"okite.conf:2: limits.when.domain: there", "" },
	{ "text for a number", "max_recipients = \"5\";",
		"okite.conf:1: max_recipients: this is",
		"a whole number from 1 to 10000" },
	{ "a fraction for a number", "max_recipients = 5.0;",
		"okite.conf:1: max_recipients:", "a fraction" },
	{ "a number for text", "\nmode = 1;",
		"okite.conf:2: mode: this is a whole number; write",
		"\"enforce\" or \"observe\"" },
	{ "a number for a duration", "redis = { timeout = 500; };",
		"okite.conf:1: redis.timeout:", "a duration from \"10ms\" to \"30s\"" },
	{ "a value for a group", "redis = \"redis://h\";",
		"okite.conf:1: redis: this is text", "a group" },
	{ "a text for a list", "account = \"login\";",
		"okite.conf:1: account: this is text", "[ \"login\", \"client\" ]" },
	{ "a number in a list", "internal_domains = [ 1 ];",
		"okite.conf:1: internal_domains:", "quotes" },
	{ "a group for a list", "limits = { };", "okite.conf:1: limits: this is a group",
		"" },
	{ "no group in a list", "limits = ( 1 );", "okite.conf:1: limits: an entry",
		"{ }" },
	{ "too few", "max_recipients = 0;",
		"okite.conf:1: max_recipients: 0 is out of bounds", "1 to 10000" },
	{ "too many", "max_recipients = 10001;", "okite.conf:1: max_recipients: 10001 is",
		"" },
	{ "below zero", "fleet = -1;", "okite.conf:1: fleet: -1 is", "1 to 1000" },
	{ "too sure", "reputation = { confidence = 1; };",
		"okite.conf:1: reputation.confidence:", "0.5 to 0.9999" },
	{ "too short", "redis = { timeout = \"9ms\"; };",
		"okite.conf:1: redis.timeout: \"9ms\"", "bounds" },
	{ "too long", "redis = { timeout = \"31s\"; };",
		"okite.conf:1: redis.timeout: \"31s\"", "bounds" },
	{ "no duration", "redis = { timeout = \"5x\"; };",
		"okite.conf:1: redis.timeout: \"5x\"", "" },
	{ "no size", "max_size = \"10MB\";", "okite.conf:1: max_size: \"10MB\"",
		"\"1K\"" },
	{ "nothing fits", "max_size = \"0\";", "okite.conf:1: max_size: \"0\"",
		"\"1K\"" },
	{ "unknown word", "local_submission = \"wait\";",
		"okite.conf:1: local_submission: \"wait\"",
		"\"tempfail\", \"reject\" or \"hold\"" },
	{ "not built yet", "when_redis_fails = \"local\";",
		"okite.conf:1: when_redis_fails: \"loc",
		"not built yet; write \"tempfail\" or \"accept\"" },
	{ "TLS", "redis = { url = \"rediss://u:hush@h\"; };",
		"okite.conf:1: redis.url: this ver", "rediss://" },
	{ "sentinel", "redis = { url = \"redis+sentinel://h/n\"; };",
		"okite.conf:1: redis.url: t", "yet" },
	{ "cluster", "redis = { url = \"redis+cluster://h\"; };",
		"okite.conf:1: redis.url: this", "yet" },
	{ "no URL", "redis = { url = \"localhost\"; };",
		"okite.conf:1: redis.url: it begins", "" },
	{ "no server", "redis = { url = \"redis://\"; };",
		"okite.conf:1: redis.url: the server", "" },
	{ "a TLS file", "redis = { ca_file = \"/x\"; };",
		"okite.conf:1: redis.ca_file:", "yet" },
	{ "braces in the prefix", "redis = { prefix = \"a{b}\"; };",
		"okite.conf:1: redis.prefix:", "" },
	{ "listen: no family", "listen = \"8896\";", "okite.conf:1: listen: \"8896\"",
		"inet:PORT" },
	{ "listen: no host", "listen = \"inet:8896\";",
		"okite.conf:1: listen:", "@HOST is missing" },
	{ "listen: port 0", "listen = \"inet:0@h\";", "okite.conf:1: listen:", "65535" },
	{ "listen: large port", "listen = \"inet:65536@h\";",
		"okite.conf:1: listen:", "65535" },
	{ "listen: turned round", "listen = \"inet:127.0.0.1:8896\";",
		"okite.conf:1: listen:", "" },
	{ "listen: relative path", "listen = \"unix:okite\";",
		"okite.conf:1: listen:", "/" },
	{ "metrics: no port", "metrics = \"localhost\";",
		"okite.conf:1: metrics:", "HOST:PORT" },
	{ "metrics: large port", "metrics = \"h:65536\";",
		"okite.conf:1: metrics:", "65535" },
	{ "metrics: bare IPv6", "metrics = \"::1:9896\";",
		"okite.conf:1: metrics:", "[ ]" },
	{ "state_dir", "state_dir = \"\";", "okite.conf:1: state_dir:", "/" },
	{ "node", "node = \"a b\";", "okite.conf:1: node:", "" },
	{ "a control character", "node = \"a\\x07\";", "okite.conf:1: node:", "\\x07" },
	{ "a network with host bits",
		"outgoing = { networks = [ \"::1\",\n\"10.1.1.1/8\" ]; };",
		"okite.conf:2: outgoing.networks: \"10.1.1.1/8\"", "" },
	{ "no domain", "internal_domains = [ \"a b\" ];",
		"okite.conf:1: internal_domains:", "" },
	{ "simulator", "simulator = \"a b\";", "okite.conf:1: simulator: \"a b\"", "" },
	{ "no source", "account = [ ];", "okite.conf:1: account: the list is empty",
		"login" },
	{ "a double source", "account = [ \"login\",\n \"login\" ];",
		"okite.conf:2: account: \"log", "twice" },
	{ "a wrong source", "account = [ \"recipient\" ];",
		"okite.conf:1: account: \"recipient\"", "sender_domain" },

	{ "no name", "limits = (\n { rate = \"1/s\"; } );",
		"okite.conf:2: limits.name: is missing", "" },
	{ "an empty name", "limits = ( { name = \"\"; rate = \"1/s\"; } );",
		"okite.conf:1: limits.name: \"\"", "1 to 32" },
	{ "a long name",
		"limits = ( { name = \"abcdefghijklmnopqrstuvwxyz01-_890\"; rate = "
		"\"1/s\"; } );",
		"okite.conf:1: limits.name:", "too long" },
	{ "capitals in a name", "limits = ( { name = \"Day\"; rate = \"1/s\"; } );",
		"okite.conf:1: limits.name: \"Day\"", "a-z" },
	{ "a rule's name", "limits = ( { name = \"redis\"; rate = \"1/s\"; } );",
		"okite.conf:1: limits.name: \"redis\" is the name of a rule", "" },
	{ "the same name",
		"limits = ( { name = \"a\"; rate = \"1/s\"; },\n{ name = \"a\"; quota = "
		"\"1/s\"; } );",
		"okite.conf:2: limits.name: there is", "\"a\"" },
	{ "rate and quota", LIMIT("rate = \"1/s\";\nquota = \"1/s\";"),
		"okite.conf:3: limits.quota: a limit is either", "" },
	{ "neither", LIMIT(""), "okite.conf:2: limits: a limit has a rate or a quota",
		"" },
	{ "burst of a quota", LIMIT("quota = \"5/h\"; burst = 3;"),
		"okite.conf:2: limits.burst:", "only a rate" },
	{ "distinct of a rate", LIMIT("rate = \"5/s\"; count = \"distinct_recipients\";"),
		"okite.conf:2: limits.count:", "only a quota" },
	{ "many distinct",
		LIMIT("quota = \"1000001/h\"; count = \"distinct_recipients\";"),
		"okite.conf:2: limits.quota:", "1000000" },
	{ "nothing", LIMIT("quota = \"0/h\";"), "okite.conf:2: limits.quota: \"0/h\"",
		"ever" },
	{ "no burst", LIMIT("rate = \"5/s\"; burst = 0;"),
		"okite.conf:2: limits.burst: 0 is", "" },
	{ "no rate", LIMIT("rate = \"fast\";"), "okite.conf:2: limits.rate: \"fast\"",
		"14/s" },
	{ "no time", LIMIT("rate = \"5\";"), "okite.conf:2: limits.rate: \"5\"", "" },
	{ "too fast", LIMIT("rate = \"100001/s\";"),
		"okite.conf:2: limits.rate:", "100000" },
	{ "too fast a ms", LIMIT("rate = \"101/ms\";"),
		"okite.conf:2: limits.rate:", "100000" },
	{ "too slow", LIMIT("rate = \"1/32d\";"), "okite.conf:2: limits.rate:", "31d" },
	{ "too short a window", LIMIT("quota = \"1/999ms\";"),
		"okite.conf:2: limits.quota:", "1s" },
	{ "too long a window", LIMIT("quota = \"1/32d\";"),
		"okite.conf:2: limits.quota:", "31d" },
	{ "too large", LIMIT("quota = \"1000000001/h\";"),
		"okite.conf:2: limits.quota:", "1000000000" },
	{ "an unknown field", LIMIT("rate = \"1/s\"; per = [ \"domain\" ];"),
		"okite.conf:2: limits.per: \"domain\"", "recipient_domain" },
	{ "no field", LIMIT("rate = \"1/s\"; per = [ ];"),
		"okite.conf:2: limits.per: the list", "everyone" },
	{ "matches nothing", LIMIT("rate = \"1/s\"; when = { login = [ ]; };"),
		"okite.conf:2: limits.when.login: the list is empty", "" },
	{ "no client", LIMIT("rate = \"1/s\"; when = { client = [ \"10.*\" ]; };"),
		"okite.conf:2: limits.when.client: \"10.*\"", "" },
	{ "an empty login", LIMIT("rate = \"1/s\"; when = { login = [ \"\" ]; };"),
		"okite.conf:2: limits.when.login:", "" },
	{ "a wildcard and no ASCII",
		LIMIT("rate = \"1/s\"; when = { recipient_domain = [ "
		      "\"*.b\xc3\xbc.example\" ]; };"),
		"okite.conf:2: limits.when.recipient_domain:", "xn--" },
	{ "a reply of two lines", LIMIT("rate = \"1/s\"; reply = \"a\\r\\nb\";"),
		"okite.conf:2: limits.reply:", "control" },
	{ "a general none", LIMIT("rate = \"none\";"),
		"okite.conf:2: limits.rate: \"none\"", "plans" },

	{ "nothing to lift",
		PLANS
		"{ name = \"x\";\nquota = \"none\"; } ); } ); default_plan = \"p\";",
		"okite.conf:2: plans.limits.quota: \"none\"", "\"x\"" },
	{ "a fault in a plan",
		PLANS "{ name = \"x\";\nrate = \"1/s\"; burst = 0; } ); } ); "
		      "default_plan = \"p\";",
		"okite.conf:2: plans.limits.burst: 0", "" },
	{ "the same limit in a plan",
		PLANS "{ name = \"x\"; rate = \"1/s\"; },\n"
		      "{ name = \"x\"; rate = \"1/s\"; } ); } ); default_plan = \"p\";",
		"okite.conf:2: plans.limits.name: there is", "" },
	{ "the same plan",
		"plans = ( { name = \"standard\"; },\n{ name = \"standard\"; } );",
		"okite.conf:2: plans.name: there is", "" },
	{ "no default plan", "\n" PLANS ") ; } );",
		"okite.conf:2: plans: there is no plan \"stand",
		"default_plan to one of \"p\"" },
	{ "a wrong default plan", PLANS ") ; } );\ndefault_plan = \"q\";",
		"okite.conf:2: default_plan: there is no plan \"q\"; write one of \"p\"",
		"" },
	{ "a wrong plan", "accounts = ( { name = \"a\"; plan = \"q\"; } );",
		"okite.conf:1: accounts.plan: there is no plan \"q\"",
		"\"sandbox\", \"standard\"" },
	{ "no plan", "accounts = ( { name = \"a\"; } );",
		"okite.conf:1: accounts.plan: is missing", "" },
	{ "a double account",
		"accounts = ( { name = \"a\"; plan = \"sandbox\"; },\n"
		"{ name = \"A\"; plan = \"standard\"; } );",
		"okite.conf:2: accounts.name: the account \"a\"", "" },
	{ "warning after pausing", "reputation = { bounce = { pause = 3.0; }; };",
		"okite.conf:1: reputation.bounce.pause:", "no larger" },

	{ "syntax", "mode = \"enforce\";\nfleet = yes;", "okite.conf:2: syntax error",
		"" },
	{ "twice", "fleet = 1;\n\nfleet = 2;", "okite.conf:3: duplicate", "delete" },
	{ "no such include", "\n@include \"nowhere.conf\"\n", "okite.conf:2: cannot open",
		"" },
	{ "a folder included", "\n@include \"folder\"\n",
		"okite.conf:2: @include: folder", "file" },
	{ "an absolute include", "@include \"/etc/passwd\"\n",
		"okite.conf:1: @include:", "/" },
	{ "itself included", "@include \"okite.conf\"\n",
		"okite.conf:1: @include:", "itself" },
	{ "in an included file", "fleet = 1;\n@include \"wrong.conf\"\n",
		"wrong.conf:2: max_recipients: 0", "" },
	{ "syntax in an included file", "@include \"syntax.conf\"\n",
		"syntax.conf:1: syntax", "" },
};

static void every_fault_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		char *complaints, *end;
		struct conf *conf = read_string(faults[i].text, &complaints);

		if (conf != NULL)
			fail_msg("%s: it was taken", faults[i].name);
		end = strchr(complaints, '\n');
		if (end == NULL || end[1] != '\0')
			fail_msg("%s: not one complaint but:\n%s", faults[i].name,
				complaints);
		if (strncmp(complaints, faults[i].want, strlen(faults[i].want)) != 0 ||
			strstr(complaints, faults[i].also) == NULL)
			fail_msg("%s: got %swant %s ... %s", faults[i].name, complaints,
				faults[i].want, faults[i].also);
		free(complaints);
	}
}

static void all_faults_in_one_run(void **state)
{
	char *complaints;

	(void)state;
	assert_null(read_string("metrics = \"x\";\n"
				"frobnicate = 1;\n"
				"limits = (\n"
				"  { rate = \"0/s\"; },\n"
				"  1,\n"
				"  { name = \"paused\"; quota = \"1/h\"; burst = 1; }\n"
				");\n"
				"default_plan = \"x\";\n"
				"mode = \"on\"; fleet = 0;\n",
		&complaints));
	/* In the order of the lines. */
	assert_non_null(strstr(complaints, "okite.conf:1: metrics: "));
	assert_non_null(strstr(complaints, "\nokite.conf:2: frobnicate: "));
	assert_non_null(strstr(complaints, "\nokite.conf:4: limits.name: is missing"));
	assert_non_null(strstr(complaints, "\nokite.conf:4: limits.rate: "));
	assert_non_null(strstr(complaints, "\nokite.conf:5: limits: an entry"));
	assert_non_null(strstr(complaints, "\nokite.conf:6: limits.burst: "));
	assert_non_null(strstr(complaints, "\nokite.conf:6: limits.name: "));
	assert_non_null(strstr(complaints, "\nokite.conf:8: default_plan: "));
	assert_non_null(strstr(complaints, "\nokite.conf:9: fleet: "));
	assert_non_null(strstr(complaints, "\nokite.conf:9: mode: "));
	free(complaints);
}

static void a_password_is_not_told(void **state)
{
	char *complaints;

	(void)state;
	assert_null(read_string("redis = { url = \"redi://u:hush@h\"; };", &complaints));
	assert_null(strstr(complaints, "hush"));
	free(complaints);
}

static void what_is_no_file_is_a_fault(void **state)
{
	char *complaints, *path = path_of("nowhere.conf");

	(void)state;
	assert_null(read_file(path, &complaints));
	assert_non_null(strstr(complaints, "nowhere.conf: cannot be read"));
	free(complaints);
	free(path);
	assert_null(read_file(folder, &complaints));
	assert_non_null(strstr(complaints, "is not a file"));
	free(complaints);
}

static void includes_are_read(void **state)
{
	struct conf *conf =
		read_good("include", "@include \"good.conf\"\nmode = \"observe\";\n");

	(void)state;
	assert_int_equal(conf->policy.max_recipients, 7);
	assert_true(conf->policy.observe_only);
	conf_release(conf);
}

/* ---- options for later ---- */

static void options_for_later_warn_once_a_group(void **state)
{
	static const struct {
		const char *name, *text,
			*want; /* want: how the only warning goes on; NULL: none */
	} cases[] = {
		{ "reputation", "reputation = {\n window = \"1d\"; notify = \"x\"; };",
			"2: reputation: understood" },
		{ "in a group of it", "reputation = { bounce = { warn = 1; }; };",
			"1: reputation: understood" },
		{ "feedback", "feedback = { trust = \"any\"; sns_topics = [ \"x\" ]; };",
			"1: feedback: understood" },
		{ "soft_bounces", "suppression = { soft_bounces = 2; };",
			"1: suppression.soft_bounces: understood" },
		{ "scope",
			"suppression = { scope = { hard = \"account\"; soft = "
			"\"account\"; }; };",
			"1: suppression.scope: understood" },
		{ "expire", "suppression = { expire = { hard = \"1d\"; }; };",
			"1: suppression.expire: understood" },
		{ "fleet", "\nfleet = 1;", "2: fleet: understood" },
		{ "pause_action", "reputation = { pause_action = \"reject\"; };", NULL },
		{ "expire.manual", "suppression = { expire = { manual = \"1d\"; }; };",
			NULL },
		{ "empty groups", "reputation = { bounce = { }; }; feedback = { };",
			NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = read_good(cases[i].name, cases[i].text);
		char *want = xasprintf("%s/okite.conf:%s", folder,
			cases[i].want == NULL ? "" : cases[i].want);

		CASE_EQUAL_INT(cases[i].name, conf->warning_count, cases[i].want != NULL);
		if (conf->warning_count > 0 &&
			strncmp(conf->warnings[0], want, strlen(want)) != 0)
			fail_msg("%s: got %s", cases[i].name, conf->warnings[0]);
		free(want);
		conf_release(conf);
	}
}

static void a_snapshot_lives_as_long_as_it_is_held(void **state)
{
	struct conf *conf = read_good("hold", "");

	(void)state;
	assert_ptr_equal(conf_hold(conf), conf);
	conf_release(conf);
	assert_string_equal(conf->redis.prefix, "okite:");
	conf_release(conf);
	conf_release(NULL);
}

/* ---- the sample and the manual page ---- */

static char *source_path(const char *name)
{
	const char *srcdir = getenv("srcdir");

	return xasprintf("%s/%s", srcdir == NULL ? "." : srcdir, name);
}

static bool is_in_a_list(const struct conf_option *option)
{
	return strncmp(option->name, "limits.", 7) == 0 ||
	       strncmp(option->name, "plans.", 6) == 0 ||
	       strncmp(option->name, "accounts.", 9) == 0;
}

static bool texts_are_equal(
	const struct conf_option *option, const char *a, const char *b)
{
	char *const *left, *const *right;
	size_t left_count, right_count;

	memcpy(&left_count, a + option->count_place, sizeof(left_count));
	memcpy(&right_count, b + option->count_place, sizeof(right_count));
	memcpy(&left, a + option->place, sizeof(left));
	memcpy(&right, b + option->place, sizeof(right));
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return true;
}

/* Has OPTION the same value in both?  Lists of groups are compared by their length. */
static bool values_are_equal(const struct conf_option *option, const struct conf *one,
	const struct conf *other)
{
	const char *a = (const char *)one, *b = (const char *)other;
	const char *left, *right;

	switch (option->type) {
	case OPTION_TEXTS:
	case OPTION_DOMAINS:
		return texts_are_equal(option, a, b);
	case OPTION_TEXT:
	case OPTION_TOKEN:
	case OPTION_PATH:
	case OPTION_DOMAIN:
	case OPTION_LISTEN:
	case OPTION_URL:
	case OPTION_HOST_PORT:
		memcpy(&left, a + option->place, sizeof(left));
		memcpy(&right, b + option->place, sizeof(right));
		return left == NULL || right == NULL ? left == right
						     : strcmp(left, right) == 0;
	case OPTION_NETWORKS:
		return one->policy.network_count == other->policy.network_count &&
		       memcmp(one->policy.networks, other->policy.networks,
			       one->policy.network_count * sizeof(struct network)) == 0;
	case OPTION_LIMITS:
	case OPTION_PLANS:
	case OPTION_ACCOUNTS:
	case OPTION_UNBUILT:
		return true;
	default:
		return memcmp(a + option->place, b + option->place, option->size) == 0;
	}
}

static void assert_same_values(const struct conf *got, const struct conf *want)
{
	for (size_t i = 0; i < conf_option_count; i++)
		if (!is_in_a_list(&conf_options[i]) &&
			conf_options[i].type != OPTION_GROUP &&
			!values_are_equal(&conf_options[i], got, want))
			fail_msg("%s is not the default", conf_options[i].name);
}

static void assert_same_limits(
	const struct limit *got, const struct limit *want, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CASE_EQUAL_TEXT(want[i].name, got[i].name, want[i].name);
		CASE_EQUAL_INT(want[i].name, got[i].kind, want[i].kind);
		CASE_EQUAL_INT(want[i].name, got[i].per, want[i].per);
		CASE_EQUAL_INT(want[i].name, got[i].action, want[i].action);
		CASE_EQUAL_INT(
			want[i].name, got[i].capacity.amount, want[i].capacity.amount);
		CASE_EQUAL_INT(want[i].name, got[i].capacity.window_us,
			want[i].capacity.window_us);
		CASE_EQUAL_INT(
			want[i].name, got[i].capacity.burst, want[i].capacity.burst);
	}
}

static void the_sample_is_the_defaults(void **state)
{
	struct conf *want = read_good("empty", ""), *got;
	char *path = source_path("etc/okite.conf"), *complaints;

	(void)state;
	got = read_file(path, &complaints);
	if (got == NULL)
		fail_msg("%s", complaints);
	if (got->warning_count > 0)
		fail_msg("%s", got->warnings[0]);
	assert_same_values(got, want);
	assert_int_equal(got->policy.limit_count, want->policy.limit_count);
	assert_same_limits(
		got->policy.limits, want->policy.limits, want->policy.limit_count);
	assert_int_equal(got->policy.plan_count, want->policy.plan_count);
	assert_int_equal(got->policy.assignment_count, 0);
	conf_release(got);
	conf_release(want);
	free(complaints);
	free(path);
}

/* In the sample # and a blank begin a comment; # and anything else hides an option. */
static void take_comments_away(char *text)
{
	for (char *line = text; line != NULL && *line != '\0';
		line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n' &&
			line[1] != '\0')
			line[0] = ' ';
	}
}

static void the_sample_is_good_when_all_is_uncommented(void **state)
{
	char *path = source_path("etc/okite.conf"), *text = read_text(path), *complaints;
	struct conf *want = read_good("empty", ""), *got;

	(void)state;
	take_comments_away(text);
	got = read_string(text, &complaints);
	if (got == NULL)
		fail_msg("%s", complaints);
	assert_same_values(got, want);
	assert_same_limits(
		got->policy.limits, want->policy.limits, want->policy.limit_count);
	assert_int_equal(got->policy.plan_count, want->policy.plan_count);
	for (size_t i = 0; i < want->policy.plan_count; i++) {
		const struct plan *plan = &want->policy.plans[i];

		assert_string_equal(got->policy.plans[i].name, plan->name);
		assert_int_equal(got->policy.plans[i].verified_recipients_only,
			plan->verified_recipients_only);
		for (size_t j = 0; j < plan->limit_count; j++)
			assert_same_limits(
				plan_limit(&got->policy.plans[i], plan->limits[j].name),
				&plan->limits[j], 1);
	}
	conf_release(got);
	conf_release(want);
	free(complaints);
	free(text);
	free(path);
}

/*
 * Is the option in the sample?  One that is not in a list must be set where it
 * belongs: there it is turned into an unknown one, and must be missed.
 */
static void assert_in_sample(const char *text, const struct conf_option *option)
{
	const char *name = option_last_name(option);
	char *copy = xstrdup(text), *complaints, *want;
	bool found = false;

	for (char *at = strstr(copy, name); at != NULL && !found;
		at = strstr(at + 1, name)) {
		if (is_in_a_list(option)) {
			found = true;
			break;
		}
		at[0] = 'Q';
		want = xasprintf(": %.*sQ%s: there is no such option",
			(int)(name - option->name), option->name, name + 1);
		conf_release(read_string(copy, &complaints));
		found = strstr(complaints, want) != NULL;
		at[0] = name[0];
		free(complaints);
		free(want);
	}
	if (!found)
		fail_msg("%s is not in etc/okite.conf", option->name);
	free(copy);
}

static void every_option_is_in_the_sample(void **state)
{
	char *path = source_path("etc/okite.conf"), *text = read_text(path);

	(void)state;
	take_comments_away(text);
	for (size_t i = 0; i < conf_option_count; i++)
		assert_in_sample(text, &conf_options[i]);
	free(text);
	free(path);
}

/* The default without its quotes, as the page shows it; NULL where it is a list or empty.
 */
static char *shown_default(const struct conf_option *option)
{
	const char *text = option->standard;

	if (text == NULL || *text == '(' || *text == '[' || strcmp(text, "\"\"") == 0)
		return NULL;
	if (*text == '"')
		return xasprintf("%.*s", (int)strlen(text) - 2, text + 1);
	return xstrdup(text);
}

static void assert_in_entry(const struct conf_option *option, const char *entry,
	const char *what, const char *text)
{
	if (strstr(entry, text) == NULL)
		fail_msg("okite.conf.5: %s: the %s %s is missing", option->name, what,
			text);
}

static void assert_in_page(const char *page, const struct conf_option *option)
{
	char *heading = xasprintf("\n.It Va %s\n", option->name), *entry, *standard;
	const char *start = strstr(page, heading), *end;
	char bound[32];

	if (start == NULL)
		fail_msg("%s is not in okite.conf.5", option->name);
	start += strlen(heading);
	end = strstr(start, "\n.It ");
	entry = end == NULL ? xstrdup(start)
			    : xasprintf("%.*s", (int)(end - start), start);
	standard = shown_default(option);
	if (standard != NULL)
		assert_in_entry(option, entry, "default", standard);
	if (option->most > 0) {
		option_bound(option, option->least, bound, sizeof(bound));
		if (option->least > 0)
			assert_in_entry(option, entry, "bound", bound);
		option_bound(option, option->most, bound, sizeof(bound));
		assert_in_entry(option, entry, "bound", bound);
	}
	for (size_t i = 0; option->words != NULL && option->words[i] != NULL; i++)
		assert_in_entry(option, entry, "word", option->words[i]);
	free(standard);
	free(entry);
	free(heading);
}

static void every_option_is_in_the_manual_page(void **state)
{
	char *path = source_path("man/okite.conf.5"), *page = read_text(path);

	(void)state;
	for (size_t i = 0; i < conf_option_count; i++)
		if (conf_options[i].type != OPTION_GROUP)
			assert_in_page(page, &conf_options[i]);
	free(page);
	free(path);
}

/* ---- the folder they use ---- */

static int make_folder(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "good.conf", "max_recipients = 7;\n" },
		{ "wrong.conf", "\nmax_recipients = 0;\n" },
		{ "syntax.conf", "mode = = 1;\n" },
	};
	char *path;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = path_of(files[i].name);
		write_file(path, files[i].text);
		free(path);
	}
	path = path_of("folder");
	mkdir(path, 0700);
	free(path);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "good.conf", "wrong.conf", "syntax.conf",
		"okite.conf", "folder", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_of(names[i]);

		remove(path);
		free(path);
	}
	return 0;
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
		cmocka_unit_test(every_fault_is_told),
		cmocka_unit_test(all_faults_in_one_run),
		cmocka_unit_test(a_password_is_not_told),
		cmocka_unit_test(what_is_no_file_is_a_fault),
		cmocka_unit_test(includes_are_read),
		cmocka_unit_test(options_for_later_warn_once_a_group),
		cmocka_unit_test(a_snapshot_lives_as_long_as_it_is_held),
		cmocka_unit_test(the_sample_is_the_defaults),
		cmocka_unit_test(the_sample_is_good_when_all_is_uncommented),
		cmocka_unit_test(every_option_is_in_the_sample),
		cmocka_unit_test(every_option_is_in_the_manual_page),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
