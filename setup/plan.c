/*
 * okite setup postfix, the planning: from what Postfix and okite have to what
 * has to change.  Pure; the parts are in setup_lists.c, setup_errors.c and
 * setup_services.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "setup/planning.h"

enum { NAMED_DOMAINS = 20 };

/* ---- the plan ---- */

static char *copy_of(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

void setup_plan_add(struct setup_plan *plan, enum setup_file file, const char *service,
	const char *name, const char *before, const char *after, char *why)
{
	plan->steps =
		xreallocarray(plan->steps, plan->step_count + 1, sizeof(*plan->steps));
	plan->steps[plan->step_count++] = (struct setup_step){
		.file = file,
		.service = copy_of(service),
		.name = xstrdup(name),
		.before = copy_of(before),
		.after = copy_of(after),
		.why = why,
	};
}

void setup_plan_note(struct setup_plan *plan, bool warning, const char *format, ...)
{
	char text[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	plan->notes =
		xreallocarray(plan->notes, plan->note_count + 1, sizeof(*plan->notes));
	plan->notes[plan->note_count++] =
		(struct setup_note){ .warning = warning, .text = xstrdup(text) };
}

bool setup_plan_touches(const struct setup_plan *plan, enum setup_file file)
{
	for (size_t i = 0; i < plan->step_count; i++)
		if (plan->steps[i].file == file)
			return true;
	return false;
}

void setup_step_clear(struct setup_step *step)
{
	free(step->service);
	free(step->name);
	free(step->before);
	free(step->after);
	free(step->why);
}

void setup_plan_clear(struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->step_count; i++)
		setup_step_clear(&plan->steps[i]);
	for (size_t i = 0; i < plan->note_count; i++)
		free(plan->notes[i].text);
	free(plan->steps);
	free(plan->notes);
	*plan = (struct setup_plan){ .steps = NULL };
}

/* ---- internal_domains ---- */

static bool is_covered(const struct setup_okite *okite, const char *domain)
{
	for (size_t i = 0; i < okite->domain_count; i++)
		if (text_matches(okite->domains[i], domain))
			return true;
	return false;
}

/* As okite.conf has it; many stand a line each. */
static char *array_of(const struct names *domains)
{
	bool many = domains->count > 3;
	char *text = xstrdup("["), *longer;

	for (size_t i = 0; i < domains->count; i++) {
		longer = xasprintf("%s%s%s\"%s\"", text, i > 0 ? "," : "",
			many ? "\n\t" : " ", domains->items[i]);
		free(text);
		text = longer;
	}
	longer = xasprintf("%s%s]", text, many ? "\n" : " ");
	free(text);
	return longer;
}

static void note_missing_domains(struct setup_plan *plan, const struct setup_okite *okite,
	const struct names *domains)
{
	char named[1024] = "";
	size_t length = 0;

	for (size_t i = 0; i < domains->count && i < NAMED_DOMAINS; i++)
		if (length + strlen(domains->items[i]) + 3 < sizeof(named))
			length += (size_t)sprintf(named + length, "%s%s",
				length > 0 ? ", " : "", domains->items[i]);
	setup_plan_note(plan, true,
		"internal_domains in %s is yours and stays, but it lacks %s%s",
		okite->conf_path, named,
		domains->count > NAMED_DOMAINS ? " and more" : "");
}

static void plan_domains(struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;
	const struct postfix_parameter *aliases =
		postfix_parameter(postfix, "virtual_alias_domains");
	struct names missing = { NULL, 0 };

	for (size_t i = 0; i < postfix->domains.count; i++)
		if (!is_covered(planning->okite, postfix->domains.items[i]))
			names_add_once(&missing, postfix->domains.items[i]);
	if (missing.count > 0 && !planning->okite->domains_are_set) {
		char *array = array_of(&missing);

		setup_plan_add(planning->plan, SETUP_OKITE, NULL, "internal_domains",
			NULL, array,
			xstrdup("Mail to this Postfix's own domains stays in the house: "
				"it is not limited."));
		free(array);
	} else if (missing.count > 0) {
		note_missing_domains(planning->plan, planning->okite, &missing);
	}
	for (size_t i = 0; i < postfix->unlisted.count; i++)
		setup_plan_note(planning->plan, true,
			"%s cannot be listed: write those of its domains that are your "
			"own into internal_domains by hand",
			postfix->unlisted.items[i]);
	if (aliases != NULL && aliases->set != NULL &&
		postfix_value(postfix, "virtual_alias_domains")[0] != '\0')
		setup_plan_note(planning->plan, false,
			"virtual_alias_domains are not taken for internal, since mail to "
			"them goes on elsewhere");
	names_clear(&missing);
}

/* ---- what okite cannot mend ---- */

static void note_address(struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;
	const char *address = planning->okite->address;
	bool chrooted = false;

	for (size_t i = 0; i < postfix->service_count; i++)
		chrooted = chrooted ||
			   (postfix->services[i].chrooted &&
				   (service_is(&postfix->services[i], "smtpd") ||
					   service_is(&postfix->services[i], "cleanup")));
	if (chrooted && strncmp(address, "unix:/", 6) == 0)
		setup_plan_note(planning->plan, true,
			"smtpd(8) or cleanup(8) is chrooted in %s and does not see %s: "
			"let "
			"okited listen in there, such as on unix:%s/okite/okite.sock",
			postfix_value(postfix, "queue_directory"), address + 5,
			postfix_value(postfix, "queue_directory"));
	if (!planning->okite->answers)
		setup_plan_note(planning->plan, true,
			"nobody answers on %s yet: start okited first, else mail waits",
			address);
}

static void note_evasions(struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;

	if (postfix_value(postfix, "smtpd_milter_maps")[0] != '\0')
		setup_plan_note(planning->plan, true,
			"smtpd_milter_maps (%s) says for some clients which milters they "
			"meet: okite does not judge those unless it stands there as well",
			postfix_value(postfix, "smtpd_milter_maps"));
	if (strstr(postfix_value(postfix, "receive_override_options"), "no_milters") !=
		NULL)
		setup_plan_note(planning->plan, true,
			"main.cf has receive_override_options = %s: no_milters keeps "
			"okite "
			"from seeing any mail; write it with -o for the service behind "
			"your content filter alone",
			postfix_value(postfix, "receive_override_options"));
}

void setup_plan_make(struct setup_plan *plan, const struct postfix *postfix,
	const struct setup_okite *okite)
{
	struct setup_planning planning = {
		.plan = plan, .postfix = postfix, .okite = okite
	};

	*plan = (struct setup_plan){ .steps = NULL };
	setup_make_entry(&planning);
	setup_plan_milters(&planning);
	setup_plan_errors(&planning);
	setup_plan_services(&planning);
	plan_domains(&planning);
	note_evasions(&planning);
	note_address(&planning);
	free(planning.entry);
}
