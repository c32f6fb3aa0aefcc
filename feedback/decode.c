#include "feedback/decode.h"

#include <stdint.h>
#include <string.h>

#include "feedback/charset.h"
#include "feedback/utf8.h"

enum encoding encoding_named(struct span name)
{
	name = span_trim(name);
	if (span_starts(name, "base64"))
		return ENCODING_BASE64;
	if (span_starts(name, "quoted-printable"))
		return ENCODING_QUOTED_PRINTABLE;
	return ENCODING_NONE;
}

/* 0 to 63, or -1; both alphabets of RFC 4648. */
static int base64_value(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (is_digit(byte))
		return byte - '0' + 52;
	if (byte == '+' || byte == '-')
		return 62;
	if (byte == '/' || byte == '_')
		return 63;
	return -1;
}

void decode_base64(struct buffer *to, struct span from)
{
	char *out = buffer_reserve(to, from.size / 4 * 3 + 4);
	uint32_t bits = 0;
	int held = 0;

	for (size_t i = 0; i < from.size; i++) {
		int value = base64_value(from.text[i]);

		if (from.text[i] == '=')
			held = 0; /* The end, or that of one of several put together. */
		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*out++ = (char)(bits >> held);
		}
	}
	to->size = (size_t)(out - to->bytes);
}

/* The byte that =XX at TEXT stands for; -1 where it is none. */
static int escaped_byte(struct span text)
{
	int high, low;

	if (text.size < 3)
		return -1;
	high = utf8_hex_digit(text.text[1]);
	low = utf8_hex_digit(text.text[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The length of a soft line break at TEXT; 0 where there is none. */
static size_t soft_break(struct span text)
{
	size_t i = 1;

	while (i < text.size && is_blank(text.text[i]))
		i++;
	if (i == text.size)
		return i;
	return text.text[i] == '\n' ? i + 1 : 0;
}

void decode_quoted_printable(struct buffer *to, struct span from)
{
	char *out = buffer_reserve(to, from.size);

	while (from.size > 0) {
		const char *equals = memchr(from.text, '=', from.size);
		size_t plain = equals == NULL ? from.size : (size_t)(equals - from.text);
		int byte;

		memcpy(out, from.text, plain);
		out += plain;
		from = span_skip(from, plain);
		if (from.size == 0)
			break;
		byte = escaped_byte(from);
		if (byte >= 0) {
			*out++ = (char)byte;
			from = span_skip(from, 3);
			continue;
		}
		plain = soft_break(from);
		if (plain == 0) {
			*out++ = '=';
			plain = 1;
		}
		from = span_skip(from, plain);
	}
	to->size = (size_t)(out - to->bytes);
}

void decode_transfer(struct buffer *to, struct span from, enum encoding encoding)
{
	if (encoding == ENCODING_BASE64)
		decode_base64(to, from);
	else if (encoding == ENCODING_QUOTED_PRINTABLE)
		decode_quoted_printable(to, from);
	else
		buffer_add(to, from.text, from.size);
}

/* An encoded word at the start of TEXT: its parts, and its length; 0 where there is none. */
static size_t encoded_word(
	struct span text, struct span *charset, char *how, struct span *body)
{
	const char *end = span_end(text), *mark, *last;

	if (text.size < 8 || text.text[0] != '=' || text.text[1] != '?')
		return 0;
	/* RFC 2047 2 says 75; Outlook needs more. */
	if (text.size > 1000)
		end = text.text + 1000;
	mark = memchr(text.text + 2, '?', (size_t)(end - text.text - 2));
	if (mark == NULL || end - mark < 4 || mark[2] != '?')
		return 0;
	*charset = span_between(text.text + 2, mark);
	*how = lower(mark[1]);
	mark += 3;
	last = memchr(mark, '?', (size_t)(end - mark));
	if (last == NULL || last + 1 >= end || last[1] != '=')
		return 0;
	*body = span_between(mark, last);
	return (size_t)(last + 2 - text.text);
}

static void decode_word(struct buffer *to, char how, struct span body)
{
	size_t start = to->size;

	if (how == 'b') {
		decode_base64(to, body);
		return;
	}
	decode_quoted_printable(to, body);
	for (size_t i = start; i < to->size; i++)
		if (to->bytes[i] == '_')
			to->bytes[i] = ' ';
}

void decode_words(struct buffer *to, struct span from)
{
	struct buffer bytes = { 0 };
	struct span charset = SPAN_NONE;

	while (from.size > 0) {
		struct span set, body, between;
		char how;
		size_t size = encoded_word(from, &set, &how, &body);

		if (size == 0) {
			const char *next =
				from.size > 1 ? memchr(from.text + 1, '=', from.size - 1)
					      : NULL;

			size = next == NULL ? from.size : (size_t)(next - from.text);
			between = span_trim((struct span){ from.text, size });
			/* White space between two words goes; so a character may be cut in two. */
			if (between.size > 0 || charset.text == NULL) {
				charset_to_utf8(to, buffer_span(&bytes), charset);
				bytes.size = 0;
				charset = SPAN_NONE;
				charset_to_utf8(
					to, (struct span){ from.text, size }, SPAN_NONE);
			}
			from = span_skip(from, size);
			continue;
		}
		if (!span_equal(set, charset)) {
			charset_to_utf8(to, buffer_span(&bytes), charset);
			bytes.size = 0;
			charset = set;
		}
		decode_word(&bytes, how, body);
		from = span_skip(from, size);
	}
	charset_to_utf8(to, buffer_span(&bytes), charset);
	buffer_clear(&bytes);
}
