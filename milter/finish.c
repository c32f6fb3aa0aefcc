#include "milter/finish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "milter/decide.h"
#include "milter/reply.h"
#include "milter/report.h"
#include "policy/token.h"

/*
 * Copies of the token header that a client may have put in are taken out
 * without asking the MTA for the headers, which would cost more than all the
 * rest.  From the last: to Postfix the next one is then number 1, to Sendmail
 * still number 2.  Ours comes first in any case.
 */
enum { FOREIGN_TOKENS_MAX = 10 };

/* Over SMTP every recipient has been judged; the size is known only now. */
static void judge_smtp(const struct session *session, struct verdict *verdict)
{
	/* Mail to internal recipients alone is not limited. */
	if (session->listed_count == 0 ||
		!policy_too_large(
			&session->runtime->conf->policy, session->message.size, verdict))
		verdict_set(verdict, VERDICT_ACCEPT, "", 0, "");
	if ((verdict->rule[0] == '\0' || verdict->observed) &&
		session->hold.rule[0] != '\0')
		*verdict = session->hold;
}

static void judge(struct session *session, struct verdict *verdict)
{
	/* With the line between header and body. */
	int64_t bytes = session->counts_bytes ? session->bytes + 2 : 0;

	if (bytes > session->message.size)
		session->message.size = bytes;
	if (session->fault != NULL)
		reply_to_fault(session, verdict, session->fault, session->fault_status);
	else if (session->message.judged_whole)
		decide_whole(session, verdict);
	else
		judge_smtp(session, verdict);
}

/* Is there anybody whom the message would go to? */
static bool anybody_left(const struct session *session)
{
	size_t removed = 0;

	for (size_t i = 0; i < session->listed_count; i++)
		removed += session->listed[i].removed;
	return removed == 0 ||
	       session->listed_count - removed + (size_t)session->message.internal > 0;
}

static char *make_token(const struct session *session)
{
	struct token *token = xcalloc(1, sizeof(*token));
	char *text = xmalloc(TOKEN_TEXT_MAX);

	text_copy(token->account, sizeof(token->account), session->message.account);
	token->time_us = session->accepted_us;
	for (size_t i = 0; i < session->listed_count; i++) {
		const struct listed *listed = &session->listed[i];

		if (!listed->counts)
			continue;
		if (token->recipient_count < TOKEN_RECIPIENTS_MAX)
			(void)digest_from_text(listed->recipient.digest,
				token->recipients[token->recipient_count]);
		token->recipient_count++;
	}
	/* Who is internal has the token as well, so it is not one recipient's alone. */
	if (session->message.internal > 0 &&
		token->recipient_count < TOKEN_RECIPIENTS_MAX)
		token->recipient_count++;
	token_write(token, session->runtime->secret, text);
	free(token);
	return text;
}

/* Copies that came in go, whoever the message is for. */
static bool mark(SMFICTX *context, const struct session *session)
{
	char name[] = TOKEN_HEADER, *text;
	bool ok = true;

	for (int i = FOREIGN_TOKENS_MAX; ok && i > 0; i--)
		ok = smfi_chgheader(context, name, i, NULL) == MI_SUCCESS;
	if (!ok || session->message.accepted == 0)
		return ok;
	text = make_token(session);
	ok = smfi_insheader(context, 0, name, text) == MI_SUCCESS;
	free(text);
	return ok;
}

/* Would another who was accepted go with it? */
static bool is_shared(const struct session *session, const struct listed *listed)
{
	return listed->destination != NULL &&
	       destinations_have(&session->destinations, listed->destination);
}

static bool take_out(SMFICTX *context, const struct session *session)
{
	for (size_t i = 0; i < session->listed_count; i++) {
		const struct listed *listed = &session->listed[i];

		if (listed->removed && !is_shared(session, listed) &&
			smfi_delrcpt(context, listed->envelope) != MI_SUCCESS)
			return false;
	}
	return true;
}

/* What the verdict does to the message.  False when the MTA did not take it. */
static bool change_message(
	SMFICTX *context, const struct session *session, const struct verdict *verdict)
{
	char reason[RULE_SIZE + 8];

	snprintf(reason, sizeof(reason), "okite:%s", verdict->rule);
	return session->can_change && take_out(context, session) &&
	       (verdict->kind != VERDICT_HOLD ||
		       smfi_quarantine(context, reason) == MI_SUCCESS) &&
	       mark(context, session);
}

/* May it go out unchanged?  Observed mail may always, and mail to internal recipients alone. */
static bool may_stay(const struct session *session)
{
	return session->runtime->conf->policy.observe_only ||
	       (session->listed_count == 0 && session->message.accepted == 0);
}

/* The whole message is refused, and nothing stays charged. */
static void refuse_all(struct session *session, const struct verdict *verdict)
{
	report_refused(session, NULL, verdict, "eom");
	report_message(session, verdict);
	session_give_up(session);
}

static void fail(struct session *session, struct verdict *verdict)
{
	verdict_set(verdict, VERDICT_TEMPFAIL, "caps", 451, "4.3.0");
	text_copy(verdict->text, sizeof(verdict->text),
		"the message cannot be marked, try again later [okite:caps]");
	refuse_all(session, verdict);
}

void finish_message(SMFICTX *context, struct session *session, struct verdict *verdict)
{
	judge(session, verdict);
	session->accepted_us = store_clock_us(session->runtime->store);
	if (verdict->observed) {
		report_refused(session, NULL, verdict, "eom");
		verdict_set(verdict, VERDICT_ACCEPT, "", 0, "");
	}
	if (verdict_is_refusal(verdict)) {
		refuse_all(session, verdict);
		return;
	}
	if (!anybody_left(session)) {
		verdict->kind = VERDICT_DISCARD;
	} else if (!change_message(context, session, verdict)) {
		log_line(LOG_LEVEL_ERROR,
			"%s: the MTA does not let the message be changed",
			session->queue_id);
		if (!may_stay(session)) {
			fail(session, verdict);
			return;
		}
	}
	report_message(session, verdict);
	session_commit(session);
}
