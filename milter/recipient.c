#include "milter/recipient.h"

#include <string.h>

#include "milter/decide.h"
#include "milter/finish.h"
#include "milter/metrics.h"
#include "milter/reply.h"
#include "milter/report.h"

/* What VERDICT on a recipient means for the session, and the answer. */
static sfsistat apply(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const char *envelope,
	const struct verdict *verdict)
{
	struct listed *listed;

	if (!verdict->observed &&
		(verdict->kind == VERDICT_TEMPFAIL || verdict->kind == VERDICT_REJECT)) {
		finish_refused(session, recipient, verdict);
		return reply_refusal(context, session, recipient, verdict, "rcpt");
	}
	if (verdict->observed && verdict->rule[0] != '\0')
		report_refused(session, recipient, verdict, "rcpt");
	/* Internal recipients need not be remembered: nothing is done about them. */
	if (strcmp(verdict->rule, "internal") == 0) {
		session->internal++;
		return SMFIS_CONTINUE;
	}
	listed = session_list(session, recipient, envelope);
	if (verdict->kind == VERDICT_DISCARD && !verdict->observed) {
		listed->removed = true;
		finish_discarded(session, recipient, verdict);
		return SMFIS_CONTINUE;
	}
	if (verdict->kind == VERDICT_HOLD && !verdict->observed &&
		session->hold.rule[0] == '\0')
		session->hold = *verdict;
	listed->counts = true;
	session->message.accepted++;
	metrics_recipient(verdict->kind == VERDICT_HOLD ? VERDICT_HOLD : VERDICT_ACCEPT,
		verdict->observed ? "" : verdict->rule);
	return SMFIS_CONTINUE;
}

sfsistat recipient_judge(SMFICTX *context, struct session *session, const char *envelope)
{
	struct address address;
	struct recipient recipient = { .digest = "" };
	struct verdict verdict;
	const char *fault = session->fault;

	if (fault != NULL)
		reply_to_fault(&verdict, fault, "5.1.7");
	else if ((fault = address_parse(&address, envelope,
			  macro_domain(context, "{rcpt_addr}"))) != NULL)
		reply_to_fault(&verdict, fault, "5.1.3");
	if (fault != NULL) {
		if (session->message.judged_whole)
			session->fault = fault;
		else
			return reply_refusal(context, session, NULL, &verdict, "rcpt");
		return SMFIS_CONTINUE;
	}
	recipient_set(&recipient, &address, session->runtime->secret);
	if (session->message.judged_whole) {
		session_list(session, &recipient, envelope);
		return SMFIS_CONTINUE;
	}
	decide_recipient(session, &recipient, &verdict);
	return apply(context, session, &recipient, envelope, &verdict);
}
