#pragma once

#include <stdbool.h>

#include "feedback/classify.h"
#include "feedback/maillog.h"
#include "feedback/outcome.h"

/*
 * What a line of Postfix's log says of its recipient, as a report would:
 * "delivered", "delayed" (with the class that it has so far) or "failed".
 * False for a line that is of no delivery, or that tells of our own refusal.
 */
bool maillog_outcome(const struct classifier *classifier, const struct maillog *event,
	struct outcome *outcome);

/*
 * The class of a failure that the log tells of only later ("expired"), by what
 * was said at the last try.  OUTCOME has recipient, status and diagnostic.
 */
void maillog_judge(const struct classifier *classifier, const char *refuser,
	enum smtp_stage stage, struct outcome *outcome);
