#pragma once

#include "cli/cli.h"
#include "policy/message.h"
#include "policy/verdict.h"

/*
 * What would happen to a message.  The same calls that the daemon makes, but
 * the question to the store only looks; what recipients before would have
 * used up is added to it as pending.
 */

/* What an accepted recipient before would have used up. */
struct use {
	char *key;
	char member[DIGEST_TEXT_SIZE];
	int64_t amount;
};

struct answer {
	struct recipient recipient;
	struct verdict verdict;
	struct limit_view *limits;
	size_t limit_count;
};

struct explanation {
	struct cli *cli;
	struct message message;
	struct account account;
	struct answer *answers; /* one for each --to */
	size_t count;
	struct use *uses;
	size_t use_count;
	struct error error;
};

/*
 * Find the answers on a message that is outgoing and whose account's record is
 * read: over SMTP recipient by recipient, from sendmail(1) as a whole.  False,
 * with the error set, when the store has no answer.
 */
bool explanation_find_each(struct explanation *explanation);
bool explanation_find_whole(struct explanation *explanation);
