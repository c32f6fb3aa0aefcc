#include "feedback/maillog_prefix.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "feedback/maillog_words.h"

/* No Postfix has a longer name, and no syslog a longer time. */
enum { TAG_MAX = 128, HOST_MAX = 256, TIME_MAX = 40 };

/* Up to the next space, which goes too; false where there is none, or the word is longer or empty. */
static bool take_word(struct span *text, size_t size_max, struct span *word)
{
	size_t room = text->size <= size_max ? text->size : size_max + 1;
	const char *space = room == 0 ? NULL : memchr(text->text, ' ', room);

	if (space == NULL || space == text->text)
		return false;
	*word = span_between(text->text, space);
	*text = span_skip(*text, word->size + 1);
	return true;
}

/* Moves behind digits; false when there are none. */
static bool take_digits(struct span *text)
{
	size_t count = 0;

	while (count < text->size && is_digit(text->text[count]))
		count++;
	*text = span_skip(*text, count);
	return count > 0;
}

/* "Nov 24 07:46:01", "Nov  4 07:46:01.123"; the space behind it goes too. */
static bool take_old_time(struct span *text, struct span *time)
{
	enum { DATE = sizeof("Nov 24 ") - 1, WHOLE = sizeof("Nov 24 07:46:01") - 1 };
	struct span rest, clock;

	if (text->size <= WHOLE || text->text[3] != ' ' || text->text[6] != ' ' ||
		!is_digit(text->text[5]) || text->text[9] != ':' || text->text[12] != ':')
		return false;
	rest = span_skip(*text, DATE);
	if (!take_word(&rest, TIME_MAX - DATE, &clock))
		return false;
	*time = span_between(text->text, span_end(clock));
	*text = rest;
	return true;
}

static bool take_time(struct span *text, struct span *time)
{
	if (text->size > 0 && is_digit(text->text[0]))
		return take_word(text, TIME_MAX, time) && time->size > 10 &&
		       time->text[4] == '-' && time->text[10] == 'T';
	return take_old_time(text, time);
}

/* "postfix/smtp", "postfix-out/submission/smtpd" */
static bool take_tag(struct span *text, struct maillog_prefix *prefix)
{
	const char *first = NULL, *last = NULL;
	size_t size = 0;

	for (; size < text->size && size < TAG_MAX; size++) {
		char byte = text->text[size];

		if (byte == '/') {
			last = text->text + size;
			first = first == NULL ? last : first;
		} else if (!is_letter(byte) && !is_digit(byte) && byte != '-' &&
			   byte != '_' && byte != '.') {
			break;
		}
	}
	if (first == NULL)
		return false;
	prefix->instance = span_between(text->text, first);
	prefix->program = span_between(last + 1, text->text + size);
	*text = span_skip(*text, size);
	return prefix->instance.size > 0 && prefix->program.size > 0;
}

/* "postfix/smtp 123 - - message", with a byte order mark before the message or not. */
static bool take_new_tag(struct span *text, struct maillog_prefix *prefix)
{
	if (!take_tag(text, prefix) || !maillog_take(text, " ") || !take_digits(text) ||
		!maillog_take(text, " - - "))
		return false;
	(void)maillog_take(text, "\xEF\xBB\xBF");
	(void)maillog_take(text, " ");
	return true;
}

static bool take_old_tag(struct span *text, struct maillog_prefix *prefix)
{
	return take_tag(text, prefix) && maillog_take(text, "[") && take_digits(text) &&
	       maillog_take(text, "]: ");
}

bool maillog_prefix_read(struct maillog_prefix *prefix, struct span line)
{
	struct span host;
	bool new_form = false;

	*prefix = (struct maillog_prefix){ .time = SPAN_NONE };
	if (maillog_take(&line, "<")) {
		if (!take_digits(&line) || !maillog_take(&line, ">"))
			return false;
		new_form = maillog_take(&line, "1 ");
	}
	if (take_time(&line, &prefix->time)) {
		if (!take_word(&line, HOST_MAX, &host))
			return false;
	} else if (new_form) {
		return false;
	}
	if (!(new_form ? take_new_tag : take_old_tag)(&line, prefix))
		return false;
	prefix->message = line;
	return true;
}

/* ---- when it was ---- */

/* As clock_from_text() wants it: with a colon in the offset ("+0100" is older systemd's). */
static int64_t read_new_time(struct span time)
{
	char text[TIME_MAX + 2];
	int64_t moment_us = 0;
	size_t size = time.size;

	if (size < 6 || size > TIME_MAX)
		return 0;
	memcpy(text, time.text, size);
	if ((text[size - 5] == '+' || text[size - 5] == '-') && text[size - 3] != ':') {
		memmove(text + size - 1, text + size - 2, 2);
		text[size - 2] = ':';
		size++;
	}
	text[size] = '\0';
	return clock_from_text(text, &moment_us) ? moment_us : 0;
}

/* "Nov", counted from 1; 0 when it is none. */
static int month_of(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int month = 1; month <= 12; month++)
		if (memcmp(names + (month - 1) * 3, name, 3) == 0)
			return month;
	return 0;
}

/*
 * The last such day and time that is not later than tomorrow: a log is never
 * far ahead, and may have been read up to a year late.  A February 29 can be
 * eight years away.
 */
static int64_t read_old_time(struct span time, const struct maillog_clock *clock)
{
	enum { YEARS_BACK = 8 };
	int64_t ahead_us = clock->ahead_s * SECOND_US, moment_us;
	int month = month_of(time.text);
	char text[TIME_MAX + 16], now[CLOCK_TEXT_SIZE];
	int year = 0;

	clock_to_text(now, sizeof(now), clock->now_us + ahead_us);
	if (month == 0 || sscanf(now, "%4d-", &year) != 1)
		return 0;
	for (int candidate = year + 1; candidate >= year - YEARS_BACK; candidate--) {
		snprintf(text, sizeof(text), "%04d-%02d-%c%cT%.*sZ", candidate, month,
			time.text[4] == ' ' ? '0' : time.text[4], time.text[5],
			(int)time.size - 7, time.text + 7);
		if (clock_from_text(text, &moment_us) &&
			moment_us - ahead_us <= clock->now_us + DAY_US)
			return moment_us - ahead_us;
	}
	return 0;
}

int64_t maillog_prefix_time(struct span time, const struct maillog_clock *clock)
{
	if (time.size == 0)
		return 0;
	if (is_digit(time.text[0]))
		return read_new_time(time);
	return clock->now_us == 0 ? 0 : read_old_time(time, clock);
}
