#include "milter/callbacks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libmilter/mfapi.h>

#include "base/log.h"
#include "base/text.h"
#include "milter/decide.h"
#include "milter/finish.h"
#include "milter/metrics.h"
#include "milter/report.h"
#include "milter/session.h"

/*
 * The session of a connection, locked.  NULL once the program ends, or when
 * the MTA's side begins in the middle.
 */
static struct session *enter(SMFICTX *context)
{
	struct session *session = smfi_getpriv(context);

	if (session == NULL)
		return NULL;
	pthread_mutex_lock(&session->lock);
	if (!session->stopped)
		return session;
	pthread_mutex_unlock(&session->lock);
	return NULL;
}

static sfsistat leave(struct session *session, sfsistat status)
{
	pthread_mutex_unlock(&session->lock);
	return status;
}

/* What an event is answered with that decides nothing. */
static sfsistat quiet(const struct session *session, unsigned long no_reply)
{
	return (session->no_reply & no_reply) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* Tell the client VERDICT. */
static sfsistat refuse(SMFICTX *context, const struct verdict *verdict)
{
	/* A % is libmilter's own, and each byte may need two. */
	char text[2 * REPLY_SIZE], *to = text, code[8];

	for (const char *c = verdict->text; *c != '\0'; c++) {
		*to++ = *c;
		if (*c == '%')
			*to++ = '%';
	}
	*to = '\0';
	snprintf(code, sizeof(code), "%d", verdict->code);
	(void)smfi_setreply(context, code, (char *)(uintptr_t)verdict->status, text);
	return verdict->kind == VERDICT_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* What we can do without, or without answering: each packet costs the MTA and us a wait.
 */
static unsigned long unwanted_steps(const struct session *session)
{
	unsigned long steps = SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOUNKNOWN |
			      SMFIP_NOEOH | SMFIP_NR_CONN;

	if (session->counts_bytes)
		steps |= SMFIP_NR_HDR | SMFIP_NR_BODY;
	else
		steps |= SMFIP_NOHDRS | SMFIP_NOBODY | SMFIP_NR_MAIL;
	return steps;
}

static void ask_for_macros(SMFICTX *context)
{
	static const struct {
		int stage;
		const char *macros;
	} wanted[] = {
		{ SMFIM_ENVFROM, "i {auth_authen} {mail_addr}" },
		{ SMFIM_ENVRCPT, "i {rcpt_addr}" },
		{ SMFIM_EOM, "i" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)smfi_setsymlist(
			context, wanted[i].stage, (char *)(uintptr_t)wanted[i].macros);
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
	unsigned long unused1, unsigned long unused2, unsigned long *our_actions,
	unsigned long *our_steps, unsigned long *our_unused1, unsigned long *our_unused2)
{
	const unsigned long changes =
		SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT | SMFIF_QUARANTINE;
	struct session *session = session_open();

	(void)unused1, (void)unused2;
	session->can_change = (actions & changes) == changes;
	session->counts_bytes = session->runtime->conf->policy.max_size > 0;
	*our_actions = actions & (changes | SMFIF_SETSYMLIST);
	*our_steps = steps & unwanted_steps(session);
	*our_unused1 = *our_unused2 = 0;
	session->no_reply = *our_steps;
	session->mail_is_answered = (*our_steps & SMFIP_NR_MAIL) == 0;
	if ((actions & SMFIF_SETSYMLIST) != 0)
		ask_for_macros(context);
	if (smfi_setpriv(context, session) != MI_SUCCESS) {
		session_close(session);
		return SMFIS_REJECT;
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
	struct session *session = enter(context);
	const struct sockaddr *from = (const struct sockaddr *)address;

	(void)host;
	if (session == NULL)
		return SMFIS_TEMPFAIL;
	client_from_sockaddr(&session->client, from);
	session->without_port =
		from == NULL ||
		(from->sa_family == AF_INET &&
			((const struct sockaddr_in *)address)->sin_port == 0) ||
		(from->sa_family == AF_INET6 &&
			((const struct sockaddr_in6 *)address)->sin6_port == 0);
	return leave(session, quiet(session, SMFIP_NR_CONN));
}

static const char *macro(SMFICTX *context, const char *name)
{
	const char *value = smfi_getsymval(context, (char *)(uintptr_t)name);

	return value == NULL ? "" : value;
}

static void note_queue_id(SMFICTX *context, struct session *session)
{
	text_copy(session->queue_id, sizeof(session->queue_id), macro(context, "i"));
}

/* SIZE=, or 0 where it is not told. */
static int64_t declared_size(char **arguments)
{
	int64_t size = 0;

	for (; arguments != NULL && *arguments != NULL; arguments++)
		if (strncasecmp(*arguments, "SIZE=", 5) == 0)
			(void)text_to_number(*arguments + 5, 0, INT64_MAX, &size);
	return size;
}

/* The domain that the MTA puts behind a bare local part: it is in its own form of the
 * address. */
static const char *domain_of_macro(SMFICTX *context, const char *name)
{
	const char *at = strrchr(macro(context, name), '@');

	return at == NULL ? NULL : at + 1;
}

static sfsistat refuse_message(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const struct verdict *verdict,
	const char *stage)
{
	report_refused(session, recipient, verdict, stage);
	session->refused++;
	return refuse(context, verdict);
}

static void verdict_of_fault(
	struct verdict *verdict, const char *fault, const char *status)
{
	*verdict =
		(struct verdict){ .kind = VERDICT_REJECT, .code = 553, .rule = "caps" };
	text_copy(verdict->status, sizeof(verdict->status), status);
	snprintf(verdict->text, sizeof(verdict->text),
		"the address is not taken: %s [okite:caps]", fault);
}

static void read_envelope(SMFICTX *context, struct session *session, char **arguments)
{
	struct message *message = &session->message;
	const char *login = macro(context, "{auth_authen}");

	note_queue_id(context, session);
	if (!text_copy(message->login, sizeof(message->login), login))
		session->fault = "the login is longer than 255 bytes";
	text_lower(message->login);
	message->client = session->client;
	/* Sendmail -bs speaks SMTP, and is answered at RCPT; Postfix's cleanup is not. */
	message->from_sendmail =
		session->without_port &&
		(session->queue_id[0] != '\0' || session->client.family == AF_UNSPEC);
	message->judged_whole =
		message->from_sendmail && session->client.family != AF_UNSPEC;
	message->size = declared_size(arguments + 1);
	if (session->fault == NULL)
		session->fault = address_parse(&message->sender, arguments[0],
			domain_of_macro(context, "{mail_addr}"));
	policy_classify(&session->runtime->conf->policy, message);
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
	struct session *session = enter(context);
	sfsistat status;
	struct verdict verdict;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	session_begin(session);
	read_envelope(context, session, arguments);
	status = quiet(session, SMFIP_NR_MAIL);
	if (session->message.outgoing && session->mail_is_answered) {
		if (session->fault != NULL) {
			verdict_of_fault(&verdict, session->fault, "5.1.7");
			status = refuse_message(context, session, NULL, &verdict, "mail");
		} else if (policy_too_large(&session->runtime->conf->policy,
				   session->message.size, &verdict) &&
			   !verdict.observed) {
			status = refuse_message(context, session, NULL, &verdict, "mail");
		}
	}
	return leave(session, status);
}

/* What VERDICT on a recipient means for the session, and the answer. */
static sfsistat apply(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const char *envelope,
	const struct verdict *verdict)
{
	struct listed *listed;

	if (!verdict->observed &&
		(verdict->kind == VERDICT_TEMPFAIL || verdict->kind == VERDICT_REJECT)) {
		finish_refused(session, recipient, verdict);
		return refuse_message(context, session, recipient, verdict, "rcpt");
	}
	if (verdict->observed && verdict->rule[0] != '\0')
		report_refused(session, recipient, verdict, "rcpt");
	/* Internal recipients need not be remembered: nothing is done about them. */
	if (strcmp(verdict->rule, "internal") == 0)
		return SMFIS_CONTINUE;
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

static sfsistat judge_recipient(
	SMFICTX *context, struct session *session, const char *envelope)
{
	struct address address;
	struct recipient recipient = { .digest = "" };
	struct verdict verdict;
	const char *fault = session->fault;

	if (fault != NULL)
		verdict_of_fault(&verdict, fault, "5.1.7");
	else if ((fault = address_parse(&address, envelope,
			  domain_of_macro(context, "{rcpt_addr}"))) != NULL)
		verdict_of_fault(&verdict, fault, "5.1.3");
	if (fault != NULL) {
		if (session->message.judged_whole)
			session->fault = fault;
		else
			return refuse_message(context, session, NULL, &verdict, "rcpt");
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

static sfsistat on_recipient(SMFICTX *context, char **arguments)
{
	struct session *session = enter(context);
	sfsistat status = SMFIS_CONTINUE;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	/* RCPT without MAIL: an MTA that speaks nonsense. */
	if (!session->in_message)
		return leave(session, SMFIS_TEMPFAIL);
	note_queue_id(context, session);
	if (session->message.outgoing)
		status = judge_recipient(context, session, arguments[0]);
	return leave(session, status);
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
	struct session *session = enter(context);

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	/* As it was sent: "Name: value", and the end of the line. */
	session->bytes += (int64_t)(strlen(name) + strlen(value) + 4);
	return leave(session, quiet(session, SMFIP_NR_HDR));
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t size)
{
	struct session *session = enter(context);

	(void)bytes;
	if (session == NULL)
		return SMFIS_TEMPFAIL;
	session->bytes += (int64_t)size;
	return leave(session, quiet(session, SMFIP_NR_BODY));
}

static sfsistat on_end_of_message(SMFICTX *context)
{
	struct session *session = enter(context);
	struct verdict verdict;
	sfsistat status;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	if (!session->in_message || !session->message.outgoing)
		return leave(session, SMFIS_CONTINUE);
	note_queue_id(context, session);
	if (session->fault != NULL) {
		verdict_of_fault(&verdict, session->fault, "5.1.3");
		report_refused(session, NULL, &verdict, "eom");
		session_give_up(session);
	} else {
		finish_message(context, session, &verdict);
	}
	if (verdict.kind == VERDICT_TEMPFAIL || verdict.kind == VERDICT_REJECT)
		status = refuse(context, &verdict);
	else
		status = verdict.kind == VERDICT_DISCARD ? SMFIS_DISCARD : SMFIS_CONTINUE;
	return leave(session, status);
}

static sfsistat on_abort(SMFICTX *context)
{
	struct session *session = enter(context);

	if (session == NULL)
		return SMFIS_CONTINUE;
	session_give_up(session);
	return leave(session, SMFIS_CONTINUE);
}

static sfsistat on_close(SMFICTX *context)
{
	struct session *session = smfi_getpriv(context);

	if (session != NULL)
		session_close(session);
	(void)smfi_setpriv(context, NULL);
	return SMFIS_CONTINUE;
}

bool callbacks_register(void)
{
	struct smfiDesc description = {
		.xxfi_name = (char *)(uintptr_t) "okite",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_DELRCPT |
			      SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end_of_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	return smfi_register(description) == MI_SUCCESS;
}
