#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "tests/conf/files.h"

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
		"okite.conf:1: redis.timeout:", "a duration from \"10ms\" to \"5s\"" },
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
	{ "a window too short", "reputation = { window = \"59m\"; };",
		"okite.conf:1: reputation.window: \"59m\"", "1h" },
	{ "a window too long", "reputation = { window = \"32d\"; };",
		"okite.conf:1: reputation.window: \"32d\"", "31d" },
	{ "more than all", "reputation = { bounce = { pause = 100.5; }; };",
		"okite.conf:1: reputation.bounce.pause:", "0 to 100" },
	{ "too short", "redis = { timeout = \"9ms\"; };",
		"okite.conf:1: redis.timeout: \"9ms\"", "bounds" },
	{ "too long", "redis = { timeout = \"5001ms\"; };",
		"okite.conf:1: redis.timeout: \"5001ms\"", "bounds" },
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
	{ "a port that is none", "redis = { url = \"rediss://h:0\"; };",
		"okite.conf:1: redis.url: what stands behind :// ", "rediss://HOST" },
	{ "a database that is none", "redis = { url = \"redis://h/x\"; };",
		"okite.conf:1: redis.url: what stands behind :// ", "HOST:PORT/DB" },
	{ "sentinel", "redis = { url = \"redis+sentinel://h/n\"; };",
		"okite.conf:1: redis.url: t", "yet" },
	{ "cluster", "redis = { url = \"redis+cluster://h\"; };",
		"okite.conf:1: redis.url: this", "yet" },
	{ "no URL", "redis = { url = \"localhost\"; };",
		"okite.conf:1: redis.url: it begins", "" },
	{ "no server", "redis = { url = \"redis://\"; };",
		"okite.conf:1: redis.url: the server", "" },
	{ "a CA without TLS", "redis = {\nca_file = \"/x\"; };",
		"okite.conf:2: redis.ca_file: this is for TLS", "rediss://" },
	{ "a CA for a socket", "redis = { url = \"unix:///x\";\nca_file = \"/x\"; };",
		"okite.conf:2: redis.ca_file: this is for TLS", "rediss://" },
	{ "a CA from nowhere",
		"redis = { url = \"rediss://h\";\nca_file = \"ca.pem\"; };",
		"okite.conf:2: redis.ca_file: \"ca.pem\"", "begins with /" },
	{ "a certificate without its key",
		"redis = { url = \"rediss://h\";\ncert_file = \"/x\"; };",
		"okite.conf:2: redis.cert_file: there is no redis.key_file", "together" },
	{ "a key without its certificate",
		"redis = { url = \"rediss://h\"; cert_file = \"\";\nkey_file = "
		"\"/x\"; };",
		"okite.conf:2: redis.key_file: there is no redis.cert_file", "together" },
	{ "braces in the prefix", "redis = { prefix = \"a{b}\"; };",
		"okite.conf:1: redis.prefix:", "brace" },
	{ "a * in the prefix", "redis = { prefix = \"a*:\"; };",
		"okite.conf:1: redis.prefix:", "*" },
	{ "a ? in the prefix", "redis = { prefix = \"a?:\"; };",
		"okite.conf:1: redis.prefix:", "?" },
	{ "a [ in the prefix", "redis = { prefix = \"a[\"; };",
		"okite.conf:1: redis.prefix:", "bracket" },
	{ "a ] in the prefix", "redis = { prefix = \"a]\"; };",
		"okite.conf:1: redis.prefix:", "bracket" },
	{ "a \\ in the prefix", "redis = { prefix = \"a\\\\\"; };",
		"okite.conf:1: redis.prefix:", "\\" },
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
	{ "warning of complaints after pausing",
		"reputation = { complaint = { warn = 0.6; }; };",
		"okite.conf:1: reputation.complaint.warn:", "no larger" },
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
		struct conf *conf = files_read_text(faults[i].text, &complaints);

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
	assert_null(
		files_read_text("metrics = \"x\";\n"
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
	assert_null(
		files_read_text("redis = { url = \"redi://u:hush@h\"; };", &complaints));
	assert_null(strstr(complaints, "hush"));
	free(complaints);
}

static void what_is_no_file_is_a_fault(void **state)
{
	char *complaints, *path = files_path("nowhere.conf");

	(void)state;
	assert_null(files_read(path, &complaints));
	assert_non_null(strstr(complaints, "nowhere.conf: cannot be read"));
	free(complaints);
	free(path);
	path = files_path("folder");
	assert_null(files_read(path, &complaints));
	assert_non_null(strstr(complaints, "folder: is not a file"));
	free(complaints);
	free(path);
}

static void includes_are_read(void **state)
{
	struct conf *conf = files_read_good(
		"include", "@include \"good.conf\"\nmode = \"observe\";\n");

	(void)state;
	assert_int_equal(conf->policy.max_recipients, 7);
	assert_true(conf->policy.observe_only);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_is_told),
		cmocka_unit_test(all_faults_in_one_run),
		cmocka_unit_test(a_password_is_not_told),
		cmocka_unit_test(what_is_no_file_is_a_fault),
		cmocka_unit_test(includes_are_read),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}
