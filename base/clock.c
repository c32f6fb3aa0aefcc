#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now = { 0, 0 };

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

char *clock_to_text(char *to, size_t size, int64_t moment_us)
{
	/* Down, not towards zero: the second that the moment is in. */
	time_t seconds = (time_t)(moment_us / SECOND_US - (moment_us % SECOND_US < 0));
	struct tm parts;

	if (moment_us == 0 || gmtime_r(&seconds, &parts) == NULL ||
		strftime(to, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		to[0] = '\0';
	return to;
}

/* Exactly COUNT digits at *TEXT, from MINIMUM to MAXIMUM; *TEXT moves behind them. */
static bool take_digits(
	const char **text, int count, int minimum, int maximum, int *number)
{
	*number = 0;
	for (; count > 0; count--, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return *number >= minimum && *number <= maximum;
}

static bool take_one_of(const char **text, const char *characters)
{
	if (**text == '\0' || strchr(characters, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(const char **text, struct tm *parts)
{
	int year, month, day;

	if (!take_digits(text, 4, 0, 9999, &year) || !take_one_of(text, "-") ||
		!take_digits(text, 2, 1, 12, &month) || !take_one_of(text, "-") ||
		!take_digits(text, 2, 1, days_in_month(year, month), &day))
		return false;
	parts->tm_year = year - 1900;
	parts->tm_mon = month - 1;
	parts->tm_mday = day;
	return true;
}

/* The second 60 is a leap second (RFC 3339 5.7); timegm() makes it the next minute. */
static bool take_time(const char **text, struct tm *parts, int64_t *fraction_us)
{
	int64_t unit_us = SECOND_US / 10;

	if (!take_digits(text, 2, 0, 23, &parts->tm_hour) || !take_one_of(text, ":") ||
		!take_digits(text, 2, 0, 59, &parts->tm_min) || !take_one_of(text, ":") ||
		!take_digits(text, 2, 0, 60, &parts->tm_sec))
		return false;
	if (!take_one_of(text, "."))
		return true;
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++, unit_us /= 10)
		*fraction_us += (**text - '0') * unit_us;
	return true;
}

/* "Z", "+01:00": how much the time before it is ahead of UTC. */
static bool take_offset(const char **text, int64_t *offset_us)
{
	int hours, minutes;
	char sign = **text;

	*offset_us = 0;
	if (take_one_of(text, "Zz"))
		return true;
	if (!take_one_of(text, "+-") || !take_digits(text, 2, 0, 23, &hours) ||
		!take_one_of(text, ":") || !take_digits(text, 2, 0, 59, &minutes))
		return false;
	*offset_us = (hours * 60 + minutes) * 60 * SECOND_US * (sign == '-' ? -1 : 1);
	return true;
}

bool clock_from_text(const char *text, int64_t *moment_us)
{
	struct tm parts;
	int64_t fraction_us = 0, offset_us = 0;

	memset(&parts, 0, sizeof(parts));
	/* As clock_to_text() writes never. */
	if (text[0] == '\0') {
		*moment_us = 0;
		return true;
	}
	if (!take_date(&text, &parts))
		return false;
	if (*text != '\0' &&
		(!take_one_of(&text, "Tt ") || !take_time(&text, &parts, &fraction_us) ||
			!take_offset(&text, &offset_us)))
		return false;
	if (*text != '\0')
		return false;
	*moment_us = (int64_t)timegm(&parts) * SECOND_US + fraction_us - offset_us;
	return *moment_us >= 0;
}
