#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/memory.h"

char *base64_write(char *text, const uint8_t *bytes, size_t size)
{
	return text + EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
}

/* TEXT without white space; NULL when more than LENGTH characters remain. */
static char *squeeze(const char *text, size_t limit, size_t *length)
{
	char *packed = xmalloc(limit + 1);

	*length = 0;
	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL)
			continue;
		if (*length == limit) {
			free(packed);
			return NULL;
		}
		packed[(*length)++] = *text;
	}
	packed[*length] = '\0';
	return packed;
}

bool base64_read(uint8_t *bytes, size_t room, size_t *size, const char *text)
{
	size_t length, padding = 0;
	char *packed = squeeze(text, BASE64_SIZE(room) - 1, &length);
	uint8_t *decoded = NULL;
	bool ok = false;
	int got;

	if (packed == NULL || length == 0 || length % 4 != 0)
		goto out;
	while (padding < 2 && packed[length - 1 - padding] == '=')
		padding++;
	/* OpenSSL takes = for a zero wherever it stands. */
	if (memchr(packed, '=', length - padding) != NULL)
		goto out;
	decoded = xmalloc(length);
	got = EVP_DecodeBlock(decoded, (unsigned char *)packed, (int)length);
	if (got < 0 || (size_t)got - padding > room)
		goto out;
	*size = (size_t)got - padding;
	memcpy(bytes, decoded, *size);
	ok = true;
out:
	free(decoded);
	free(packed);
	return ok;
}
