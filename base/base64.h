#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Base64 (RFC 4648 4) over OpenSSL, strict but for the white space that mail puts in. */

/* Room that SIZE bytes need as text, with the end. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)

/* Returns the end of what was written, where the terminating NUL is. */
char *base64_write(char *text, const uint8_t *bytes, size_t size);

/* False when TEXT is no base64, or is more than ROOM bytes. */
bool base64_read(uint8_t *bytes, size_t room, size_t *size, const char *text);
