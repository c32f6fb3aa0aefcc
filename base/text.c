#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

bool text_copy(char *to, size_t size, const char *from)
{
	size_t length;

	assert(size > 0);
	length = strnlen(from, size);
	if (length < size) {
		memcpy(to, from, length + 1);
		return true;
	}
	memcpy(to, from, size - 1);
	to[size - 1] = '\0';
	return false;
}

/* ---- foreign text ---- */

/* How long the UTF-8 character at TEXT is, and which; 0 when there is none (RFC 3629). */
static size_t decode_utf8(const unsigned char *text, uint32_t *character)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least; /* less is an overlong form */
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t length = 1; length <= 4; length++) {
		if ((text[0] & forms[length - 1].mask) != forms[length - 1].lead)
			continue;
		*character = text[0] & (unsigned char)~forms[length - 1].mask;
		for (size_t i = 1; i < length; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			*character = *character << 6 | (text[i] & 0x3f);
		}
		if (*character < forms[length - 1].least || *character > 0x10ffff ||
			(*character >= 0xd800 && *character <= 0xdfff))
			return 0;
		return length;
	}
	return 0;
}

/*
 * Beside the control characters of ASCII and Latin 1, those that break a line
 * or turn the direction of writing, so that a log shows what it does not say.
 */
static bool is_control(uint32_t character)
{
	static const struct {
		uint32_t from, to;
	} controls[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
		{ 0xfeff, 0xfeff },
	};

	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (character >= controls[i].from && character <= controls[i].to)
			return true;
	return false;
}

/* One character of FROM as it is printed: sets how many bytes it takes there and here. */
static void print_character(const unsigned char *from, bool escape_backslash,
	size_t *taken, char printed[20], size_t *given)
{
	static const char digits[] = "0123456789ABCDEF";
	uint32_t character = 0;

	*taken = decode_utf8(from, &character);
	*given = *taken;
	if (*taken > 0 && !is_control(character) &&
		(character != '\\' || !escape_backslash)) {
		memcpy(printed, from, *taken);
		return;
	}
	if (*taken == 0)
		*taken = 1;
	*given = 0;
	for (size_t i = 0; i < *taken; i++) {
		printed[(*given)++] = '\\';
		printed[(*given)++] = 'x';
		printed[(*given)++] = digits[from[i] >> 4];
		printed[(*given)++] = digits[from[i] & 15];
	}
}

static char *print_text(char *to, size_t size, const char *from, bool escape_backslash)
{
	static const char ellipsis[] = "...";
	const unsigned char *next = (const unsigned char *)from;
	char printed[20];
	size_t length = 0, taken, given;
	size_t cut = 0; /* the last place where the ellipsis still fits behind */

	assert(size > 0);
	while (*next != '\0') {
		print_character(next, escape_backslash, &taken, printed, &given);
		if (length + given >= size) {
			length = cut;
			if (size >= sizeof(ellipsis)) {
				memcpy(to + cut, ellipsis, sizeof(ellipsis) - 1);
				length += sizeof(ellipsis) - 1;
			}
			break;
		}
		memcpy(to + length, printed, given);
		length += given;
		next += taken;
		if (length + sizeof(ellipsis) <= size)
			cut = length;
	}
	to[length] = '\0';
	return to;
}

char *text_printable(char *to, size_t size, const char *from)
{
	return print_text(to, size, from, true);
}

char *text_printable_again(char *to, size_t size, const char *from)
{
	return print_text(to, size, from, false);
}

void text_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/*
 * What the last * stands for grows by one byte where the rest does not match;
 * earlier ones need not be tried again, so this never takes longer than the
 * product of the two lengths.
 */
bool text_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* ---- numbers and their units ---- */

struct unit {
	const char *name;
	int64_t size;
};

/* Days stay days, and one day is written 24h, as people write windows. */
static const struct unit durations[] = {
	{ "w", 7 * DAY_US },
	{ "d", DAY_US },
	{ "h", HOUR_US },
	{ "m", 60 * SECOND_US },
	{ "s", SECOND_US },
	{ "ms", SECOND_US / 1000 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", INT64_C(1) << 10 },
	{ "M", INT64_C(1) << 20 },
	{ "G", INT64_C(1) << 30 },
};

enum { DURATION_UNITS = sizeof(durations) / sizeof(durations[0]) };
enum { SIZE_UNITS = sizeof(sizes) / sizeof(sizes[0]) };

#define TEN_YEARS_US (3653 * DAY_US)
#define RATIO_AMOUNT_MAX INT64_C(1000000000000)

/* The digits at *TEXT, which moves behind them.  False when there are none, or too many.
 */
static bool take_number(const char **text, int64_t *number)
{
	const char *start = *text;

	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		int digit = **text - '0';

		if (*number > (INT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *text > start;
}

static const struct unit *find_unit(
	const struct unit *units, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* A number, its unit, and nothing else, up to MAXIMUM. */
static bool read_quantity(const char *text, const struct unit *units, size_t count,
	int64_t maximum, int64_t *quantity)
{
	const struct unit *unit;
	int64_t number;

	if (!take_number(&text, &number))
		return false;
	unit = find_unit(units, count, text);
	if (unit == NULL || number > maximum / unit->size)
		return false;
	*quantity = number * unit->size;
	return true;
}

bool text_to_duration(const char *text, int64_t *microseconds)
{
	return read_quantity(text, durations, DURATION_UNITS, TEN_YEARS_US, microseconds);
}

char *text_from_duration(char *to, size_t size, int64_t microseconds)
{
	const struct unit *unit = &durations[DURATION_UNITS - 1];

	for (size_t i = 0; i < DURATION_UNITS; i++) {
		if (durations[i].size > DAY_US ||
			(durations[i].size == DAY_US && microseconds < 2 * DAY_US))
			continue;
		if (microseconds >= durations[i].size &&
			microseconds % durations[i].size == 0) {
			unit = &durations[i];
			break;
		}
	}
	if (microseconds <= 0)
		text_copy(to, size, "0s");
	else
		snprintf(to, size, "%lld%s", (long long)(microseconds / unit->size),
			unit->name);
	return to;
}

bool text_to_bytes(const char *text, int64_t *bytes)
{
	return read_quantity(text, sizes, SIZE_UNITS, INT64_MAX, bytes);
}

bool text_to_ratio(const char *text, int64_t *amount, int64_t *window_us)
{
	const struct unit *unit;

	if (!take_number(&text, amount) || *amount > RATIO_AMOUNT_MAX || *text != '/')
		return false;
	text++;
	unit = find_unit(durations, DURATION_UNITS, text);
	if (unit != NULL) {
		*window_us = unit->size;
		return true;
	}
	return text_to_duration(text, window_us) && *window_us > 0;
}

bool text_to_number(const char *text, int64_t minimum, int64_t maximum, int64_t *number)
{
	bool negative = text[0] == '-';

	text += negative;
	if (!take_number(&text, number) || *text != '\0')
		return false;
	if (negative)
		*number = -*number;
	return *number >= minimum && *number <= maximum;
}
