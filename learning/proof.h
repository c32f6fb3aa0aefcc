#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/account.h"
#include "policy/message.h"

/*
 * What the copies of X-Okite-Token in a report prove of one recipient: that
 * we sent mail to it, when, and for whom.  Anybody who got one of our
 * messages can copy its token, so a token of several recipients proves less:
 * each of them could use it against the others.
 */
enum proof_token {
	PROOF_NONE,    /* there is no token */
	PROOF_INVALID, /* none of ours, or not about this recipient */
	PROOF_OLD,     /* older than FEEDBACK_MAX_US, or from the future */
	PROOF_VALID,
};

struct proof {
	enum proof_token token;
	bool several; /* the message had further recipients */
	char account[ACCOUNT_SIZE];
	int64_t accepted_us;
	char digest[DIGEST_TEXT_SIZE]; /* the recipient's */
};

/*
 * RECIPIENT is NULL where the report hides it: then a token of one recipient
 * proves which it was, and one of several that it was one of them (digest "").
 * Only COUNT tokens are looked at, in their order; the best one counts.
 */
void proof_find(struct proof *proof, const struct secret *secret, char *const *tokens,
	size_t count, const struct recipient *recipient, int64_t now_us);
