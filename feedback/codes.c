#include "feedback/codes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* A number that is part of a name, an address or a longer number is no code. */
static bool joins(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == '.' ||
	       byte == '-' || byte == '/' || byte == '@';
}

static size_t count_digits(const char *text)
{
	size_t count = 0;

	while (count < 4 && is_digit(text[count]))
		count++;
	return count;
}

/* "5.1.1": its length, or 0.  Subjects are 0 to 7, or a server's version looks like one. */
static size_t status_length(const char *text)
{
	size_t detail;

	if ((text[0] != '4' && text[0] != '5') || text[1] != '.' || text[2] < '0' ||
		text[2] > '7' || text[3] != '.')
		return 0;
	detail = count_digits(text + 4);
	if (detail == 0 || detail > 3)
		return 0;
	/* A full stop may follow, another number may not. */
	if (text[4 + detail] == '.' && is_digit(text[5 + detail]))
		return 0;
	return 4 + detail;
}

/* "550", by what servers do say: 4xx and 5xx of the second digits in use. */
static bool is_reply(const char *text)
{
	return (text[0] == '4' || text[0] == '5') && strchr("023457", text[1]) != NULL &&
	       count_digits(text) == 3 &&
	       (text[3] == '\0' || strchr(" ,;:)]#'\"", text[3]) != NULL);
}

void codes_find(const char *text, struct codes *codes)
{
	char before = ' ';

	*codes = (struct codes){ .reply = 0 };
	for (size_t at = 0; text[at] != '\0'; before = text[at++]) {
		size_t length;

		if (!is_digit(text[at]) || joins(before))
			continue;
		length = status_length(text + at);
		if (length > 0 && codes->status[0] == '\0')
			memcpy(codes->status, text + at, length);
		else if (codes->reply == 0 && is_reply(text + at))
			codes->reply = (text[at] - '0') * 100 +
				       (text[at + 1] - '0') * 10 + text[at + 2] - '0';
		if (length > 0)
			at += length - 1;
		if (codes->reply != 0 && codes->status[0] != '\0')
			return;
	}
}

int codes_say_nothing(const char *status)
{
	return status[0] == '\0' || strcmp(status + 1, ".0.0") == 0 ||
	       strcmp(status + 1, ".5.0") == 0;
}
