/*
 * okite setup postfix, the planning: Postfix counts each recipient that a
 * milter refuses as an error of the client, slows down, and at last hangs up
 * with 421, and the recipients accepted before are lost.  So its limits belong
 * above the recipients that a client may name.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "setup/planning.h"

enum { RECIPIENTS = 1000, NUMBER_MAX = 1000000000 };

static const char *const limits[] = { "smtpd_soft_error_limit",
	"smtpd_hard_error_limit" };
enum { LIMITS = sizeof(limits) / sizeof(limits[0]) };

static int64_t number_of(const char *text, int64_t otherwise)
{
	int64_t number;

	return text != NULL && text_to_number(text, 0, NUMBER_MAX, &number) ? number
									    : otherwise;
}

/* The one that is worse for us of the value in quiet times and that under stress. */
static int64_t worst(const struct postfix *postfix, const char *name, bool is_limit)
{
	const struct postfix_parameter *parameter = postfix_parameter(postfix, name);
	int64_t otherwise = is_limit ? 0 : RECIPIENTS, quiet, stressed;

	if (parameter == NULL)
		return otherwise;
	quiet = number_of(parameter->value, otherwise);
	stressed = number_of(parameter->stressed, quiet);
	if (is_limit)
		return stressed < quiet ? stressed : quiet;
	return stressed > quiet ? stressed : quiet;
}

/* QUIET is the limit while Postfix is not under stress, where it may be high enough. */
static void add(struct setup_planning *planning, const char *service, const char *name,
	const char *set, int64_t quiet, int64_t recipients)
{
	bool is_soft = strcmp(name, limits[0]) == 0;
	char after[24];

	snprintf(after, sizeof(after), "%lld",
		(long long)(quiet > recipients ? quiet : recipients + 1));
	setup_plan_add(planning->plan, service != NULL ? SETUP_MASTER : SETUP_MAIN,
		service, name, set, after,
		xasprintf("Each refused recipient is an error to Postfix: %lld of them "
			  "(smtpd_recipient_limit) must not %s.",
			(long long)recipients,
			is_soft ? "slow the client down"
				: "end the session, which loses the accepted ones"));
}

void setup_plan_errors(struct setup_planning *planning)
{
	int64_t recipients = worst(planning->postfix, "smtpd_recipient_limit", false);

	for (size_t i = 0; i < LIMITS; i++) {
		const struct postfix_parameter *parameter =
			postfix_parameter(planning->postfix, limits[i]);

		if (worst(planning->postfix, limits[i], true) <= recipients)
			add(planning, NULL, limits[i],
				parameter != NULL ? parameter->set : NULL,
				number_of(parameter != NULL ? parameter->value : NULL, 0),
				recipients);
	}
}

/* What main.cf has after the plan. */
static int64_t planned(const struct setup_planning *planning, const char *name)
{
	for (size_t i = 0; i < planning->plan->step_count; i++)
		if (planning->plan->steps[i].file == SETUP_MAIN &&
			strcmp(planning->plan->steps[i].name, name) == 0)
			return number_of(planning->plan->steps[i].after, 0);
	return worst(planning->postfix, name, true);
}

void setup_plan_service_errors(
	struct setup_planning *planning, const struct postfix_service *service)
{
	const char *own = "smtpd_recipient_limit";
	int64_t recipients =
		service_override(service, own) != NULL
			? number_of(service_value(planning->postfix, service, own),
				  RECIPIENTS)
			: worst(planning->postfix, own, false);

	for (size_t i = 0; i < LIMITS; i++) {
		const struct postfix_parameter *override =
			service_override(service, limits[i]);
		int64_t limit = planned(planning, limits[i]), quiet = limit;

		if (override != NULL)
			limit = quiet = number_of(
				service_value(planning->postfix, service, limits[i]), 0);
		/* `${stress?{1}:{2000}}` is 1 just when it matters. */
		if (override != NULL && override->set != NULL &&
			strstr(override->set, "stress") != NULL)
			limit = 0;
		if (limit <= recipients)
			add(planning, service->name, limits[i],
				override != NULL ? override->set : NULL, quiet,
				recipients);
	}
}
