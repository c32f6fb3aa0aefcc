/*
 * okite setup postfix, the planning: services of master.cf that say otherwise
 * than main.cf.  Those that clients use get okite as well; those that take
 * mail back from a content filter do not, since it would be charged twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "setup/planning.h"

static bool says_no_milters(const struct postfix_parameter *options)
{
	return options != NULL && options->set != NULL &&
	       strstr(options->set, "no_milters") != NULL;
}

static bool is_empty(const char *text)
{
	return text[strspn(text, " \t,")] == '\0';
}

/* Only programs on this host reach it. */
static bool is_on_loopback(const struct postfix_service *service)
{
	static const char *const hosts[] = { "127.",
		"[::1]:", "::1:", "localhost:", "[127." };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncmp(service->name, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

static bool filter_is_used(const struct postfix *postfix)
{
	if (!is_empty(postfix_value(postfix, "content_filter")))
		return true;
	for (size_t i = 0; i < postfix->service_count; i++)
		if (!is_empty(service_value(
			    postfix, &postfix->services[i], "content_filter")))
			return true;
	return false;
}

/* The port to which a content filter gives the mail back that came in elsewhere. */
static bool is_behind_filter(
	const struct postfix *postfix, const struct postfix_service *service)
{
	const struct postfix_parameter *filter =
		service_override(service, "content_filter");

	return filter != NULL &&
	       is_empty(service_value(postfix, service, "content_filter")) &&
	       is_on_loopback(service) && filter_is_used(postfix);
}

static void keep_okite_out(
	struct setup_planning *planning, const struct postfix_service *service)
{
	char *others = setup_others_packed(planning);

	if (others != NULL)
		setup_plan_add(planning->plan, SETUP_MASTER, service->name,
			"smtpd_milters", NULL, others,
			xstrdup("Here mail comes back from the content filter: okite "
				"must "
				"not charge it a second time."));
	else
		setup_plan_note(planning->plan, true,
			"%s takes mail back from the content filter, and okite would "
			"charge "
			"it a second time: give it -o "
			"receive_override_options=no_milters",
			service->name);
	free(others);
}

static void plan_smtpd(
	struct setup_planning *planning, const struct postfix_service *service)
{
	const struct postfix_parameter *milters =
		service_override(service, "smtpd_milters");
	const char *proxy =
		service_value(planning->postfix, service, "smtpd_proxy_filter");

	if (!is_empty(proxy)) {
		setup_plan_note(planning->plan, true,
			"%s has smtpd_proxy_filter=%s: okite cannot guard it, since "
			"there "
			"milters see neither the message nor its end; use a content "
			"filter "
			"after the queue, or have okite behind the proxy",
			service->name, proxy);
	} else if (says_no_milters(
			   service_override(service, "receive_override_options"))) {
		setup_plan_note(planning->plan, false,
			"%s has no_milters and is left alone", service->name);
	} else if (milters != NULL && is_on_loopback(service)) {
		setup_plan_note(planning->plan, false,
			"%s listens on this host alone and has its own smtpd_milters: "
			"taken for the way back from a content filter, and left alone",
			service->name);
	} else if (milters == NULL && is_behind_filter(planning->postfix, service)) {
		keep_okite_out(planning, service);
	} else {
		if (milters != NULL)
			setup_plan_list(planning, service->name, "smtpd_milters",
				milters->set,
				"This service has milters of its own, not those of "
				"main.cf.");
		setup_plan_service_errors(planning, service);
	}
}

static void note_local_mail(
	struct setup_planning *planning, const struct postfix_service *service)
{
	const struct postfix_parameter *milters =
		service_override(service, "non_smtpd_milters");

	if (service_is(service, "cleanup") && milters != NULL)
		setup_plan_note(planning->plan, true,
			"%s has its own non_smtpd_milters=%s: mail from sendmail(1) that "
			"goes through it meets okite only if it stands there",
			service->name, milters->set != NULL ? milters->set : "");
	if (service_is(service, "pickup") &&
		says_no_milters(service_override(service, "receive_override_options")))
		setup_plan_note(planning->plan, true,
			"%s has no_milters: mail from sendmail(1) is not judged",
			service->name);
}

void setup_plan_services(struct setup_planning *planning)
{
	const struct postfix *postfix = planning->postfix;

	for (size_t i = 0; i < postfix->service_count; i++) {
		if (service_is(&postfix->services[i], "smtpd"))
			plan_smtpd(planning, &postfix->services[i]);
		else
			note_local_mail(planning, &postfix->services[i]);
	}
}
