#include "policy/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/text.h"

/*
 * Under the seal: version (1 byte), time (8, microseconds, big-endian),
 * length of the account (1) and the account, then the digests.  In the header: base64,
 * folded so that no line comes near the 78 columns of RFC 5322 2.1.1.
 */
enum {
	TOKEN_VERSION = 1,
	HEAD_BYTES = 1 + 8 + 1,
	PLAIN_MAX = HEAD_BYTES + ACCOUNT_SIZE + TOKEN_RECIPIENTS_MAX * DIGEST_BYTES,
	SEALED_MAX = PLAIN_MAX + SEAL_OVERHEAD,
	LINE_BYTES = 48, /* 64 characters of base64 */
};

static size_t write_plain(const struct token *token, uint8_t *plain)
{
	uint64_t time = (uint64_t)token->time_us;
	size_t account = strlen(token->account), size = 0;

	plain[size++] = TOKEN_VERSION;
	for (int shift = 56; shift >= 0; shift -= 8)
		plain[size++] = (uint8_t)(time >> shift);
	plain[size++] = (uint8_t)account;
	memcpy(plain + size, token->account, account);
	size += account;
	if (token->recipient_count <= TOKEN_RECIPIENTS_MAX) {
		memcpy(plain + size, token->recipients,
			token->recipient_count * DIGEST_BYTES);
		size += token->recipient_count * DIGEST_BYTES;
	}
	return size;
}

void token_write(
	const struct token *token, const struct secret *secret, char text[TOKEN_TEXT_MAX])
{
	uint8_t plain[PLAIN_MAX], sealed[SEALED_MAX];
	size_t size = write_plain(token, plain);

	seal(secret, plain, size, sealed);
	size += SEAL_OVERHEAD;
	for (size_t at = 0; at < size; at += LINE_BYTES) {
		size_t part = size - at < LINE_BYTES ? size - at : LINE_BYTES;

		if (at > 0)
			text = stpcpy(text, "\n\t");
		text = base64_write(text, sealed + at, part);
	}
}

static bool read_plain(struct token *token, const uint8_t *plain, size_t size)
{
	uint64_t time = 0;
	size_t account;

	if (size < HEAD_BYTES || plain[0] != TOKEN_VERSION)
		return false;
	for (size_t i = 1; i <= 8; i++)
		time = time << 8 | plain[i];
	account = plain[9];
	plain += HEAD_BYTES;
	size -= HEAD_BYTES;
	if (account > size || account >= sizeof(token->account))
		return false;
	memcpy(token->account, plain, account);
	token->account[account] = '\0';
	plain += account;
	size -= account;
	if (size % DIGEST_BYTES != 0 || size / DIGEST_BYTES > TOKEN_RECIPIENTS_MAX)
		return false;
	token->recipient_count = size / DIGEST_BYTES;
	memcpy(token->recipients, plain, size);
	token->time_us = (int64_t)time;
	return true;
}

bool token_read(struct token *token, const struct secret *secret, const char *text)
{
	uint8_t sealed[SEALED_MAX], plain[SEALED_MAX];
	size_t size;

	if (!base64_read(sealed, sizeof(sealed), &size, text) || size <= SEAL_OVERHEAD ||
		!unseal(secret, sealed, size, plain))
		return false;
	return read_plain(token, plain, size - SEAL_OVERHEAD);
}
