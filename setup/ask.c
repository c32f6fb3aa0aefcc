#include "setup/ask.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "setup/domains.h"
#include "setup/list.h"
#include "setup/program.h"

enum { OUTPUT_MAX = 4 << 20, NAMES_MAX = 64 };

/* What the plan looks at, wherever it is set. */
static const char *const wanted[] = {
	"compatibility_level",
	"config_directory",
	"content_filter",
	"mail_version",
	"milter_command_timeout",
	"milter_connect_timeout",
	"milter_content_timeout",
	"milter_default_action",
	"milter_protocol",
	"mydestination",
	"non_smtpd_milters",
	"parent_domain_matches_subdomains",
	"queue_directory",
	"receive_override_options",
	"relay_domains",
	"smtpd_hard_error_limit",
	"smtpd_milter_maps",
	"smtpd_milters",
	"smtpd_proxy_filter",
	"smtpd_recipient_limit",
	"smtpd_soft_error_limit",
	"virtual_alias_domains",
	"virtual_mailbox_domains",
};
enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

/* ---- postconf and its lines ---- */

/* The next line of *TEXT, which moves behind it; NULL at its end. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	*text = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return line;
}

/* "NAME = VALUE": LINE becomes the name.  NULL: it is no such line. */
static char *split_line(char *line)
{
	char *equals = strstr(line, " =");

	if (equals == NULL)
		return NULL;
	*equals = '\0';
	equals += 2;
	return equals + (*equals == ' ');
}

static void set_text(char **place, const char *text)
{
	free(*place);
	*place = xstrdup(text);
}

enum column { COLUMN_SET, COLUMN_VALUE, COLUMN_STRESSED };

static void fill(
	struct postfix_parameter *parameter, enum column column, const char *text)
{
	char **const places[] = {
		[COLUMN_SET] = &parameter->set,
		[COLUMN_VALUE] = &parameter->value,
		[COLUMN_STRESSED] = &parameter->stressed,
	};

	set_text(places[column], text);
}

/* WORDS, which end in NULL, are postconf's arguments. */
static bool ask_parameters(struct postfix *postfix, const char *const *words,
	enum column column, struct error *error)
{
	struct program_result result;
	bool done = program_succeed(words, OUTPUT_MAX, &result, error);
	char *rest = result.output, *line, *value;

	while (done && (line = next_line(&rest)) != NULL) {
		value = split_line(line);
		if (value != NULL)
			fill(postfix_add_parameter(postfix, line), column, value);
	}
	program_result_clear(&result);
	return done;
}

static bool ask_values(struct postfix *postfix, struct error *error)
{
	const char *words[3 + WANTED + 1] = { "postconf", "-x" };

	memcpy(words + 2, wanted, sizeof(wanted));
	words[2 + WANTED] = NULL;
	return ask_parameters(postfix, words, COLUMN_VALUE, error);
}

/* Under overload smtpd(8) runs with stress=yes, and main.cf may make use of it. */
static bool ask_stressed(struct postfix *postfix, struct error *error)
{
	static const char *const words[] = { "postconf", "-o", "stress=yes", "-x",
		"smtpd_hard_error_limit", "smtpd_soft_error_limit",
		"smtpd_recipient_limit", NULL };

	return ask_parameters(postfix, words, COLUMN_STRESSED, error);
}

static bool ask_standard_action(struct postfix *postfix, struct error *error)
{
	static const char *const words[] = { "postconf", "-d", "-h",
		"milter_default_action", NULL };
	struct program_result result;
	bool done = program_succeed(words, OUTPUT_MAX, &result, error);

	if (done) {
		result.output[strcspn(result.output, "\n")] = '\0';
		set_text(&postfix->standard_action, result.output);
	}
	program_result_clear(&result);
	return done;
}

/* ---- master.cf ---- */

static struct postfix_service *find_service(
	const struct postfix *postfix, const char *name)
{
	for (size_t i = 0; i < postfix->service_count; i++)
		if (strcmp(postfix->services[i].name, name) == 0)
			return &postfix->services[i];
	return NULL;
}

/* service type private unpriv chroot wakeup maxproc command */
enum { FIELD_NAME, FIELD_TYPE, FIELD_CHROOT = 4, FIELD_COMMAND = 7, FIELDS };

static void add_service(struct postfix *postfix, char *line)
{
	char *fields[FIELDS] = { NULL }, *rest = NULL;
	struct postfix_service *service;
	const char *level = postfix_value(postfix, "compatibility_level");

	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strtok_r(i == 0 ? line : NULL, " \t", &rest);
		if (fields[i] == NULL)
			return;
	}
	postfix->services = xreallocarray(postfix->services, postfix->service_count + 1,
		sizeof(*postfix->services));
	service = &postfix->services[postfix->service_count++];
	*service = (struct postfix_service){
		.name = xasprintf("%s/%s", fields[FIELD_NAME], fields[FIELD_TYPE]),
		.command = xstrdup(fields[FIELD_COMMAND]),
		/* The default was y until compatibility level 1. */
		.chrooted = fields[FIELD_CHROOT][0] == 'y' ||
			    (fields[FIELD_CHROOT][0] == '-' && atoi(level) == 0),
	};
}

