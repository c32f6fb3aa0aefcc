#include "milter/finish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "milter/decide.h"
#include "milter/metrics.h"
#include "milter/report.h"
#include "policy/token.h"

/*
 * Copies of the token header that a client may have put in are taken out
 * without asking the MTA for the headers, which would cost more than all the
 * rest: header number 1 so many times.  Ours comes first in any case.
 */
enum { FOREIGN_TOKENS_MAX = 10 };

/* The simulator's addresses act out what real mail would bring. */
static enum event_kind simulated_event(
	const struct recipient *recipient, enum event_kind other)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} kinds[] = {
		{ "success", EVENT_DELIVERED },
		{ "complaint", EVENT_COMPLAINT },
		{ "bounce", EVENT_BOUNCE },
		{ "softbounce", EVENT_BOUNCE },
		{ "suppressionlist", EVENT_BOUNCE },
	};
	size_t length = strcspn(recipient->address.text, "+@");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == length &&
			memcmp(kinds[i].name, recipient->address.text, length) == 0)
			return kinds[i].kind;
	return other;
}

static void note(struct session *session, enum event_kind kind,
	const struct recipient *recipient, const struct verdict *verdict)
{
	if (strcmp(verdict->rule, "simulator") == 0)
		kind = simulated_event(recipient, kind);
	(void)session_event(session, kind, recipient, verdict);
}

void finish_refused(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict)
{
	note(session, EVENT_REFUSED, recipient, verdict);
}

void finish_discarded(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict)
{
	note(session, EVENT_REMOVED, recipient, verdict);
	report_refused(session, recipient, verdict, "rcpt");
}

/* Mail from sendmail(1) is judged now; over SMTP every recipient has been. */
static void judge(struct session *session, struct verdict *verdict)
{
	const struct policy *policy = &session->runtime->conf->policy;
	int64_t bytes = session->counts_bytes ? session->bytes + 2 : 0;

	*verdict = (struct verdict){ .kind = VERDICT_ACCEPT };
	if (bytes > session->message.size)
		session->message.size = bytes;
	if (policy_too_large(policy, session->message.size, verdict) &&
		!verdict->observed)
		return;
	if (session->message.judged_whole)
		decide_whole(session, verdict);
	else if (session->hold.rule[0] != '\0')
		*verdict = session->hold;
	else if (!verdict->observed)
		verdict->kind = VERDICT_ACCEPT;
}

/* Is there anybody whom the message would go to? */
static bool anybody_left(const struct session *session)
{
	size_t removed = 0;

	for (size_t i = 0; i < session->listed_count; i++)
		removed += session->listed[i].removed;
	return removed == 0 || session->listed_count - removed + session->internal > 0;
}

static char *make_token(const struct session *session)
{
	struct token *token = xcalloc(1, sizeof(*token));
	char *text = xmalloc(TOKEN_TEXT_MAX);

	text_copy(token->account, sizeof(token->account), session->message.account);
	token->time_us = clock_now_us();
	for (size_t i = 0; i < session->listed_count; i++) {
		const struct listed *listed = &session->listed[i];

		if (!listed->counts)
			continue;
		if (token->recipient_count < TOKEN_RECIPIENTS_MAX)
			(void)digest_from_text(listed->recipient.digest,
				token->recipients[token->recipient_count]);
		token->recipient_count++;
	}
	token_write(token, session->runtime->secret, text);
	free(token);
	return text;
}

static bool put_token(SMFICTX *context, const struct session *session)
{
	char name[] = TOKEN_HEADER, *text = make_token(session);
	bool ok = true;

	for (int i = 0; ok && i < FOREIGN_TOKENS_MAX; i++)
		ok = smfi_chgheader(context, name, 1, NULL) == MI_SUCCESS;
	ok = ok && smfi_insheader(context, 0, name, text) == MI_SUCCESS;
	free(text);
	return ok;
}

/* What the verdict does to the message.  False when the MTA did not take it. */
static bool change_message(
	SMFICTX *context, const struct session *session, const struct verdict *verdict)
{
	char reason[RULE_SIZE + 8];

	for (size_t i = 0; i < session->listed_count; i++)
		if (session->listed[i].removed &&
			smfi_delrcpt(context, session->listed[i].envelope) != MI_SUCCESS)
			return false;
	snprintf(reason, sizeof(reason), "okite:%s", verdict->rule);
	if (verdict->kind == VERDICT_HOLD && !verdict->observed &&
		smfi_quarantine(context, reason) != MI_SUCCESS)
		return false;
	return session->message.accepted == 0 || put_token(context, session);
}

static bool is_refusal(const struct verdict *verdict)
{
	return !verdict->observed &&
	       (verdict->kind == VERDICT_REJECT || verdict->kind == VERDICT_TEMPFAIL);
}

/* The whole message is refused: one event for it, and nothing stays charged. */
static void refuse_all(struct session *session, const struct verdict *verdict)
{
	static const struct recipient nobody;

	if (session->message.judged_whole)
		note(session, EVENT_REFUSED,
			session->listed_count > 0 ? &session->listed[0].recipient
						  : &nobody,
			verdict);
	report_refused(session, NULL, verdict, "eom");
	metrics_message(verdict->kind);
	session_give_up(session);
}

void finish_message(SMFICTX *context, struct session *session, struct verdict *verdict)
{
	judge(session, verdict);
	if (is_refusal(verdict)) {
		refuse_all(session, verdict);
		return;
	}
	if (verdict->observed) {
		report_refused(session, NULL, verdict, "eom");
		verdict->kind = VERDICT_ACCEPT;
	}
	if (!anybody_left(session)) {
		verdict->kind = VERDICT_DISCARD;
	} else if (!session->can_change || !change_message(context, session, verdict)) {
		log_line(LOG_LEVEL_ERROR,
			"%s: the MTA does not let the message be changed: it is refused "
			"for now",
			session->queue_id);
		*verdict = (struct verdict){ .kind = VERDICT_TEMPFAIL,
			.code = 451,
			.status = "4.3.0",
			.text = "the message cannot be marked, try again later "
				"[okite:caps]" };
		session_give_up(session);
		return;
	}
	if (session->message.judged_whole)
		for (int64_t i = 0; i < session->message.accepted; i++)
			metrics_recipient(verdict->kind, "");
	report_message(session, verdict);
	session_commit(session, session->message.accepted);
}
