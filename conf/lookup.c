#include "conf/lookup.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *option_last_name(const struct conf_option *option)
{
	const char *dot = strrchr(option->name, '.');

	return dot == NULL ? option->name : dot + 1;
}

bool option_is_in(const struct conf_option *option, const char *group)
{
	const char *last = option_last_name(option);
	size_t length = strlen(group);

	if (length == 0)
		return last == option->name;
	return last == option->name + length + 1 &&
	       strncmp(option->name, group, length) == 0;
}

const struct conf_option *option_find(const char *group, const char *name)
{
	for (size_t i = 0; i < conf_option_count; i++)
		if (option_is_in(&conf_options[i], group) &&
			strcmp(option_last_name(&conf_options[i]), name) == 0)
			return &conf_options[i];
	return NULL;
}

/* ---- what was meant ---- */

enum {
	SLIPS_MAX = 2,
	NAME_LENGTH_MAX = 40, /* longer ones are no slip of ours */
};

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters too many, too few, or wrong (Levenshtein's distance); both shorter than
 * NAME_LENGTH_MAX. */
static size_t count_slips(const char *a, const char *b)
{
	size_t row[NAME_LENGTH_MAX + 1], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t replaced = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = least_of(replaced, least_of(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

static const struct conf_option *same_name_elsewhere(const char *name)
{
	for (size_t i = 0; i < conf_option_count; i++)
		if (strcmp(option_last_name(&conf_options[i]), name) == 0)
			return &conf_options[i];
	return NULL;
}

const struct conf_option *option_nearest(const char *group, const char *name)
{
	const struct conf_option *nearest = NULL;
	size_t least = SLIPS_MAX + 1;

	if (strlen(name) > NAME_LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < conf_option_count; i++) {
		size_t slips;

		if (!option_is_in(&conf_options[i], group))
			continue;
		slips = count_slips(name, option_last_name(&conf_options[i]));
		/* Of a short name two letters are nearly all. */
		if (slips < least && slips < strlen(name) && slips * 2 <= strlen(name)) {
			least = slips;
			nearest = &conf_options[i];
		}
	}
	return nearest != NULL ? nearest : same_name_elsewhere(name);
}

/* ---- what is wanted ---- */

static void bytes_text(int64_t bytes, char *text, size_t size)
{
	static const char units[] = "KMG";
	size_t unit = 0;

	while (units[unit + 1] != '\0' && bytes % (INT64_C(1) << (10 * (unit + 2))) == 0)
		unit++;
	snprintf(text, size, "%lld%c", (long long)(bytes >> (10 * (unit + 1))),
		units[unit]);
}

char *option_bound(
	const struct conf_option *option, double bound, char *text, size_t size)
{
	switch (option->type) {
	case OPTION_DURATION:
	case OPTION_RATE:
	case OPTION_QUOTA:
		return text_from_duration(text, size, (int64_t)bound);
	case OPTION_BYTES:
		bytes_text((int64_t)bound, text, size);
		return text;
	case OPTION_FRACTION:
		snprintf(text, size, "%g", bound);
		return text;
	default:
		snprintf(text, size, "%lld", (long long)bound);
		return text;
	}
}

static const char *const phrases[OPTION_TYPE_COUNT] = {
	[OPTION_GROUP] = "a group, { NAME = VALUE; }",
	[OPTION_LIMITS] =
		"a list of limits, ( { name = \"day\"; quota = \"200/24h\"; } )",
	[OPTION_PLANS] = "a list of plans, ( { name = \"sandbox\"; limits = ( ); } )",
	[OPTION_ACCOUNTS] =
		"a list of accounts, ( { name = \"shop\"; plan = \"standard\"; } )",
	[OPTION_BOOLEAN] = "true or false",
	[OPTION_WHOLE] = "a whole number",
	[OPTION_FRACTION] = "a number",
	[OPTION_DURATION] = "a duration",
	[OPTION_BYTES] = "a size",
	[OPTION_RATE] = "a rate such as \"14/s\" or \"100/10m\"",
	[OPTION_QUOTA] = "a quota such as \"50000/24h\"",
	[OPTION_TEXT] = "text in quotes",
	[OPTION_TOKEN] = "printable ASCII without spaces and { } [ ] \\ * ?",
	[OPTION_PATH] = "a path that begins with /",
	[OPTION_DOMAIN] = "a domain such as \"test.example.com\", or \"\" for none",
	[OPTION_LISTEN] = "\"inet:PORT@HOST\", \"inet6:PORT@HOST\" or \"unix:/PATH\"",
	[OPTION_URL] = "\"redis://HOST:PORT/DB\", \"rediss://HOST:PORT/DB\" (TLS) or "
		       "\"unix:///PATH?db=DB\"",
	[OPTION_HOST_PORT] = "\"HOST:PORT\", or \"\" for none",
	[OPTION_REPLY] = "up to 200 printable characters of ASCII",
	[OPTION_NAME] = "1 to 32 of a-z, 0-9, _ and -",
	[OPTION_ACCOUNT] = "the name of an account, up to 255 bytes",
	[OPTION_PLAN] = "the name of one of `plans`",
	[OPTION_TEXTS] = "a list of texts such as [ \"a\", \"b\" ]",
	[OPTION_DOMAINS] =
		"a list of domains such as [ \"example.com\", \"*.example.com\" ]",
	[OPTION_NETWORKS] = "a list of networks such as [ \"127.0.0.0/8\", \"::1\" ]",
	[OPTION_SOURCES] = "a list of fields such as [ \"login\", \"client\" ]",
	[OPTION_FIELDS] = "a list of fields such as [ \"account\" ]",
	[OPTION_PATTERNS] = "a list of what to match such as [ \"*.example.com\" ]",
};

/* `"a", "b" or "c"` */
static void words_text(const char *const *words, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; words[i] != NULL && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s\"%s\"",
			i == 0		       ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
			words[i]);
}

static bool has_bounds(const struct conf_option *option)
{
	return option->type == OPTION_WHOLE || option->type == OPTION_FRACTION ||
	       option->type == OPTION_DURATION || option->type == OPTION_BYTES;
}

char *option_wanted(const struct conf_option *option, char *text, size_t size)
{
	const char *quote = "";
	char least[32], most[32], nothing[32] = "";

	if (option->type == OPTION_WORD) {
		words_text(option->words, text, size);
		return text;
	}
	if (!has_bounds(option)) {
		text_copy(text, size, phrases[option->type]);
		return text;
	}
	if (option->type == OPTION_DURATION || option->type == OPTION_BYTES)
		quote = "\"";
	if (option->nothing != NULL)
		snprintf(nothing, sizeof(nothing), ", or \"%s\"", option->nothing);
	snprintf(text, size, "%s from %s%s%s to %s%s%s%s", phrases[option->type], quote,
		option_bound(option, option->least, least, sizeof(least)), quote, quote,
		option_bound(option, option->most, most, sizeof(most)), quote, nothing);
	return text;
}
