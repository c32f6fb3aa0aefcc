#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "learning/lesson.h"

/*
 * News on its way to the store, in batches: kept, then the accounts that it
 * counts for are judged anew, then it is told to whoever wants to know.
 * Belongs to one thread.
 *
 * All of it may be done again: when a flush fails, or the process is killed
 * before what the news came from is taken off, it is simply told once more.
 */
struct learner;

/* What came of one piece of news. */
struct finding {
	enum source source;
	struct outcome outcome;
	enum proof_token token;
	const char *
		doubt; /* why nothing was learned from it; NULL: nothing is wrong with it */
	bool trusted;
	bool taught;
	char account[ACCOUNT_SIZE];
	char scope[ACCOUNT_SIZE];
	struct learned learned; /* where it taught something */
};
typedef void finding_visitor(const struct finding *finding, void *context);

struct learner *learner_new(const struct conf *conf, const struct secret *secret,
	struct store *store, finding_visitor *tell, void *context);
/* What was not flushed is dropped. */
void learner_free(struct learner *learner);

void learner_take(struct learner *learner, const struct news *news);

/* It has so much that it is time to flush. */
bool learner_is_full(const struct learner *learner);

/* False, with ERROR set, when the store failed: then it is to be told again. */
bool learner_flush(struct learner *learner, struct error *error);

/* For the sources: what they read with, and where they ask. */
const struct conf *learner_conf(const struct learner *learner);
const struct secret *learner_secret(const struct learner *learner);
struct store *learner_store(const struct learner *learner);
