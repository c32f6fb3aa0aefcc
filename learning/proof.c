#include "learning/proof.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "policy/token.h"
#include "store/store.h"

/* The clocks of two nodes of a fleet may differ so much. */
enum { CLOCK_SLACK_S = 3600 };

static bool covers(const struct token *token, const struct recipient *recipient)
{
	uint8_t digest[DIGEST_BYTES];

	if (!digest_from_text(recipient->digest, digest))
		return false;
	for (size_t i = 0; i < token->recipient_count; i++)
		if (memcmp(token->recipients[i], digest, sizeof(digest)) == 0)
			return true;
	return false;
}

static void prove(struct proof *proof, const struct token *token,
	const struct recipient *recipient, int64_t now_us)
{
	bool old = token->time_us < now_us - FEEDBACK_MAX_US ||
		   token->time_us > now_us + CLOCK_SLACK_S * SECOND_US;

	*proof = (struct proof){
		.token = old ? PROOF_OLD : PROOF_VALID,
		.several = token->recipient_count != 1,
		.accepted_us = token->time_us,
	};
	text_copy(proof->account, sizeof(proof->account), token->account);
	if (recipient != NULL)
		text_copy(proof->digest, sizeof(proof->digest), recipient->digest);
	else if (token->recipient_count == 1)
		digest_to_text(token->recipients[0], proof->digest);
}

void proof_find(struct proof *proof, const struct secret *secret, char *const *tokens,
	size_t count, const struct recipient *recipient, int64_t now_us)
{
	struct proof found;
	struct token token;

	*proof = (struct proof){ .token = count > 0 ? PROOF_INVALID : PROOF_NONE };
	for (size_t i = 0; i < count; i++) {
		if (!token_read(&token, secret, tokens[i]) ||
			(recipient != NULL && !covers(&token, recipient)))
			continue;
		prove(&found, &token, recipient, now_us);
		if (found.token > proof->token)
			*proof = found;
	}
}
