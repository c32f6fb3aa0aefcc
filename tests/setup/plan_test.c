#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/setup_show.h"
#include "setup/domains.h"
#include "setup/listen.h"
#include "setup/milters.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a Postfix of few words ---- */

/*
 * "name=value" of main.cf, "!name=value" of Postfix's defaults, "?name=value"
 * under stress, "+service/type chroot" and then "-name=value" with -o there, and
 * "~name=value" for what that comes to.
 */
static void postfix_from(struct postfix *postfix, const char *const *words)
{
	struct postfix_parameter *parameter;
	struct postfix_service *service;

	for (; *words != NULL; words++) {
		const char *word = *words + (strchr("!?+-~", **words) != NULL);
		size_t length = strcspn(word, "= ");
		char *name = xasprintf("%.*s", (int)length, word);
		const char *value = word + length + (word[length] != '\0');
		char **place;

		if (**words == '+') {
			postfix->services = xreallocarray(postfix->services,
				postfix->service_count + 1, sizeof(*postfix->services));
			postfix->services[postfix->service_count++] =
				(struct postfix_service){ .name = name,
					.command = xstrdup(
						strstr(value, "pickup")	   ? "pickup"
						: strstr(value, "cleanup") ? "cleanup"
									   : "smtpd"),
					.chrooted = strstr(value, "chroot") != NULL };
			continue;
		}
		if (**words == '-' || **words == '~') {
			service = &postfix->services[postfix->service_count - 1];
			parameter = service_add_override(service, name);
		} else {
			parameter = postfix_add_parameter(postfix, name);
		}
		place = **words == '!' || **words == '~' ? &parameter->value
			: **words == '?'		 ? &parameter->stressed
							 : &parameter->set;
		free(*place);
		*place = xstrdup(value);
		free(name);
	}
}

static const char *const defaults[] = {
	"!queue_directory=/var/spool/postfix",
	"!milter_default_action=tempfail",
	"!milter_protocol=6",
	"!milter_connect_timeout=30s",
	"!milter_command_timeout=30s",
	"!milter_content_timeout=300s",
	"!smtpd_recipient_limit=1000",
	"!smtpd_soft_error_limit=10",
	"!smtpd_hard_error_limit=20",
	"?smtpd_hard_error_limit=1",
	"+smtp/inet",
	NULL,
};

static const struct setup_okite okite_here = {
	.conf_path = "/etc/okite/okite.conf",
	.address = "inet:127.0.0.1:8896",
	.timeout_us = SECOND_US / 2,
	.answers = true,
};

/* The steps of PLAN, "NAME=VALUE" or "SERVICE/NAME=VALUE", a line each. */
static char *steps_of(const struct setup_plan *plan)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct setup_step *step = &plan->steps[i];
		char *longer = xasprintf("%s%s%s%s=%s\n", text,
			step->service != NULL ? step->service : "",
			step->service != NULL ? "/" : "", step->name, step->after);

		free(text);
		text = longer;
	}
	return text;
}

static void plan_from(struct setup_plan *plan, struct postfix *postfix,
	const char *const *words, const struct setup_okite *okite)
{
	*postfix = (struct postfix){ .folder = xstrdup("/etc/postfix"),
		.standard_action = xstrdup("tempfail") };
	postfix_from(postfix, defaults);
	postfix_from(postfix, words);
	setup_plan_make(plan, postfix, okite);
}

/* ---- lists of milters ---- */

#define OKITE "inet:127.0.0.1:8896"

