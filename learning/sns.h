#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "learning/learner.h"

/*
 * A notification of Amazon SNS about mail that went out through SES, or SES's
 * object alone.  Believed is what SNS has signed for a topic of feedback.sns_topics,
 * by a certificate in the folder feedback.sns_certificates; what is not signed needs
 * a token, as a mail does.  No URL is ever followed.
 */
void learn_sns(struct learner *learner, const char *bytes, size_t size);
