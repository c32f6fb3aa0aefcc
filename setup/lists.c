/* okite setup postfix, the planning: okite in the lists of milters. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "setup/milters.h"
#include "setup/planning.h"

bool setup_list_has_others(const struct setup_planning *planning, const char *value)
{
	struct milter_list list;
	bool others;

	milters_read(&list, value, planning->postfix, planning->okite);
	others = milters_have_others(&list);
	milters_clear(&list);
	return others;
}

static void note_order(struct setup_planning *planning, const char *where,
	const struct milter_list *list)
{
	const struct milter *okite = milters_first(list, MILTER_OKITE);
	const struct milter *signer = milters_first(list, MILTER_SIGNS);
	struct milter_place place;

	milters_place(list, &place);
	if (place.too_late != NULL)
		setup_plan_note(planning->plan, true,
			"%s: %s comes after okite, and what it refuses has been charged "
			"already; put it before %s",
			where, place.too_late->called,
			okite == NULL && signer != NULL ? signer->called : "okite");
	if (okite != NULL && signer != NULL && signer->start < okite->start)
		setup_plan_note(planning->plan, true,
			"%s: %s signs before okite, so without okite's header; put okite "
			"before it",
			where, signer->called);
}

static const char *what_happens(const char *action)
{
	static const struct {
		const char *action, *then;
	} rows[] = {
		{ "accept", "mail passes unjudged" },
		{ "reject", "mail is refused for good" },
		{ "quarantine", "mail passes into the hold queue" },
		{ "shutdown", "the client is hung up on (421)" },
		{ "tempfail", "mail waits at the client (4xx)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].action, action) == 0)
			return rows[i].then;
	return "Postfix does as that says";
}

/* okite is there already: with which action, if not as we would? */
static void note_action(
	struct setup_planning *planning, const char *where, const struct milter *okite)
{
	const char *action = okite->action;

	if (action == NULL && planning->says_action)
		action = postfix_value(planning->postfix, "milter_default_action");
	if (okite->is_name || action == NULL || action[0] == '\0' ||
		strcmp(action, "tempfail") == 0)
		return;
	setup_plan_note(planning->plan, false,
		"%s: okite stands there with the action %s: while okited is away, %s",
		where, action, what_happens(action));
}

static char *why_there(const char *for_whom, const struct milter_list *list)
{
	struct milter_place place;
	const char *behind, *before;

	milters_place(list, &place);
	behind = place.behind != NULL ? place.behind->called : NULL;
	before = place.before != NULL ? place.before->called : NULL;
	if (behind != NULL && before != NULL)
		return xasprintf("%s okite stands behind %s, which may refuse, and "
				 "before %s, which signs.",
			for_whom, behind, before);
	if (behind != NULL)
		return xasprintf(
			"%s okite stands behind %s, which may refuse.", for_whom, behind);
	if (before != NULL)
		return xasprintf(
			"%s okite stands before %s, which signs.", for_whom, before);
	return xstrdup(for_whom);
}

static void add_to_list(struct setup_planning *planning, const char *service,
	const char *name, const char *set, const struct milter_list *list,
	const char *for_whom)
{
	char *after = milters_with(list, set != NULL ? set : "", planning->entry);
	char *packed = service != NULL ? milters_pack(after) : NULL;

	if (service != NULL && packed == NULL)
		setup_plan_note(planning->plan, true,
			"%s: postconf cannot edit its %s, %s; write by hand: %s", service,
			name, set, after);
	else
		setup_plan_add(planning->plan,
			service != NULL ? SETUP_MASTER : SETUP_MAIN, service, name, set,
			packed != NULL ? packed : after, why_there(for_whom, list));
	free(packed);
	free(after);
}

void setup_plan_list(struct setup_planning *planning, const char *service,
	const char *name, const char *set, const char *for_whom)
{
	char *where =
		service != NULL ? xasprintf("%s, %s", service, name) : xstrdup(name);
	const struct milter *okite, *old;
	struct milter_list list;

	milters_read(&list, set != NULL ? set : "", planning->postfix, planning->okite);
	okite = milters_first(&list, MILTER_OKITE);
	old = milters_first(&list, MILTER_OLD_OKITE);
	note_order(planning, where, &list);
	if (okite != NULL)
		note_action(planning, where, okite);
	else if (old != NULL && old->is_name && old->has_others)
		setup_plan_note(planning->plan, true,
			"%s: %s names okite at another address than %s; change it there",
			where, old->text, planning->okite->address);
	else
		add_to_list(planning, service, name, set, &list, for_whom);
	milters_clear(&list);
	free(where);
}