static void okite_in_lists(void **state)
{
	static const struct {
		const char *name, *list, *want;
	} cases[] = {
		{ "nobody", "", OKITE },
		{ "only separators", " , ", OKITE },
		{ "a signer", "unix:opendkim/opendkim.sock",
			OKITE ", unix:opendkim/opendkim.sock" },
		{ "a signer by its port", "inet:localhost:8891",
			OKITE ", inet:localhost:8891" },
		{ "a port that ends alike", "inet:localhost:18891",
			"inet:localhost:18891, " OKITE },
		{ "one that refuses", "inet:localhost:11332",
			"inet:localhost:11332, " OKITE },
		{ "one of nobody's", "inet:10.0.0.1:7357", "inet:10.0.0.1:7357, " OKITE },
		{ "both, apart by blanks", "unix:clamav/x  inet:localhost:8891",
			"unix:clamav/x  " OKITE ", inet:localhost:8891" },
		{ "both, apart by commas", "unix:clamav/x,inet:localhost:8891",
			"unix:clamav/x," OKITE ", inet:localhost:8891" },
		{ "the first signer", "unix:x/dkimpy, unix:x/openarc",
			OKITE ", unix:x/dkimpy, unix:x/openarc" },
		{ "a signer too early", "inet:localhost:8891, inet:localhost:11332",
			OKITE ", inet:localhost:8891, inet:localhost:11332" },
		{ "one that verifies", "unix:opendmarc/opendmarc.sock",
			"unix:opendmarc/opendmarc.sock, " OKITE },
		{ "braces", "{ unix:opendkim/x, default_action=accept }",
			OKITE ", { unix:opendkim/x, default_action=accept }" },
		{ "a comma at the end", "unix:clamav/x, ", "unix:clamav/x, " OKITE },
		{ "a name of a signer", "inet:h:1, ${signer}",
			"inet:h:1, " OKITE ", ${signer}" },
		{ "a name of others", "$(others)", "$(others), " OKITE },
		{ "an empty name", "$empty", "$empty, " OKITE },
		{ "a name that is not known", "$unheard", "$unheard, " OKITE },
		{ "another address of okite's",
			"inet:h:1 unix:okite/okite.sock inet:h:8891",
			"inet:h:1 " OKITE " inet:h:8891" },
		{ "the address of the last time",
			"{ inet:127.0.0.1:9000, a=b }, inet:h:2", OKITE ", inet:h:2" },
		{ "okite's old name alone", "$old", OKITE },
		/* Already there. */
		{ "there", OKITE, NULL },
		{ "there, as localhost", "INET:LocalHost:8896", NULL },
		{ "there, in braces", "inet:h:1, {" OKITE ", default_action=accept}",
			NULL },
		{ "there, by a name", "$mine", NULL },
		{ "there, by the other list", "${non_smtpd_milters}", NULL },
		{ "its old address by a name, with others", "$mixed", NULL },
	};
	struct setup_okite okite = okite_here;

	(void)state;
	okite.previous = "inet:127.0.0.1:9000";
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *list = xasprintf("smtpd_milters=%s", cases[i].list), *got = NULL;
		const char *const words[] = { "signer=inet:localhost:8891",
			"others=inet:h:1, inet:h:2", "empty=", "mine=inet:localhost:8896",
			"old=inet:localhost:9000", "mixed=inet:localhost:9000, inet:h:1",
			/* So that there is one form of okite's entry. */
			"milter_default_action=tempfail",
			"!milter_default_action=tempfail", list, NULL };
		struct postfix postfix;
		struct setup_plan plan;

		plan_from(&plan, &postfix, words, &okite);
		for (size_t step = 0; step < plan.step_count; step++)
			if (strcmp(plan.steps[step].name, "smtpd_milters") == 0)
				got = plan.steps[step].after;
		CASE_EQUAL_TEXT(cases[i].name, got != NULL ? got : "(nothing)",
			cases[i].want != NULL ? cases[i].want : "(nothing)");
		setup_plan_clear(&plan);
		postfix_clear(&postfix);
		free(list);
	}
}

