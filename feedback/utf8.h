#pragma once

#include <stddef.h>

/*
 * A code point as UTF-8 in at most 4 bytes of TO; a space for what is no
 * character.  Returns the length.
 */
size_t utf8_write(char *to, unsigned long point);

/* The length of the character of UTF-8 at BYTES (RFC 3629 4); 0 where there is none. */
size_t utf8_length(const char *bytes, size_t size);

/* 0 to 15, or -1. */
int utf8_hex_digit(char byte);
