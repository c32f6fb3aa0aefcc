#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "feedback/classify.h"
#include "feedback/span.h"
#include "learning/learner.h"

/*
 * Postfix's own log as a source: our MTA's word is believed about every message
 * whose queue id okited noted when it let it pass, of those recipients that it was
 * for; all other mail, as what comes in, is only relayed or copied, teaches nothing.  What a message waits for is kept in
 * the store, since "expired" names no recipients.
 */
enum { LINES_MAX = 512 };

/* Lines in the log's order.  False, with ERROR set, when the store failed: then all of them again. */
bool learn_log(struct learner *learner, const struct classifier *classifier,
	const struct span *lines, size_t count, struct error *error);