static void lists_without_blanks(void **state)
{
	static const struct {
		const char *list, *want;
	} cases[] = {
		{ "", "" },
		{ " a ,  b c,", "a,b,c" },
		{ "{ inet:h:1, default_action=accept }",
			"{inet:h:1,default_action=accept}" },
		{ "{ inet:h:1 { default_action = accept } }, x",
			"{inet:h:1,{default_action=accept}},x" },
		{ "{ inet:h:1, { name = two words } }", NULL },
		{ "${stress?{a}:{b}}", "${stress?{a}:{b}}" },
		{ "x, ${stress?{a, b}:{c}}", NULL },
		{ "1001", "1001" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *got = milters_pack(cases[i].list);

		CASE_EQUAL_TEXT(cases[i].list, got != NULL ? got : "(none)",
			cases[i].want != NULL ? cases[i].want : "(none)");
		free(got);
	}
}

static void lists_after_others(void **state)
{
	static const struct {
		const char *current, *before, *after, *want;
	} cases[] = {
		{ "a, o, b", "a, b", "a, o, b", "a, b" },
		{ "o c", NULL, "o", "c" },
		{ "{ o, x=y } c", "", "{ o, x=y }", "c" },
		{ "o", NULL, "o", "" },
		{ "a, c", "a", "a, o", NULL },
		{ "{ o, x=z }, c", NULL, "{ o, x=y }", NULL },
		/* What was there before is not ours, twice or not. */
		{ "o, c", "o", "o, p", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *got = milters_without(
			cases[i].current, cases[i].before, cases[i].after);

		CASE_EQUAL_TEXT(cases[i].current, got != NULL ? got : "(none)",
			cases[i].want != NULL ? cases[i].want : "(none)");
		free(got);
	}
}

/* ---- the whole plan ---- */

#define LIMITS "smtpd_soft_error_limit=1001\nsmtpd_hard_error_limit=1001\n"
#define OWN "{ inet:127.0.0.1:8896, default_action=tempfail }"
#define PACKED "{inet:127.0.0.1:8896,default_action=tempfail}"
#define NON_SMTPD "non_smtpd_milters=$smtpd_milters\n"
#define HIGH                                                                             \
	"smtpd_soft_error_limit=5000", "!smtpd_soft_error_limit=5000",                   \
		"smtpd_hard_error_limit=5000", "!smtpd_hard_error_limit=5000",           \
		"?smtpd_hard_error_limit=5000"
#define NOTHING                                                                          \
	"smtpd_milters=" OKITE, "non_smtpd_milters=$smtpd_milters",                      \
		"milter_default_action=tempfail"

enum { WORDS_MAX = 16 };

static const struct plan_case {
	const char *name;
	const char *words[WORDS_MAX];
	const char *steps;
	const char *note; /* a part of what is said; NULL: nothing is */
} plan_cases[] = {
	{ "nothing", { NULL },
		"smtpd_milters=" OKITE "\n" NON_SMTPD
		"milter_default_action=tempfail\n" LIMITS,
		NULL },
	{ "all of it", { NOTHING, HIGH }, "", NULL },

	/* What becomes of mail while okited is away. */
	{ "an action for others",
		{ HIGH, "milter_default_action=accept", "!milter_default_action=accept" },
		"smtpd_milters=" OWN "\n" NON_SMTPD, "stays for the other milters" },
	{ "others, and no action", { HIGH, "smtpd_milters=inet:h:1" },
		"smtpd_milters=inet:h:1, " OWN "\nnon_smtpd_milters=" OWN "\n",
		"of the other milters stays" },
	{ "others, and our action",
		{ HIGH, "smtpd_milters=inet:h:1", "milter_default_action=tempfail" },
		"smtpd_milters=inet:h:1, " OKITE "\nnon_smtpd_milters=" OKITE "\n",
		NULL },
	{ "another action in a service",
		{ HIGH, "+submission/inet", "-milter_default_action=accept" },
		"smtpd_milters=" OWN "\n" NON_SMTPD, "services in master.cf" },
	{ "okite is there, with another action",
		{ HIGH, "smtpd_milters={" OKITE ",default_action=accept}",
			"non_smtpd_milters=$smtpd_milters" },
		"", "mail passes unjudged" },
	{ "okite is there, and the action is not ours",
		{ HIGH, "smtpd_milters=" OKITE, "non_smtpd_milters=$smtpd_milters",
			"milter_default_action=shutdown",
			"!milter_default_action=shutdown" },
		"", "hung up on" },

	/* The protocol and patience. */
	{ "protocol 2",
		{ HIGH, "milter_default_action=tempfail", "milter_protocol=2",
			"!milter_protocol=2" },
		"smtpd_milters={ " OKITE ", protocol=6 }\n" NON_SMTPD, NULL },
	{ "protocol 6 with a word",
		{ HIGH, "milter_default_action=tempfail",
			"!milter_protocol=6 no_header_reply" },
		"smtpd_milters=" OKITE "\n" NON_SMTPD, NULL },
	{ "just patient enough",
		{ HIGH, "milter_default_action=tempfail", "!milter_command_timeout=2",
			"!milter_connect_timeout=2s", "!milter_content_timeout=1m" },
		"smtpd_milters=" OKITE "\n" NON_SMTPD, NULL },
	{ "not patient enough",
		{ HIGH, "milter_default_action=tempfail", "!milter_command_timeout=1s",
			"!milter_content_timeout=0" },
		"smtpd_milters={ " OKITE
		", command_timeout=30s, content_timeout=300s }\n" NON_SMTPD,
		NULL },

	/* Errors. */
	{ "limits at the edge",
		{ NOTHING, "!smtpd_soft_error_limit=1000", "!smtpd_hard_error_limit=1001",
			"?smtpd_hard_error_limit=1001" },
		"smtpd_soft_error_limit=1001\n", NULL },
	{ "stress",
		{ NOTHING, "!smtpd_soft_error_limit=2000",
			"!smtpd_hard_error_limit=3000" },
		"smtpd_hard_error_limit=3000\n", NULL },
	{ "more recipients under stress",
		{ NOTHING, HIGH, "?smtpd_recipient_limit=9000" },
		"smtpd_soft_error_limit=9001\nsmtpd_hard_error_limit=9001\n", NULL },
	{ "a service that says less",
		{ NOTHING, HIGH, "+submission/inet", "-smtpd_hard_error_limit=7",
			"+x/inet", "-smtpd_hard_error_limit=${stress?{1}:{2000}}",
			"~smtpd_hard_error_limit=2000", "-smtpd_recipient_limit=10" },
		"submission/inet/smtpd_hard_error_limit=1001\n"
		"x/inet/smtpd_hard_error_limit=2000\n",
		NULL },
	{ "a service with more recipients",
		{ NOTHING, HIGH, "+x/inet", "-smtpd_recipient_limit=5000" },
		"x/inet/smtpd_soft_error_limit=5001\nx/inet/"
		"smtpd_hard_error_limit=5001\n",
		NULL },

	/* Services. */
	{ "milters of its own",
		{ NOTHING, HIGH, "+submission/inet",
			"-smtpd_milters=inet:h:8891, inet:h:2" },
		"submission/inet/smtpd_milters=" OKITE ",inet:h:8891,inet:h:2\n",
		"inet:h:2 comes after okite" },
	{ "none of its own",
		{ NOTHING, HIGH, "+submission/inet", "-smtpd_milters=", "+smtpd/pass" },
		"submission/inet/smtpd_milters=" OKITE "\n", NULL },
	{ "those of main.cf",
		{ NOTHING, HIGH, "+submission/inet", "-smtpd_milters=$smtpd_milters" },
		"", NULL },
	{ "what cannot be packed",
		{ NOTHING, HIGH, "+submission/inet",
			"-smtpd_milters=${stress?{a, b}:{c}}" },
		"", "write by hand" },
	{ "no_milters",
		{ NOTHING, HIGH, "+127.0.0.1:10025/inet",
			"-receive_override_options=no_milters",
			"-smtpd_milters=inet:h:1" },
		"", "has no_milters and is left alone" },
	{ "none on the loopback",
		{ NOTHING, HIGH, "+127.0.0.1:10025/inet", "-smtpd_milters=" }, "",
		"left alone" },
	{ "behind a filter",
		{ NOTHING, HIGH, "content_filter=smtp:[127.0.0.1]:10024",
			"+[::1]:10025/inet", "-content_filter=" },
		"[::1]:10025/inet/smtpd_milters=\n", NULL },
	{ "without content_filter, but no filter is used",
		{ NOTHING, HIGH, "+127.0.0.1:10025/inet", "-content_filter=" }, "",
		NULL },
	{ "without content_filter, but for all",
		{ NOTHING, HIGH, "content_filter=x:y", "+submission/inet",
			"-content_filter=" },
		"", NULL },
	{ "a proxy",
		{ NOTHING, HIGH, "+465/inet", "-smtpd_proxy_filter=:10024",
			"-smtpd_milters=" },
		"", "okite cannot guard it" },
	{ "cleanup", { NOTHING, HIGH, "+cleanup/unix cleanup", "-non_smtpd_milters=" },
		"", "its own non_smtpd_milters" },
	{ "pickup",
		{ NOTHING, HIGH, "+pickup/unix pickup",
			"-receive_override_options=no_milters" },
		"", "sendmail(1) is not judged" },

	/* What keeps okite from seeing mail. */
	{ "no_milters for all",
		{ NOTHING, HIGH,
			"receive_override_options=no_address_mappings,no_milters" },
		"", "keeps okite from seeing any mail" },
	{ "maps of milters", { NOTHING, HIGH, "smtpd_milter_maps=cidr:/etc/postfix/m" },
		"", "says for some clients" },
	{ "too late",
		{ HIGH, "milter_default_action=tempfail",
			"smtpd_milters=inet:h:8891 inet:h:11332" },
		"smtpd_milters=" OKITE ", inet:h:8891 inet:h:11332\n"
		"non_smtpd_milters=" OKITE "\n",
		"rspamd comes after okite, and what it refuses has been charged already; "
		"put "
		"it before opendkim" },
	{ "signed too early",
		{ HIGH, "milter_default_action=tempfail",
			"non_smtpd_milters=$smtpd_milters",
			"smtpd_milters=inet:h:8891 " OKITE },
		"", "opendkim signs before okite" },
};

static void plans(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plan_cases); i++) {
		const struct plan_case *each = &plan_cases[i];
		struct postfix postfix;
		struct setup_plan plan;
		char *steps;

		plan_from(&plan, &postfix, each->words, &okite_here);
		steps = steps_of(&plan);
		CASE_EQUAL_TEXT(each->name, steps, each->steps);
		for (size_t note = 0; note < plan.note_count; note++)
			if (each->note == NULL ||
				strstr(plan.notes[note].text, each->note) == NULL)
				fail_msg("%s: it says \"%s\"", each->name,
					plan.notes[note].text);
		if (each->note != NULL)
			CASE_EQUAL_INT(each->name, plan.note_count > 0, true);
		free(steps);
		setup_plan_clear(&plan);
		postfix_clear(&postfix);
	}
}

