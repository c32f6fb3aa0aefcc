/* okite setup postfix, the planning: how okite is written in a list of milters. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "setup/planning.h"

static bool others_exist(const struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;
	bool others = setup_list_has_others(
			      planning, postfix_value(postfix, "smtpd_milters")) ||
		      setup_list_has_others(
			      planning, postfix_value(postfix, "non_smtpd_milters"));

	for (size_t i = 0; i < postfix->service_count; i++)
		if (service_override(&postfix->services[i], "smtpd_milters") != NULL)
			others = others ||
				 setup_list_has_others(planning,
					 service_value(postfix, &postfix->services[i],
						 "smtpd_milters"));
	return others;
}

static bool some_service_overrides(const struct postfix *postfix, const char *name)
{
	for (size_t i = 0; i < postfix->service_count; i++)
		if (service_override(&postfix->services[i], name) != NULL)
			return true;
	return false;
}

/*
 * Where nobody has decided and okite is alone, milter_default_action is said
 * for all; else okite's own action leaves that of the others as it is.
 */
static void choose_action(struct setup_planning *planning)
{
	const struct postfix_parameter *parameter =
		postfix_parameter(planning->postfix, "milter_default_action");
	const char *value = postfix_value(planning->postfix, "milter_default_action");

	if (parameter != NULL && parameter->set != NULL) {
		if (strcmp(value, "tempfail") != 0)
			planning->action_reason =
				"milter_default_action stays for the other milters";
	} else if (others_exist(planning)) {
		planning->action_reason = "that of the other milters stays as it is";
	}
	if (planning->action_reason == NULL &&
		some_service_overrides(planning->postfix, "milter_default_action"))
		planning->action_reason =
			"services in master.cf have another milter_default_action";
	planning->says_action = planning->action_reason != NULL;
}

/* A span as Postfix writes it ("30", "30s", "5m"); what is none is DEFAULT_US. */
static int64_t span_of(const char *text, int64_t default_us)
{
	int64_t seconds, span_us;

	if (text_to_number(text, 0, 1000000000, &seconds))
		return seconds * SECOND_US;
	return text_to_duration(text, &span_us) ? span_us : default_us;
}

static void add_option(char **options, char *option)
{
	char *longer = xasprintf("%s, %s", *options, option);

	free(*options);
	free(option);
	*options = longer;
}

/* Postfix waits at least for two questions to Redis: the second is about a newer record. */
static void add_timeouts(struct setup_planning *planning, char **options)
{
	static const struct {
		const char *parameter, *option;
		int64_t standard_us;
	} rows[] = {
		{ "milter_connect_timeout", "connect_timeout", 30 * SECOND_US },
		{ "milter_command_timeout", "command_timeout", 30 * SECOND_US },
		{ "milter_content_timeout", "content_timeout", 300 * SECOND_US },
	};
	int64_t least_us = 2 * planning->okite->timeout_us + SECOND_US;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = postfix_value(planning->postfix, rows[i].parameter);
		int64_t wanted_us = rows[i].standard_us;

		if (span_of(value, wanted_us) >= least_us)
			continue;
		if (wanted_us < least_us)
			wanted_us = least_us;
		add_option(options,
			xasprintf("%s=%llds", rows[i].option,
				(long long)((wanted_us + SECOND_US - 1) / SECOND_US)));
	}
}

/* okite asks for macros and for silence, which came with version 6 of the protocol. */
static bool protocol_is_old(const char *value)
{
	return value[0] >= '1' && value[0] < '6' && (value[1] < '0' || value[1] > '9');
}

void setup_make_entry(struct setup_planning *planning)
{
	char *options = xstrdup("");

	choose_action(planning);
	if (planning->says_action)
		add_option(&options, xstrdup("default_action=tempfail"));
	if (protocol_is_old(postfix_value(planning->postfix, "milter_protocol")))
		add_option(&options, xstrdup("protocol=6"));
	add_timeouts(planning, &options);
	planning->entry = options[0] == '\0' ? xstrdup(planning->okite->address)
					     : xasprintf("{ %s%s }",
						       planning->okite->address, options);
	free(options);
}
