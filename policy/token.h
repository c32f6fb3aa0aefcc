#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/account.h"

/*
 * X-Okite-Token, the header by which a bounce or a complaint proves that it
 * is about mail we sent: account, time and the recipients' digests, sealed
 * (base/digest.h), in base64, folded.  Who has not the secret reads nothing
 * in it.
 */
#define TOKEN_HEADER "X-Okite-Token"

enum {
	TOKEN_TEXT_MAX = 4096,
	/* More recipients than fit: the token proves the account, and no recipient. */
	TOKEN_RECIPIENTS_MAX = 160,
};

struct token {
	char account[ACCOUNT_SIZE];
	int64_t time_us;	/* with it, account and recipient a message is known */
	size_t recipient_count; /* as written: 0 where there were too many */
	/* One of all zeros stands for those who got it and count for nothing. */
	uint8_t recipients[TOKEN_RECIPIENTS_MAX][DIGEST_BYTES];
};

/* The header's value for TOKEN; TEXT gets at most TOKEN_TEXT_MAX bytes with its end. */
void token_write(const struct token *token, const struct secret *secret,
	char text[TOKEN_TEXT_MAX]);

/* From a header's value, however it was folded meanwhile.  False when it is not one of
 * ours. */
bool token_read(struct token *token, const struct secret *secret, const char *text);