/* ---- own domains ---- */

static bool list_two(const char *table, struct names *keys, void *context)
{
	(void)context;
	if (strstr(table, "missing") != NULL)
		return false;
	names_add(keys, xstrdup("one.example"));
	names_add(keys, xstrdup("who@two.example"));
	return true;
}

static void domains(void **state)
{
	static const struct {
		const char *value;
		bool parents;
		const char *domains, *unlisted; /* apart by | */
	} cases[] = {
		{ "", false, "", "" },
		{ "a.example, localhost ,,A.Example.", false, "a.example|localhost|",
			"" },
		{ "a.example localhost", true, "a.example|*.a.example|localhost|", "" },
		{ ".a.example", false, "*.a.example|", "" },
		{ "b\xc3\xbc"
		  "cher.example",
			false, "xn--bcher-kva.example|", "" },
		{ "hash:/x, proxy:btree:/y", false, "one.example|", "" },
		{ "inline:{ a=1, b=2 }", false, "one.example|", "" },
		{ "/etc/postfix/names", true, "one.example|*.one.example|", "" },
		{ "hash:/missing a.example", false, "a.example|", "hash:/missing in p|" },
		{ "mysql:/x, pcre:/y, proxy:pgsql:/z", false, "",
			"mysql:/x in p|pcre:/y in p|proxy:pgsql:/z in p|" },
		{ "!a.example, b.example", false, "b.example|", "!a.example in p|" },
		{ "\"];x=[\"", false, "", "\"];x=[\" in p|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = { .folder = NULL };
		char got[2][512] = { "", "" };

		domains_collect(
			&postfix, "p", cases[i].value, cases[i].parents, list_two, NULL);
		for (size_t j = 0; j < postfix.domains.count; j++)
			strcat(strcat(got[0], postfix.domains.items[j]), "|");
		for (size_t j = 0; j < postfix.unlisted.count; j++)
			strcat(strcat(got[1], postfix.unlisted.items[j]), "|");
		CASE_EQUAL_TEXT(cases[i].value, got[0], cases[i].domains);
		CASE_EQUAL_TEXT(cases[i].value, got[1], cases[i].unlisted);
		postfix_clear(&postfix);
	}
}

static void internal_domains(void **state)
{
	char *mine[] = { "*.example", "localhost" };
	static const char *const words[] = { NOTHING, HIGH, NULL };
	struct setup_okite okite = okite_here;
	static const struct {
		const char *name, *own[4];
		bool are_set;
		const char *steps, *note;
	} cases[] = {
		{ "no domain", { NULL }, false, "", NULL },
		{ "some", { "a.example", "b.test" }, false,
			"internal_domains=[ \"b.test\" ]\n", NULL },
		{ "four", { "b.test", "c.test", "d.test", "e.test" }, false,
			"internal_domains=[\n\t\"b.test\",\n\t\"c.test\",\n\t\"d.test\","
			"\n"
			"\t\"e.test\"\n]\n",
			NULL },
		{ "covered", { "a.example", "localhost" }, false, "", NULL },
		{ "the postmaster's", { "b.test", "a.example" }, true, "",
			"it lacks b.test" },
	};

	(void)state;
	okite.domains = mine;
	okite.domain_count = COUNT(mine);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct postfix postfix = { .standard_action = xstrdup("tempfail") };
		struct setup_plan plan;
		char *steps;

		okite.domains_are_set = cases[i].are_set;
		postfix_from(&postfix, defaults);
		postfix_from(&postfix, words);
		for (size_t j = 0; j < 4 && cases[i].own[j] != NULL; j++)
			names_add_once(&postfix.domains, cases[i].own[j]);
		setup_plan_make(&plan, &postfix, &okite);
		steps = steps_of(&plan);
		CASE_EQUAL_TEXT(cases[i].name, steps, cases[i].steps);
		CASE_EQUAL_INT(cases[i].name, plan.note_count, cases[i].note != NULL);
		if (cases[i].note != NULL &&
			strstr(plan.notes[0].text, cases[i].note) == NULL)
			fail_msg("%s: %s", cases[i].name, plan.notes[0].text);
		free(steps);
		setup_plan_clear(&plan);
		postfix_clear(&postfix);
	}
}

