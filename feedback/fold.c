#include "feedback/fold.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct fold {
	char *to;
	size_t room; /* without the NUL */
	size_t used;
	size_t token;  /* where the word at hand begins in TO: an address replaces it */
	bool space;    /* one is due before the next byte */
	char reply[3]; /* the code of a line that another one follows: "550" of "550-" */
};

/*
 * What each ASCII byte becomes.  A blank is white space, or "_"; "@" is looked
 * at in its surroundings, and so are digits and bytes beyond ASCII.
 */
static const char folded[] = "                                "
			     " !\"#$%&'()*+,-./0123456789:;<=>?"
			     "@abcdefghijklmnopqrstuvwxyz[\\]^ "
			     "`abcdefghijklmnopqrstuvwxyz{|}~ ";

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_alnum(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	return is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

/* What may stand beside an address and is no part of it. */
static bool ends_token(uint8_t byte)
{
	switch (byte) {
	case '<':
	case '>':
	case '(':
	case ')':
	case '[':
	case ']':
	case ',':
	case ';':
	case ':':
	case '"':
	case '\'':
	case '`':
	case '|':
		return true;
	default:
		return false;
	}
}

/* Chinese, Japanese and Korean have no spaces, or none that matter. */
static bool is_wide(uint8_t lead)
{
	return lead >= 0xe3 && lead <= 0xed;
}

static bool ends_wide(const struct fold *fold)
{
	size_t used = fold->used;

	return used >= 3 && is_wide((uint8_t)fold->to[used - 3]) &&
	       ((uint8_t)fold->to[used - 1] & 0xc0) == 0x80;
}

static void put(struct fold *fold, uint8_t byte)
{
	if (fold->space) {
		fold->space = false;
		if (fold->used > 0 && fold->used < fold->room &&
			!(is_wide(byte) && ends_wide(fold)))
			fold->to[fold->used++] = ' ';
	}
	if (fold->used < fold->room)
		fold->to[fold->used++] = (char)byte;
}

/* A blank: only "_" may stand within an address. */
static void put_space(struct fold *fold, uint8_t byte)
{
	fold->space = true;
	if (byte != '_')
		fold->token = fold->used;
}

/* ---- letters beyond ASCII, of two bytes in UTF-8 ---- */

/* Latin letters from U+00C0 to U+017F without their marks: many servers leave these out. */
static const char plain_letters[] = "aaaaaaaceeeeiiiidnoooooxouuuuyts"
				    "aaaaaaaceeeeiiiidnooooo/ouuuuyty"
				    "aaaaaaccccccccddddeeeeeeeeeegggg"
				    "gggghhhhiiiiiiiiiiiijjkkklllllll"
				    "lllnnnnnnnnnoooooooorrrrrrssssss"
				    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static unsigned lower_point(unsigned point)
{
	if (point >= 0xc0 && point < 0xc0 + sizeof(plain_letters) - 1)
		return (unsigned char)plain_letters[point - 0xc0];
	if ((point >= 0x391 && point <= 0x3a9) || (point >= 0x410 && point <= 0x42f))
		return point + 0x20;
	if (point >= 0x400 && point <= 0x40f)
		return point + 0x50;
	return point;
}

static void put_two(struct fold *fold, uint8_t lead, uint8_t last)
{
	unsigned point = lower_point((lead & 0x1fU) << 6 | (last & 0x3fU));

	/* Marks that stand for themselves, behind their letter. */
	if (point >= 0x300 && point <= 0x36f)
		return;
	if (point < 0x80) {
		put(fold, (uint8_t)point);
		return;
	}
	put(fold, (uint8_t)(0xc0 | point >> 6));
	put(fold, (uint8_t)(0x80 | (point & 0x3f)));
}

/* ---- spaces and quotes of three bytes ---- */

static const struct mark {
	char bytes[4];
	uint8_t as;
} marks[] = {
	{ "\xe2\x80\x98", '\'' },
	{ "\xe2\x80\x99", '\'' },
	{ "\xe2\x80\x9c", '"' },
	{ "\xe2\x80\x9d", '"' },
	{ "\xe2\x80\x9e", '"' },
	{ "\xe2\x80\x93", '-' },
	{ "\xe2\x80\x8b", ' ' },
	{ "\xe2\x80\xaf", ' ' },
	{ "\xe3\x80\x80", ' ' },
	{ "\xef\xbb\xbf", ' ' },
};

static bool put_mark(struct fold *fold, const char *text)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (memcmp(marks[i].bytes, text, 3) != 0)
			continue;
		if (marks[i].as == ' ')
			put_space(fold, ' ');
		else
			put(fold, marks[i].as);
		return true;
	}
	return false;
}

