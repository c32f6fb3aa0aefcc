#include "feedback/maillog_outcome.h"

#include <string.h>

void maillog_judge(const struct classifier *classifier, const char *refuser,
	enum smtp_stage stage, struct outcome *outcome)
{
	const struct evidence evidence = {
		.text = outcome->diagnostic,
		.size = strlen(outcome->diagnostic),
		.status = outcome->status,
		.action = outcome->action,
		.recipient = outcome->recipient,
		.refuser = refuser,
		.reporter = "postfix",
		.stage = stage,
	};
	struct judgement judgement;

	classify(classifier, &evidence, &judgement);
	outcome->kind = KIND_BOUNCE;
	outcome->class = judgement.class;
	span_copy(outcome->reason, sizeof(outcome->reason), span_of(judgement.reason));
	span_copy(outcome->status, sizeof(outcome->status), span_of(judgement.status));
}

bool maillog_outcome(const struct classifier *classifier, const struct maillog *event,
	struct outcome *outcome)
{
	static const char *const actions[MAILLOG_KIND_COUNT] = {
		[MAILLOG_SENT] = "delivered",
		[MAILLOG_DEFERRED] = "delayed",
		[MAILLOG_BOUNCED] = "failed",
	};
	char refuser[DOMAIN_MAX + 1];

	*outcome = (struct outcome){ .kind = KIND_NONE };
	if (actions[event->kind] == NULL || event->ours)
		return false;
	span_copy(
		outcome->recipient, sizeof(outcome->recipient), maillog_addressee(event));
	span_copy(outcome->status, sizeof(outcome->status), event->status);
	span_copy(
		outcome->action, sizeof(outcome->action), span_of(actions[event->kind]));
	span_copy(outcome->diagnostic, sizeof(outcome->diagnostic), event->text);
	span_copy(refuser, sizeof(refuser), event->refuser);
	if (event->kind != MAILLOG_SENT)
		maillog_judge(classifier, refuser, event->stage, outcome);
	return true;
}
