#include "feedback/utf8.h"

#include <stdint.h>

size_t utf8_write(char *to, unsigned long point)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa1) || point > 0x10ffff ||
		(point >= 0xd800 && point < 0xe000)) {
		to[0] = ' ';
		return 1;
	}
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | point >> 18);
	to[1] = (char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

size_t utf8_length(const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t length;
	uint32_t point;

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (size < length)
		return 0;
	point = bytes[0] & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	if ((length == 3 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
		(length == 4 && (point < 0x10000 || point > 0x10ffff)))
		return 0;
	return length;
}

int utf8_hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}