static bool ask_services(struct postfix *postfix, struct error *error)
{
	static const char *const words[] = { "postconf", "-M", NULL };
	struct program_result result;
	bool done = program_succeed(words, OUTPUT_MAX, &result, error);
	char *rest = result.output, *line;

	while (done && (line = next_line(&rest)) != NULL)
		add_service(postfix, line);
	program_result_clear(&result);
	return done;
}

/* "submission/inet/smtpd_milters = ..." */
static void add_override(struct postfix *postfix, char *line, enum column column)
{
	char *value = split_line(line), *slash = strrchr(line, '/');
	struct postfix_service *service;

	if (value == NULL || slash == NULL)
		return;
	*slash = '\0';
	service = find_service(postfix, line);
	if (service != NULL)
		fill(service_add_override(service, slash + 1), column, value);
}

static bool ask_overrides(
	struct postfix *postfix, const char *how, enum column column, struct error *error)
{
	const char *const words[] = { "postconf", how, NULL };
	struct program_result result;
	bool done = program_succeed(words, OUTPUT_MAX, &result, error);
	char *rest = result.output, *line;

	while (done && (line = next_line(&rest)) != NULL)
		add_override(postfix, line, column);
	program_result_clear(&result);
	return done;
}

/* ---- what stands behind a $name in a list of milters ---- */

static void collect_names(struct names *names, const char *list)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	while (list != NULL && (list = strchr(list, '$')) != NULL &&
		names->count < NAMES_MAX) {
		size_t length;

		list++;
		list += strspn(list, "{(");
		length = strspn(list, letters);
		if (length > 0) {
			char *name = xasprintf("%.*s", (int)length, list);

			names_add_once(names, name);
			free(name);
		}
	}
}

static bool ask_named(struct postfix *postfix, struct error *error)
{
	static const char *const lists[] = { "smtpd_milters", "non_smtpd_milters" };
	const char *words[2 + NAMES_MAX + 1] = { "postconf", "-x" };
	struct names names = { NULL, 0 };
	bool done = true;

	for (size_t i = 0; i < 2; i++) {
		const struct postfix_parameter *parameter =
			postfix_parameter(postfix, lists[i]);

		if (parameter != NULL)
			collect_names(&names, parameter->set);
	}
	for (size_t i = 0; i < postfix->service_count; i++) {
		const struct postfix_parameter *override =
			service_override(&postfix->services[i], "smtpd_milters");

		if (override != NULL)
			collect_names(&names, override->set);
	}
	for (size_t i = 0; i < names.count; i++)
		words[2 + i] = names.items[i];
	if (names.count > 0)
		done = ask_parameters(postfix, words, COLUMN_VALUE, error);
	names_clear(&names);
	return done;
}

/* ---- its own domains ---- */

static void ask_domains(struct postfix *postfix)
{
	const struct postfix_parameter *relay =
		postfix_parameter(postfix, "relay_domains");
	bool parents = strstr(postfix_value(postfix, "parent_domain_matches_subdomains"),
			       "relay_domains") != NULL;

	domains_collect(postfix, "mydestination", postfix_value(postfix, "mydestination"),
		false, domains_list, NULL);
	domains_collect(postfix, "virtual_mailbox_domains",
		postfix_value(postfix, "virtual_mailbox_domains"), false, domains_list,
		NULL);
	/* Its default is nothing, or mydestination again. */
	if (relay != NULL && relay->set != NULL)
		domains_collect(postfix, "relay_domains",
			postfix_value(postfix, "relay_domains"), parents, domains_list,
			NULL);
}

static bool set_folder(struct postfix *postfix, struct error *error)
{
	const char *named = getenv("MAIL_CONFIG");
	const char *folder = postfix_value(postfix, "config_directory");

	postfix->folder = realpath(folder, NULL);
	postfix->folder_is_named = named != NULL && named[0] != '\0';
	set_text(&postfix->version, postfix_value(postfix, "mail_version"));
	return postfix->folder != NULL ||
	       error_set(error, "%s: Postfix's folder cannot be found", folder);
}

bool postfix_ask(struct postfix *postfix, struct error *error)
{
	static const char *const set[] = { "postconf", "-n", NULL };

	*postfix = (struct postfix){ .folder = NULL };
	if (!ask_parameters(postfix, set, COLUMN_SET, error) ||
		!ask_values(postfix, error) || !ask_stressed(postfix, error) ||
		!ask_standard_action(postfix, error) || !ask_services(postfix, error) ||
		!ask_overrides(postfix, "-P", COLUMN_SET, error) ||
		!ask_overrides(postfix, "-Px", COLUMN_VALUE, error) ||
		!ask_named(postfix, error) || !set_folder(postfix, error))
		return false;
	ask_domains(postfix);
	return true;
}
