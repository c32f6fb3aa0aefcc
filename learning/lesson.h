#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "feedback/outcome.h"
#include "learning/proof.h"
#include "store/store.h"

/*
 * From what somebody says of one recipient to what is done about it: whether
 * it is believed, whose it is, and which lesson it teaches.  Pure.
 */
enum source { SOURCE_MESSAGE, SOURCE_SNS, SOURCE_LOG, SOURCE_COUNT };
extern const char *const source_names[SOURCE_COUNT];

struct news {
	enum source source;
	const struct outcome *outcome;
	/* About the outcome's recipient, from a token or from a queue id that we noted. */
	struct proof proof;
	bool believed;	     /* whoever tells it is believed without a token */
	const char *doubt;   /* why it is not believed whatever its tokens say, or NULL */
	const char *report;  /* what tells repetitions where there is no proof */
	bool unsubscribes;   /* a complaint that only wants no more mail */
	bool one_of_several; /* it may as well be about another of the recipients */
	bool not_sent; /* on a list of the relay's: nothing that could count was sent */
	bool quiet;    /* too frequent for an event each */
	const char *queue_id;
	int64_t happened_us; /* 0: now */
};

/*
 * False where nothing is to be learned; DOUBT then says why (a sentence's
 * second half, which lives for ever or as long as NEWS), or is NULL where
 * there is nothing wrong with it.
 */
bool lesson_make(struct lesson *lesson, const struct news *news, const struct conf *conf,
	const struct secret *secret, const char **doubt);
