/* okite setup postfix: Postfix's own domains, for internal_domains. */
#include "setup/domains.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/address.h"
#include "setup/file.h"
#include "setup/list.h"
#include "setup/program.h"

enum {
	DOMAINS_MAX = 1000,
	TABLE_SIZE_MAX = 1 << 20,
};

/* ---- tables and files ---- */

static void take_lines(struct names *keys, char *text)
{
	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "\t")] = '\0';
		if (line[0] != '\0')
			names_add(keys, xstrdup(line));
	}
}

/* A file of patterns (postconf(5), mydestination): comments begin with #. */
static bool list_file(const char *path, struct names *keys)
{
	struct bytes bytes;
	struct list_item item;

	if (!file_read(path, &bytes, NULL))
		return false;
	for (char *line = bytes.data, *end; line != NULL; line = end) {
		const char *next = line;

		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		while (line[0] != '#' && list_next(&next, &item))
			names_add(keys, list_item_text(&item));
	}
	bytes_clear(&bytes);
	return true;
}

bool domains_list(const char *table, struct names *keys, void *context)
{
	const char *const words[] = { "postmap", "-s", table, NULL };
	struct program_result result;
	bool listed;

	(void)context;
	if (table[0] == '/')
		return list_file(table, keys);
	listed = program_succeed(words, TABLE_SIZE_MAX, &result, NULL);
	if (listed)
		take_lines(keys, result.output);
	program_result_clear(&result);
	return listed;
}

/* ---- the lists of Postfix ---- */

struct collecting {
	struct postfix *postfix;
	const char *name;
	bool parents;
	domains_lister *list;
	void *context;
};

static void cannot_list(struct collecting *collecting, const char *text)
{
	char *unlisted = xasprintf("%s in %s", text, collecting->name);

	names_add_once(&collecting->postfix->unlisted, unlisted);
	free(unlisted);
}

/* Of domains in tables, those that can be walked; a pattern or a server cannot. */
static bool is_walkable(const char *table)
{
	static const char *const types[] = { "hash:", "btree:", "cdb:", "dbm:", "lmdb:",
		"sdbm:", "texthash:", "inline:" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(table, types[i], strlen(types[i])) == 0)
			return true;
	return table[0] == '/';
}

static void add_domain(struct collecting *collecting, const char *text)
{
	struct names *domains = &collecting->postfix->domains;
	char domain[DOMAIN_MAX + 1], below[DOMAIN_MAX + 3] = "";
	bool only_below = text[0] == '.';

	if (domain_parse(domain, text + only_below) != NULL || domain[0] == '\0') {
		cannot_list(collecting, text);
		return;
	}
	if (only_below || (collecting->parents && strchr(domain, '.') != NULL)) {
		text_copy(below, sizeof(below), "*.");
		text_copy(below + 2, sizeof(below) - 2, domain);
	}
	if (domains->count >= DOMAINS_MAX)
		return;
	if (!only_below)
		names_add_once(domains, domain);
	if (below[0] != '\0')
		names_add_once(domains, below);
}

static void add_table(struct collecting *collecting, const char *item)
{
	const char *table = strncmp(item, "proxy:", 6) == 0 ? item + 6 : item;
	struct names keys = { NULL, 0 };

	if (!is_walkable(table) || !collecting->list(table, &keys, collecting->context) ||
		keys.count + collecting->postfix->domains.count > DOMAINS_MAX) {
		cannot_list(collecting, item);
	} else {
		/* A file may name tables again; they are for a person to look at.  Of
		 * virtual_mailbox_maps, which may serve as the domains too, not the
		 * mailboxes. */
		for (size_t i = 0; i < keys.count; i++)
			if (strchr(keys.items[i], '@') == NULL)
				add_domain(collecting, keys.items[i]);
	}
	names_clear(&keys);
}

void domains_collect(struct postfix *postfix, const char *name, const char *value,
	bool parents, domains_lister *list, void *context)
{
	struct collecting collecting = { postfix, name, parents, list, context };
	struct list_item item;

	while (list_next(&value, &item)) {
		char *text = list_item_text(&item);

		/* An address literal has colons as well. */
		if (text[0] == '/' || (text[0] != '[' && strchr(text, ':') != NULL))
			add_table(&collecting, text);
		else
			add_domain(&collecting, text);
		free(text);
	}
}
