#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

enum option_kind { OPTION_TEXT, OPTION_LIST, OPTION_FLAG };

static const struct option_row {
	const char *name;
	const char *in_usage;
	enum option_kind kind;
	size_t offset;
} option_rows[] = {
#define ROW(member, kind)                                                                \
	{                                                                                \
#member, "--" #member " ", kind, offsetof(struct arguments, member)      \
	}
	ROW(account, OPTION_TEXT),
	{ "apply", "[--apply", OPTION_FLAG, offsetof(struct arguments, apply) },
	ROW(client, OPTION_TEXT),
	ROW(expire, OPTION_TEXT),
	{ "follow", "-f]", OPTION_FLAG, offsetof(struct arguments, follow) },
	ROW(format, OPTION_TEXT),
	ROW(from, OPTION_TEXT),
	{ "limit", "--limit ", OPTION_LIST, offsetof(struct arguments, limits) },
	{ "local", "[--local]", OPTION_FLAG, offsetof(struct arguments, local) },
	ROW(login, OPTION_TEXT),
	ROW(note, OPTION_TEXT),
	{ "parse-only", "--parse-only|", OPTION_FLAG,
		offsetof(struct arguments, parse_only) },
	ROW(plan, OPTION_TEXT),
	ROW(reason, OPTION_TEXT),
	{ "reject", "[--reject]", OPTION_FLAG, offsetof(struct arguments, reject) },
	ROW(since, OPTION_TEXT),
	ROW(size, OPTION_TEXT),
	ROW(to, OPTION_LIST),
	{ "undo", "--undo]", OPTION_FLAG, offsetof(struct arguments, undo) },
	ROW(until, OPTION_TEXT),
#undef ROW
};
enum { OPTION_COUNT = sizeof(option_rows) / sizeof(option_rows[0]) };
static_assert(
	(int)OPTION_COUNT <= (int)OPTIONS_MAX, "struct given has room for all options");

static void give_option(
	struct given *given, struct arguments *arguments, size_t row, const char *value)
{
	char *member = (char *)arguments + option_rows[row].offset;

	given->options[row] = true;
	switch (option_rows[row].kind) {
	case OPTION_FLAG:
		*(bool *)(void *)member = true;
		break;
	case OPTION_TEXT:
		*(const char **)(void *)member = value;
		break;
	case OPTION_LIST: {
		struct words *words = (struct words *)(void *)member;

		words->items = xreallocarray(
			words->items, words->count + 1, sizeof(*words->items));
		words->items[words->count++] = value;
		break;
	}
	}
}

/* getopt_long's table: ours, and the options that every command has. */
enum { VALUE_ROW = 256, VALUE_JSON = 512, VALUE_VERSION };

static void fill_long_options(struct option longs[OPTION_COUNT + 5])
{
	static const struct option common[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, VALUE_JSON },
		{ "version", no_argument, NULL, VALUE_VERSION },
		{ NULL, 0, NULL, 0 },
	};

	for (size_t i = 0; i < OPTION_COUNT; i++)
		longs[i] = (struct option){
			option_rows[i].name,
			option_rows[i].kind == OPTION_FLAG ? no_argument
							   : required_argument,
			NULL,
			VALUE_ROW + (int)i,
		};
	memcpy(longs + OPTION_COUNT, common, sizeof(common));
}

static size_t option_row_named(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(option_rows[i].name, name) == 0)
			return i;
	return OPTION_COUNT;
}

static void note_fault(struct given *given, int found, char **argv)
{
	if (given->fault[0] != '\0')
		return;
	if (optopt > 0 && optopt < VALUE_ROW)
		snprintf(given->fault, sizeof(given->fault),
			found == ':' ? "-%c needs a value" : "unknown option -%c",
			optopt);
	else
		snprintf(given->fault, sizeof(given->fault),
			found == ':' ? "%s needs a value" : "unknown option %s",
			argv[optind - 1]);
}

void options_read(int argc, char **argv, struct cli *cli, struct given *given)
{
	struct option longs[OPTION_COUNT + 5];
	int found;

	fill_long_options(longs);
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":c:fh", longs, NULL)) != -1) {
		if (found == 'c')
			cli->conf_path = optarg;
		else if (found == 'h')
			given->help = true;
		else if (found == VALUE_JSON)
			given->json = true;
		else if (found == VALUE_VERSION)
			given->version = true;
		else if (found == 'f')
			give_option(
				given, &cli->arguments, option_row_named("follow"), NULL);
		else if (found >= VALUE_ROW && found < VALUE_ROW + OPTION_COUNT)
			give_option(given, &cli->arguments, (size_t)found - VALUE_ROW,
				optarg);
		else
			note_fault(given, found, argv);
	}
	cli->arguments.operands = argv + optind;
	cli->arguments.operand_count = (size_t)(argc - optind);
}

const char *options_misfit(const struct given *given, const char *usage)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (given->options[i] && strstr(usage, option_rows[i].in_usage) == NULL)
			return option_rows[i].name;
	return NULL;
}
