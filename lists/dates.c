#include "lists/dates.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* Later seconds are milliseconds, as JavaScript counts: 5138, or 1973. */
#define SECONDS_MAX INT64_C(99999999999)
#define MILLISECONDS_MAX (SECONDS_MAX * 1000)

static bool parse_count(const char *text, int64_t *moment_us)
{
	int64_t count;

	if (!text_to_number(text, 0, MILLISECONDS_MAX, &count))
		return false;
	*moment_us = count <= SECONDS_MAX ? count * SECOND_US : count * 1000;
	return true;
}

/* The number of a name of three letters, which TEXT begins with; 0: none. */
static int month_of(const char *text)
{
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
		"jul", "aug", "sep", "oct", "nov", "dec" };

	for (int i = 0; i < 12; i++)
		if (strncasecmp(text, months[i], 3) == 0)
			return i + 1;
	return 0;
}

/* "+0100", "GMT", "UTC" and nothing into what RFC 3339 wants. */
static bool parse_zone(const char *zone, char offset[7])
{
	static const char *const zero[] = { "", "GMT", "UTC", "UT", "Z" };

	if ((zone[0] == '+' || zone[0] == '-') && strlen(zone) == 5) {
		snprintf(offset, 7, "%.3s:%.2s", zone, zone + 3);
		return true;
	}
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		if (strcasecmp(zone, zero[i]) == 0)
			return text_copy(offset, 7, "Z");
	return false;
}

/* RFC 5322 3.3 without comments; the day of the week need not be right. */
static bool parse_mail_date(const char *text, int64_t *moment_us)
{
	const char *comma = strchr(text, ',');
	char month[4] = "", time[9] = "", zone[6] = "", offset[7], written[40];
	int day = 0, year = 0, end = 0;

	if (comma != NULL)
		text = comma + 1;
	if (sscanf(text, " %2d %3[A-Za-z] %4d %8[0-9:] %n%5s %n", &day, month, &year,
		    time, &end, zone, &end) < 4 ||
		text[end] != '\0' || day < 1 || year < 1970 || month_of(month) == 0 ||
		!parse_zone(zone, offset))
		return false;
	snprintf(written, sizeof(written), "%04d-%02d-%02dT%s%s%s", year, month_of(month),
		day, time, strlen(time) == 5 ? ":00" : "", offset);
	return clock_from_text(written, moment_us);
}

/* "2009-06-01 19:41:39" */
static bool parse_without_offset(const char *text, int64_t *moment_us)
{
	char written[40];

	return strlen(text) > 10 && strlen(text) < 30 &&
	       snprintf(written, sizeof(written), "%sZ", text) > 0 &&
	       clock_from_text(written, moment_us);
}

bool date_parse(const char *text, int64_t *moment_us)
{
	return text[0] != '\0' &&
	       (parse_count(text, moment_us) || clock_from_text(text, moment_us) ||
		       parse_without_offset(text, moment_us) ||
		       parse_mail_date(text, moment_us));
}
