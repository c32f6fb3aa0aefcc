#include "milter/recipient.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "milter/decide.h"
#include "milter/reply.h"
#include "milter/report.h"

/*
 * Where the MTA would really send it: {rcpt_addr} is the recipient after it
 * was rewritten, so that "victim%elsewhere@ours" is not ours.  NULL when that
 * is the envelope's address or says nothing, as of Sendmail's local users.
 */
static const char *resolved_address(SMFICTX *context, const char *envelope)
{
	const char *resolved = macro(context, "{rcpt_addr}");
	size_t length = strlen(resolved);

	if (strchr(resolved, '@') == NULL)
		return NULL;
	if (envelope[0] == '<')
		envelope++;
	if (strncasecmp(envelope, resolved, length) == 0 &&
		(envelope[length] == '>' || envelope[length] == '\0'))
		return NULL;
	return resolved;
}

/* The address to judge; what is wrong with it, or NULL. */
static const char *read_address(
	SMFICTX *context, const char *envelope, struct address *address)
{
	const char *resolved = resolved_address(context, envelope);

	/* In Postfix's own form a quoted local part has no quotes, and is none to us; in
	 * Sendmail's a local one has no domain, though there may be an @ in the quotes. */
	if (resolved != NULL && address_parse(address, resolved, NULL) == NULL &&
		address->domain[0] != '\0')
		return NULL;
	return address_parse(address, envelope, macro_domain(context, "{rcpt_addr}"));
}

/* What VERDICT on a recipient means for the session, and the answer. */
static sfsistat apply(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const char *envelope,
	const struct verdict *verdict)
{
	struct listed *listed;

	if (!verdict->observed && verdict_is_refusal(verdict))
		return reply_refusal(context, session, recipient, verdict, "rcpt");
	if (verdict->observed && verdict->rule[0] != '\0')
		report_refused(session, recipient, verdict, "rcpt");
	listed = session_list(session, recipient, envelope);
	if (verdict->kind == VERDICT_DISCARD && !verdict->observed) {
		listed->removed = true;
		report_removed(session, recipient, verdict, "rcpt");
		return SMFIS_CONTINUE;
	}
	if (verdict->kind == VERDICT_HOLD && !verdict->observed &&
		session->hold.rule[0] == '\0')
		session->hold = *verdict;
	listed->counts = true;
	session->message.accepted++;
	session->unjudged += strcmp(verdict->rule, "redis") == 0;
	return SMFIS_CONTINUE;
}

/* An envelope that is no address: told at once, or at the end where that is not possible. */
static sfsistat refuse_fault(SMFICTX *context, struct session *session,
	const char *envelope, const char *fault, const char *status)
{
	struct recipient recipient = { .digest = "" };
	struct verdict verdict;

	/* As it came, but for its brackets: whoever shows it makes it printable. */
	text_copy(recipient.address.text, sizeof(recipient.address.text),
		envelope + (envelope[0] == '<'));
	recipient.address.text[strcspn(recipient.address.text, ">")] = '\0';
	if (session->message.judged_whole) {
		session_list(session, &recipient, envelope)->fault = fault;
		return SMFIS_CONTINUE;
	}
	reply_to_fault(session, &verdict, fault, status);
	if (!verdict.observed)
		return reply_refusal(context, session, &recipient, &verdict, "rcpt");
	report_refused(session, &recipient, &verdict, "rcpt");
	return SMFIS_CONTINUE;
}

static sfsistat judge(SMFICTX *context, struct session *session, const char *envelope)
{
	struct recipient recipient = { .digest = "" };
	struct address address;
	struct verdict verdict;
	const char *fault;

	if (session->fault != NULL && !session->message.judged_whole)
		return refuse_fault(context, session, envelope, session->fault,
			session->fault_status);
	fault = read_address(context, envelope, &address);
	if (fault != NULL)
		return refuse_fault(context, session, envelope, fault, "5.1.3");
	recipient_set(&recipient, &address, session->runtime->secret);
	if (session->message.judged_whole) {
		session_list(session, &recipient, envelope);
		return SMFIS_CONTINUE;
	}
	decide_recipient(session, &recipient, &verdict);
	/* Internal recipients need not be remembered: nothing is done about them. */
	if (strcmp(verdict.rule, "internal") == 0) {
		session->message.internal++;
		return SMFIS_CONTINUE;
	}
	return apply(context, session, &recipient, envelope, &verdict);
}

/* Remember where those accepted go, whose other names are then accepted as well. */
static sfsistat judge_merged(
	SMFICTX *context, struct session *session, const char *envelope)
{
	char *destination = destination_read(context);
	size_t listed = session->listed_count;
	sfsistat status = SMFIS_CONTINUE;

	if (destination == NULL)
		return judge(context, session, envelope);
	if (destinations_have(&session->destinations, destination))
		goto out;
	status = judge(context, session, envelope);
	if (status != SMFIS_CONTINUE)
		goto out;
	if (session->listed_count > listed && session->listed[listed].removed)
		session->listed[listed].destination = destination;
	else
		destinations_add(&session->destinations, destination);
	return status;
out:
	free(destination);
	return status;
}

sfsistat recipient_judge(SMFICTX *context, struct session *session, const char *envelope)
{
	return session->merges_recipients ? judge_merged(context, session, envelope)
					  : judge(context, session, envelope);
}
