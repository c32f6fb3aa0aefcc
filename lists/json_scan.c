#include "lists/json_scan.h"

#include <stdbool.h>
#include <stdint.h>

/* No list nests deeper than four; each level is a bit. */
enum { DEPTH_MAX = 32 };

enum expected {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,
	EXPECT_KEY,
	EXPECT_KEY_OR_END,
	EXPECT_COLON,
	EXPECT_NEXT, /* a comma or the end of what the value is in */
};

struct scan {
	const char *bytes;
	size_t size, at;
	enum expected expected;
	uint32_t objects; /* a bit for each level: an object, or an array */
	unsigned depth;
};

size_t json_scan_space(const char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size && (bytes[length] == ' ' || bytes[length] == '\n' ||
					bytes[length] == '\r' || bytes[length] == '\t'))
		length++;
	return length;
}

static bool wants_value(const struct scan *scan)
{
	return scan->expected == EXPECT_VALUE || scan->expected == EXPECT_VALUE_OR_END;
}

static bool in_object(const struct scan *scan)
{
	return (scan->objects >> (scan->depth - 1) & 1) != 0;
}

/* At the opening quote; moves behind the closing one. */
static enum json_scan scan_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->size; scan->at++) {
		char byte = scan->bytes[scan->at];

		if (byte == '"') {
			scan->at++;
			return JSON_SCAN_VALUE;
		}
		if ((unsigned char)byte < ' ')
			return JSON_SCAN_BROKEN;
		if (byte == '\\' && ++scan->at < scan->size &&
			(unsigned char)scan->bytes[scan->at] < ' ')
			return JSON_SCAN_BROKEN;
	}
	return JSON_SCAN_UNFINISHED;
}

/* A number, true, false, null, or what looks like one. */
static bool scan_word(struct scan *scan)
{
	size_t start = scan->at;

	for (; scan->at < scan->size; scan->at++) {
		char byte = scan->bytes[scan->at];

		if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			    (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' ||
			    byte == '.'))
			break;
	}
	return scan->at > start;
}

static bool open_level(struct scan *scan, bool object)
{
	if (!wants_value(scan) || scan->depth == DEPTH_MAX)
		return false;
	scan->objects &= ~(UINT32_C(1) << scan->depth);
	scan->objects |= (uint32_t)object << scan->depth;
	scan->depth++;
	scan->expected = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	return true;
}

static bool close_level(struct scan *scan, bool object)
{
	enum expected empty = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;

	if (scan->depth == 0 || in_object(scan) != object ||
		(scan->expected != empty && scan->expected != EXPECT_NEXT))
		return false;
	scan->depth--;
	scan->expected = EXPECT_NEXT;
	return true;
}

/* Punctuation, which is one byte. */
static bool scan_mark(struct scan *scan, char byte)
{
	scan->at++;
	switch (byte) {
	case '{':
	case '[':
		return open_level(scan, byte == '{');
	case '}':
	case ']':
		return close_level(scan, byte == '}');
	case ':':
		if (scan->expected != EXPECT_COLON)
			return false;
		scan->expected = EXPECT_VALUE;
		return true;
	default: /* a comma */
		if (scan->expected != EXPECT_NEXT || scan->depth == 0)
			return false;
		scan->expected = in_object(scan) ? EXPECT_KEY : EXPECT_VALUE;
		return true;
	}
}

static bool is_mark(char byte)
{
	return byte == '{' || byte == '}' || byte == '[' || byte == ']' || byte == ':' ||
	       byte == ',';
}

static enum json_scan scan_token(struct scan *scan)
{
	char byte = scan->bytes[scan->at];

	if (is_mark(byte))
		return scan_mark(scan, byte) ? JSON_SCAN_VALUE : JSON_SCAN_BROKEN;
	if (wants_value(scan)) {
		scan->expected = EXPECT_NEXT;
		if (byte == '"')
			return scan_string(scan);
		return scan_word(scan) ? JSON_SCAN_VALUE : JSON_SCAN_BROKEN;
	}
	if (byte != '"' ||
		(scan->expected != EXPECT_KEY && scan->expected != EXPECT_KEY_OR_END))
		return JSON_SCAN_BROKEN;
	scan->expected = EXPECT_COLON;
	return scan_string(scan);
}

enum json_scan json_scan(const char *bytes, size_t size, size_t *length)
{
	struct scan scan = { .bytes = bytes, .size = size };
	enum json_scan end = JSON_SCAN_VALUE;

	do {
		scan.at += json_scan_space(bytes + scan.at, size - scan.at);
		end = scan.at == size ? JSON_SCAN_UNFINISHED : scan_token(&scan);
	} while (end == JSON_SCAN_VALUE &&
		 (scan.depth > 0 || scan.expected != EXPECT_NEXT));
	*length = scan.at;
	return end;
}
