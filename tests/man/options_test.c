#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conf/options.h"
#include "tests/conf/files.h"

/*
 * okite.conf.5 against the table of options, both ways: what each entry says
 * of its option, and that there is no entry without an option.  The bounds
 * and words are tests/conf/sample_test.c's to look at.
 */

static const char heading[] = "\n.It Va ";
static char *page;

static int read_page(void **state)
{
	char *path = files_source("man/okite.conf.5");

	(void)state;
	page = files_text(path);
	free(path);
	return 0;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* What the page says of OPTION, which the caller frees. */
static char *entry_of(const struct conf_option *option)
{
	char *start_text = xasprintf("%s%s\n", heading, option->name), *entry;
	const char *start = strstr(page, start_text), *end, *list_end;

	if (start == NULL)
		fail_msg("%s has no entry in okite.conf.5", option->name);
	if (strstr(start + 1, start_text) != NULL)
		fail_msg("%s has two entries in okite.conf.5", option->name);
	start += strlen(start_text) - 1;
	end = strstr(start, "\n.It ");
	list_end = strstr(start, "\n.El\n");
	if (end == NULL || list_end < end)
		end = list_end;
	entry = xasprintf("%.*s\n", (int)(end - start), start);
	free(start_text);
	return entry;
}

static bool has_entry(const struct conf_option *option)
{
	/* A group is named by its options. */
	return option->type != OPTION_GROUP;
}

static void every_option_has_its_entry(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_option_count; i++)
		if (has_entry(&conf_options[i]))
			free(entry_of(&conf_options[i]));
}

static void every_entry_has_its_option(void **state)
{
	size_t count = 0;

	(void)state;
	for (const char *at = strstr(page, heading); at != NULL;
		at = strstr(at + 1, heading)) {
		const char *name = at + strlen(heading);
		size_t length = strcspn(name, "\n"), i = 0;

		while (i < conf_option_count &&
			!(has_entry(&conf_options[i]) &&
				strlen(conf_options[i].name) == length &&
				strncmp(conf_options[i].name, name, length) == 0))
			i++;
		if (i == conf_option_count)
			fail_msg("okite.conf.5 has %.*s, which is no option", (int)length,
				name);
		count++;
	}
	assert_true(count > 50);
}

/* How an entry begins to say what is written there; NULL: its words say it. */
static const char *const kinds[OPTION_TYPE_COUNT] = {
	[OPTION_LIMITS] = "List of groups",
	[OPTION_PLANS] = "List of groups",
	[OPTION_ACCOUNTS] = "List of groups",
	[OPTION_WHOLE] = "Whole number from ",
	[OPTION_FRACTION] = "Number from ",
	[OPTION_BYTES] = "Size from ",
	[OPTION_RATE] = "Rate of ",
	[OPTION_QUOTA] = "Quota of ",
	[OPTION_TEXT] = "Text",
	[OPTION_TOKEN] = "Text",
	[OPTION_PATH] = "Text: ",
	[OPTION_DOMAIN] = "Text: ",
	[OPTION_LISTEN] = "Text: ",
	[OPTION_URL] = "Text: ",
	[OPTION_HOST_PORT] = "Text: ",
	[OPTION_REPLY] = "Text of ",
	[OPTION_NAME] = "Text of ",
	[OPTION_ACCOUNT] = "Text of ",
	[OPTION_PLAN] = "Text: ",
	[OPTION_TEXTS] = "List of ",
	[OPTION_DOMAINS] = "List of domains",
	[OPTION_NETWORKS] = "List of addresses and networks",
	[OPTION_SOURCES] = "List of\n",
	[OPTION_FIELDS] = "List of\n",
	[OPTION_PATTERNS] = "List of ",
};

static void every_entry_says_what_is_written_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_option_count; i++) {
		const struct conf_option *option = &conf_options[i];
		const char *kind = kinds[option->type];
		char *entry;

		if (!has_entry(option) || kind == NULL)
			continue;
		entry = entry_of(option);
		if (strncmp(entry + 1, kind, strlen(kind)) != 0)
			fail_msg("okite.conf.5: %s does not begin with \"%s\"",
				option->name, kind);
		free(entry);
	}
}

/* Each of the texts in quotes in a default that is a list. */
static void check_texts(const struct conf_option *option, const char *told)
{
	const char *text = strchr(option->standard, '"');

	while (text != NULL) {
		size_t length = strcspn(++text, "\"");
		char *one = xasprintf("%.*s", (int)length, text);

		if (strstr(told, one) == NULL)
			fail_msg("okite.conf.5: the default of %s does not have %s",
				option->name, one);
		free(one);
		text = strchr(text + length + 1, '"');
	}
}

static void check_default(const struct conf_option *option, const char *entry)
{
	static const char label[] = "\nDefault:";
	const char *standard = option->standard, *told = strstr(entry, label);
	bool is_empty = strcmp(standard, "\"\"") == 0;
	bool is_list = standard[0] == '[' || standard[0] == '(';

	if (told == NULL)
		fail_msg("okite.conf.5: %s does not tell its default", option->name);
	if (is_empty && strstr(told, "empty") == NULL)
		fail_msg("okite.conf.5: the default of %s is empty", option->name);
	if (is_list && strchr(standard, '"') == NULL && strstr(told, "none") == NULL)
		fail_msg("okite.conf.5: the default of %s is none", option->name);
	if (standard[0] != '"' && !is_list && strstr(told, standard) == NULL)
		fail_msg("okite.conf.5: the default of %s is %s", option->name, standard);
	if (!is_empty)
		check_texts(option, told);
}

static void every_entry_tells_its_default(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_option_count; i++) {
		const struct conf_option *option = &conf_options[i];
		char *entry = has_entry(option) ? entry_of(option) : NULL;

		if (entry != NULL && option->standard != NULL)
			check_default(option, entry);
		if (option->required && strstr(entry, "required") == NULL)
			fail_msg("okite.conf.5: %s does not say that it is required",
				option->name);
		free(entry);
	}
}

/* What nothing depends on yet is marked, and what has an effect is not. */
static void reserved_options_are_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_option_count; i++) {
		const struct conf_option *option = &conf_options[i];
		bool want = option->later != NULL, got;
		char *entry = has_entry(option) ? entry_of(option) : NULL;

		if (entry == NULL)
			continue;
		got = strstr(entry, "\n.Sy Reserved") != NULL;
		if (got != want)
			fail_msg("okite.conf.5: %s %s marked as reserved", option->name,
				want ? "is to be" : "has an effect, but is");
		free(entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_its_entry),
		cmocka_unit_test(every_entry_has_its_option),
		cmocka_unit_test(every_entry_says_what_is_written_there),
		cmocka_unit_test(every_entry_tells_its_default),
		cmocka_unit_test(reserved_options_are_marked),
	};

	return cmocka_run_group_tests(tests, read_page, free_page);
}
