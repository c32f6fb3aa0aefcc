/* okite setup postfix: which milter stands at an address. */
#include "setup/milters.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "setup/list.h"

/*
 * Milters by a part of their address; ":PORT" must be its end.  The first that
 * fits counts.  rspamd may sign as well, but it refuses: what it signs does not
 * include okite's header, and a header more does not break the signature.
 */
static const struct known_milter {
	const char *part;
	enum milter_kind kind;
	const char *called;
} known_milters[] = {
	{ "opendkim", MILTER_SIGNS, "opendkim" },
	{ "dkimpy", MILTER_SIGNS, "dkimpy-milter" },
	{ "openarc", MILTER_SIGNS, "openarc" },
	{ "dkim", MILTER_SIGNS, NULL },
	{ ":8891", MILTER_SIGNS, "opendkim" },
	{ ":8892", MILTER_SIGNS, "dkimpy-milter" },
	{ "opendmarc", MILTER_VERIFIES, "opendmarc" },
	{ "dmarc", MILTER_VERIFIES, NULL },
	{ "spf", MILTER_VERIFIES, NULL },
	{ ":8893", MILTER_VERIFIES, "opendmarc" },
	{ "rspamd", MILTER_REFUSES, "rspamd" },
	{ ":11332", MILTER_REFUSES, "rspamd" },
	{ "clamav", MILTER_REFUSES, "clamav-milter" },
	{ "spamass", MILTER_REFUSES, "spamass-milter" },
	{ "amavis", MILTER_REFUSES, "amavis" },
	{ "sign", MILTER_SIGNS, NULL },
};

static bool fits(const char *address, const char *part)
{
	size_t length = strlen(address), part_length = strlen(part);

	if (part[0] != ':')
		return strstr(address, part) != NULL;
	return length >= part_length && strcmp(address + length - part_length, part) == 0;
}

/* ---- one of them ---- */

char *milter_braces(const char *text)
{
	size_t length = strlen(text);

	if (length < 2 || text[0] != '{' || text[length - 1] != '}')
		return NULL;
	return xasprintf("%.*s", (int)(length - 2), text + 1);
}

/* In lower case; sets what else is said of the milter. */
static char *address_of(struct milter *milter)
{
	static const char action[] = "default_action=";
	char *inside = milter_braces(milter->text), *address = NULL;
	const char *next = inside != NULL ? inside : milter->text;
	struct list_item item;

	while (list_next(&next, &item)) {
		if (address == NULL)
			address = list_item_text(&item);
		else if (strncmp(item.start, action, strlen(action)) == 0 &&
			 milter->action == NULL)
			milter->action =
				xasprintf("%.*s", (int)(item.length - strlen(action)),
					item.start + strlen(action));
	}
	free(inside);
	if (address == NULL)
		address = xstrdup("");
	text_lower(address);
	return address;
}

/* So that two ways to write an address are equal; paths from the root. */
static char *canonical(const char *address, const struct postfix *postfix)
{
	static const char *const local_hosts[] = {
		"inet:localhost:", "inet:[127.0.0.1]:", "inet:127.0.0.1:"
	};
	const char *path = NULL;

	for (size_t i = 0; i < sizeof(local_hosts) / sizeof(local_hosts[0]); i++) {
		size_t length = strlen(local_hosts[i]);

		if (strncmp(address, local_hosts[i], length) == 0)
			return xasprintf("inet:127.0.0.1:%s", address + length);
	}
	if (strncmp(address, "unix:", 5) == 0)
		path = address + 5;
	else if (strncmp(address, "local:", 6) == 0)
		path = address + 6;
	if (path == NULL)
		return xstrdup(address);
	if (path[0] == '/')
		return xasprintf("unix:%s", path);
	return xasprintf("unix:%s/%s", postfix_value(postfix, "queue_directory"), path);
}

static bool is_same(const char *address, const char *ours, const struct postfix *postfix)
{
	char *lower, *left, *right;
	bool same;

	if (ours == NULL)
		return false;
	lower = xstrdup(ours);
	text_lower(lower);
	left = canonical(address, postfix);
	right = canonical(lower, postfix);
	same = strcmp(left, right) == 0;
	free(lower);
	free(left);
	free(right);
	return same;
}

static void set_kind(struct milter *milter, const char *address)
{
	const char *called = milter->text;

	milter->kind = MILTER_REFUSES;
	for (size_t i = 0; i < sizeof(known_milters) / sizeof(known_milters[0]); i++) {
		if (!fits(address, known_milters[i].part))
			continue;
		milter->kind = known_milters[i].kind;
		if (known_milters[i].called != NULL)
			called = known_milters[i].called;
		break;
	}
	milter->called = xstrdup(called);
}

static void classify_address(struct milter *milter, const struct postfix *postfix,
	const struct setup_okite *okite)
{
	char *address = address_of(milter);

	set_kind(milter, address);
	if (is_same(address, okite->address, postfix))
		milter->kind = MILTER_OKITE;
	else if (is_same(address, okite->previous, postfix) || fits(address, ":8896") ||
		 fits(address, "okite.sock") || fits(address, "okited.sock"))
		milter->kind = MILTER_OLD_OKITE;
	else
		milter->has_others = true;
	free(address);
}

/* The NAME of $NAME, ${NAME} or $(NAME) and nothing else; NULL: it is none. */
static char *name_of(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length, braces;

	if (*text++ != '$')
		return NULL;
	braces = *text == '{' || *text == '(';
	length = strspn(text + braces, letters);
	if (length == 0 || strlen(text) != length + 2 * braces)
		return NULL;
	return xasprintf("%.*s", (int)length, text + braces);
}

/* What is in a $NAME says where okite must stand to it. */
static void classify_name(struct milter *milter, const char *name,
	const struct postfix *postfix, const struct setup_okite *okite)
{
	static const enum milter_kind strongest_first[] = { MILTER_OKITE,
		MILTER_OLD_OKITE, MILTER_SIGNS, MILTER_REFUSES };
	struct milter_list inner;

	milter->is_name = true;
	milter->called = xstrdup(milter->text);
	milter->kind = MILTER_VERIFIES;
	/* These two get okite. */
	if (strcmp(name, "smtpd_milters") == 0 ||
		strcmp(name, "non_smtpd_milters") == 0) {
		milter->kind = MILTER_OKITE;
		return;
	}
	milters_read(&inner, postfix_value(postfix, name), postfix, okite);
	milter->has_others = milters_have_others(&inner);
	for (size_t i = 0; i < sizeof(strongest_first) / sizeof(strongest_first[0]);
		i++) {
		const struct milter *found = milters_first(&inner, strongest_first[i]);

		if (found == NULL)
			continue;
		milter->kind = found->kind;
		if (found->action != NULL)
			milter->action = xstrdup(found->action);
		break;
	}
	milters_clear(&inner);
}

void milter_classify(struct milter *milter, const struct postfix *postfix,
	const struct setup_okite *okite)
{
	char *name = name_of(milter->text);

	if (name != NULL)
		classify_name(milter, name, postfix, okite);
	else
		classify_address(milter, postfix, okite);
	free(name);
}