/* ---- addresses and quotes ---- */

static void addresses(void **state)
{
	static const struct {
		const char *listen, *want; /* NULL: cannot be */
	} cases[] = {
		{ "inet:8896@127.0.0.1", "inet:127.0.0.1:8896" },
		{ "inet:1@host.example", "inet:host.example:1" },
		{ "inet:65535@0.0.0.0", "inet:127.0.0.1:65535" },
		{ "inet6:8896@::1", "inet:[::1]:8896" },
		{ "inet6:8896@::", "inet:[::1]:8896" },
		{ "inet6:8896@[::1]", "inet:[::1]:8896" },
		{ "unix:/var/spool/postfix/okite/okite.sock", "unix:okite/okite.sock" },
		{ "local:/var/spool/postfix//x", "unix:x" },
		{ "unix:/var/spool/postfixed/x", "unix:/var/spool/postfixed/x" },
		{ "unix:/run/okite/okite.sock", "unix:/run/okite/okite.sock" },
		{ "unix:/run/two words", NULL },
		{ "unix:/run/a,b", NULL },
		{ "unix:/run/$x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_NONE;
		char *got =
			listen_for_postfix(cases[i].listen, "/var/spool/postfix", &error);

		CASE_EQUAL_TEXT(cases[i].listen, got != NULL ? got : "(none)",
			cases[i].want != NULL ? cases[i].want : "(none)");
		CASE_EQUAL_INT(
			cases[i].listen, error.text[0] != '\0', cases[i].want == NULL);
		free(got);
	}
}

static void quotes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "''" },
		{ "a b $c `d` \"e\" \\", "'a b $c `d` \"e\" \\'" },
		{ "it's", "'it'\\''s'" },
		{ "''", "''\\'''\\'''" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *got = shell_quoted(cases[i].text);

		CASE_EQUAL_TEXT(cases[i].text, got, cases[i].want);
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(okite_in_lists),
		cmocka_unit_test(lists_without_blanks),
		cmocka_unit_test(lists_after_others),
		cmocka_unit_test(plans),
		cmocka_unit_test(domains),
		cmocka_unit_test(internal_domains),
		cmocka_unit_test(addresses),
		cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