char *setup_others_packed(const struct setup_planning *planning)
{
	const struct postfix_parameter *parameter =
		postfix_parameter(planning->postfix, "smtpd_milters");
	struct milter_list list;
	char *others = xstrdup(""), *packed;

	milters_read(&list,
		parameter != NULL && parameter->set != NULL ? parameter->set : "",
		planning->postfix, planning->okite);
	for (size_t i = 0; i < list.count && others != NULL; i++) {
		const struct milter *milter = &list.items[i];
		bool ours =
			milter->kind == MILTER_OKITE || milter->kind == MILTER_OLD_OKITE;
		char *longer = NULL;

		if (!ours)
			longer = xasprintf("%s %s", others, milter->text);
		else if (!milter->has_others)
			longer = xstrdup(others);
		free(others);
		others = longer;
	}
	packed = others != NULL ? milters_pack(others) : NULL;
	free(others);
	milters_clear(&list);
	return packed;
}

/* ---- main.cf ---- */

static const char *set_in_main(const struct setup_planning *planning, const char *name)
{
	const struct postfix_parameter *parameter =
		postfix_parameter(planning->postfix, name);

	return parameter != NULL ? parameter->set : NULL;
}

/* Other milters have not seen mail from sendmail(1), and this is not changed behind their back. */
static void plan_non_smtpd(struct setup_planning *planning)
{
	const char *set = set_in_main(planning, "non_smtpd_milters");
	const char *smtpd = set_in_main(planning, "smtpd_milters");

	if ((set == NULL || set[strspn(set, " \t,")] == '\0') &&
		!setup_list_has_others(planning, smtpd != NULL ? smtpd : ""))
		setup_plan_add(planning->plan, SETUP_MAIN, NULL, "non_smtpd_milters", set,
			"$smtpd_milters",
			xstrdup("The same for mail from sendmail(1), by cron and "
				"scripts."));
	else
		setup_plan_list(planning, NULL, "non_smtpd_milters", set,
			"The same for mail from sendmail(1), by cron and scripts.");
}

/* Does okite's place in smtpd_milters say an action of its own? */
static bool entry_says_action(const struct setup_planning *planning)
{
	const char *set = set_in_main(planning, "smtpd_milters");
	const struct milter *okite;
	struct milter_list list;
	bool says;

	milters_read(&list, set != NULL ? set : "", planning->postfix, planning->okite);
	okite = milters_first(&list, MILTER_OKITE);
	says = okite != NULL ? okite->action != NULL : planning->says_action;
	milters_clear(&list);
	return says;
}

static bool entry_is_planned(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->step_count; i++)
		if (strcmp(plan->steps[i].name, "smtpd_milters") == 0)
			return true;
	return false;
}

static void plan_action(struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;
	const char *standard = postfix->standard_action;

	if (planning->says_action && entry_is_planned(planning->plan)) {
		setup_plan_note(planning->plan, false,
			"default_action=tempfail is okite's alone (while okited is away, "
			"mail waits at the client); %s",
			planning->action_reason);
		return;
	}
	if (set_in_main(planning, "milter_default_action") != NULL ||
		entry_says_action(planning))
		return;
	setup_plan_add(planning->plan, SETUP_MAIN, NULL, "milter_default_action", NULL,
		"tempfail",
		strcmp(standard, "tempfail") == 0
			? xstrdup("While okited is away, mail waits at the client (4xx); "
				  "said here because Postfix 3.10 has another default.")
			: xasprintf(
				  "While okited is away, mail waits at the client (4xx); "
				  "with Postfix's default, %s, %s.",
				  standard, what_happens(standard)));
}

void setup_plan_milters(struct setup_planning *planning)
{
	setup_plan_list(planning, NULL, "smtpd_milters",
		set_in_main(planning, "smtpd_milters"),
		"What clients send over SMTP is judged.");
	plan_non_smtpd(planning);
	plan_action(planning);
}
