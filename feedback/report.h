#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/classify.h"
#include "feedback/outcome.h"

/*
 * One report that came back by mail: a bounce (RFC 3464 and all that is not),
 * a complaint (RFC 5965, Microsoft's), an automatic reply, or none of them.
 * Pure: bytes in, outcomes out.  Nothing in it is believed here: who believes
 * it looks at the token.
 */
enum { REPORT_SIZE_MAX = 32 << 20, OUTCOMES_MAX = 1000, TOKENS_MAX = 8 };

struct report {
	struct outcome *outcomes;
	size_t count;
	char **tokens; /* the values of X-Okite-Token in the returned message */
	size_t token_count;
	char message_id[256];	/* of the report itself: for telling repetitions */
	char feedback_type[24]; /* of a complaint: abuse, opt-out, not-spam ... */
};

/* Never fails: what cannot be read is no report, and has no outcomes or one of KIND_NONE. */
void report_parse(const struct classifier *classifier, const char *bytes, size_t size,
	struct report *report);
void report_clear(struct report *report);