/* Returns how many bytes of TEXT are done. */
static size_t put_high(struct fold *fold, const char *text, size_t length)
{
	uint8_t lead = (uint8_t)text[0];

	if (length >= 2 && lead == 0xc2 && (uint8_t)text[1] == 0xa0) {
		put_space(fold, ' ');
		return 2;
	}
	if (length >= 2 && lead >= 0xc3 && lead <= 0xd4 &&
		((uint8_t)text[1] & 0xc0) == 0x80) {
		put_two(fold, lead, (uint8_t)text[1]);
		return 2;
	}
	if (length >= 3 && lead >= 0xe2 && put_mark(fold, text))
		return 3;
	/* "信箱user@example.com": the address begins where the other script ends. */
	put(fold, lead);
	fold->token = fold->used;
	return 1;
}

/* ---- replies of several lines ---- */

static bool is_reply(const char *text, size_t length)
{
	return length >= 4 && text[0] >= '2' && text[0] <= '5' &&
	       is_digit((uint8_t)text[1]) && is_digit((uint8_t)text[2]) &&
	       (text[3] == '-' || text[3] == ' ');
}

/* "5.1.1 " at the start of TEXT: its length, with the space; else 0. */
static size_t status_length(const char *text, size_t length)
{
	size_t at = 0, dots = 0;

	while (at < length && (is_digit((uint8_t)text[at]) || text[at] == '.')) {
		dots += text[at] == '.';
		at++;
	}
	return dots == 2 && at < length && text[at] == ' ' ? at + 1 : 0;
}

/*
 * "550-5.1.1 no such 550 5.1.1 user", as it is on one line: the second code
 * is no news, and stands between the words of a phrase.  Returns how many
 * bytes of TEXT are done, 0 where it is no such code.
 */
static size_t skip_reply(struct fold *fold, const char *text, size_t length)
{
	bool again;

	if (!is_reply(text, length))
		return 0;
	again = memcmp(fold->reply, text, 3) == 0;
	if (text[3] == '-')
		memcpy(fold->reply, text, 3);
	else
		memset(fold->reply, 0, 3);
	if (again)
		return 4 + status_length(text + 4, length - 4);
	for (int i = 0; i < 3; i++)
		put(fold, (uint8_t)text[i]);
	put_space(fold, ' ');
	return 4;
}

/* ---- all of it ---- */

static bool is_domain(uint8_t byte)
{
	return is_alnum(byte) || byte == '.' || byte == '-' || byte == '_';
}

enum { LITERAL_MAX = 64 };

/* The domain at the start of TEXT, or an address literal in []; a full stop is none of it. */
static size_t domain_length(const char *text, size_t length)
{
	size_t at = 0;

	if (length > 0 && text[0] == '[') {
		const char *end =
			memchr(text, ']', length < LITERAL_MAX ? length : LITERAL_MAX);

		return end == NULL ? 0 : (size_t)(end - text) + 1;
	}
	while (at < length && is_domain((uint8_t)text[at]))
		at++;
	while (at > 0 && !is_alnum((uint8_t)text[at - 1]))
		at--;
	return at;
}

/* At "@": what came before goes.  Returns how many bytes of TEXT are done. */
static size_t put_address(struct fold *fold, const char *text, size_t length)
{
	size_t domain = domain_length(text + 1, length - 1);

	if (domain == 0 || fold->used == fold->token) {
		put(fold, '@');
		return 1;
	}
	/* The space before the word was put with its first byte. */
	fold->used = fold->token;
	if (fold->used > 0 && fold->to[fold->used] == ' ')
		fold->space = true;
	put(fold, '@');
	return 1 + domain;
}

/* What is no plain letter.  Returns how many bytes of TEXT are done. */
static size_t fold_other(struct fold *fold, const char *text, size_t length)
{
	uint8_t byte = (uint8_t)text[0];
	size_t done = 0;

	if (byte >= 0x80)
		return put_high(fold, text, length);
	if (byte == '@')
		return put_address(fold, text, length);
	if (folded[byte] == ' ') {
		put_space(fold, byte);
		return 1;
	}
	if (fold->used == fold->token)
		done = skip_reply(fold, text, length);
	if (done > 0)
		return done;
	put(fold, byte);
	if (ends_token(byte))
		fold->token = fold->used;
	return 1;
}

size_t fold(char *to, size_t size, const char *text, size_t length)
{
	struct fold fold = { .to = to, .room = size - 1 };

	for (size_t at = 0; at < length && fold.used < fold.room;) {
		uint8_t byte = (uint8_t)text[at];
		char letter = byte < 0x80 ? folded[byte] : ' ';

		if (letter < 'a' || letter > 'z') {
			at += fold_other(&fold, text + at, length - at);
			continue;
		}
		put(&fold, (uint8_t)letter);
		at++;
	}
	to[fold.used] = '\0';
	return fold.used;
}
