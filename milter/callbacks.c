#include "milter/callbacks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libmilter/mfapi.h>

#include "base/text.h"
#include "milter/finish.h"
#include "milter/negotiation.h"
#include "milter/recipient.h"
#include "milter/reply.h"
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

/* Neither sendmail(1) nor who came by a unix socket has one. */
static bool has_port(const struct sockaddr *from)
{
	if (from != NULL && from->sa_family == AF_INET)
		return ((const struct sockaddr_in *)from)->sin_port != 0;
	if (from != NULL && from->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)from)->sin6_port != 0;
	return false;
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
	struct session *session = enter(context);
	const struct sockaddr *from = (const struct sockaddr *)address;

	(void)host;
	if (session == NULL)
		return SMFIS_TEMPFAIL;
	client_from_sockaddr(&session->client, from);
	session->without_port = !has_port(from);
	session->merges_recipients = destinations_merge(context);
	return leave(session, quiet(session, SMFIP_NR_CONN));
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

static void read_envelope(SMFICTX *context, struct session *session, char **arguments)
{
	struct message *message = &session->message;
	const char *login = macro(context, "{auth_authen}");

	note_queue_id(context, session);
	if (!text_copy(message->login, sizeof(message->login), login))
		session->fault = "the login is longer than 255 bytes",
		session->fault_status = "5.7.1";
	text_lower(message->login);
	message->client = session->client;
	/* Sendmail -bs speaks SMTP, and is answered at RCPT; Postfix's cleanup is not. */
	message->from_sendmail =
		session->without_port &&
		(session->queue_id[0] != '\0' || session->client.family == AF_UNSPEC);
	message->judged_whole =
		message->from_sendmail && session->client.family != AF_UNSPEC;
	message->size = declared_size(arguments + 1);
	if (session->fault == NULL) {
		session->fault = address_parse(&message->sender, arguments[0],
			macro_domain(context, "{mail_addr}"));
		session->fault_status = "5.1.7";
	}
	policy_classify(&session->runtime->conf->policy, message);
}

/*
 * What can be said of the message at MAIL, but not of mail that is judged as a
 * whole, which is told at its end.  False: nothing.
 */
static bool judge_mail(const struct session *session, struct verdict *verdict)
{
	if (!session->message.outgoing || session->message.judged_whole)
		return false;
	if (session->fault != NULL)
		reply_to_fault(session, verdict, session->fault, session->fault_status);
	else if (!policy_too_large(
			 &session->runtime->conf->policy, session->message.size, verdict))
		return false;
	return !verdict->observed;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
	struct session *session = enter(context);
	struct verdict verdict;

	if (session == NULL)
		return SMFIS_TEMPFAIL;
	session_begin(session);
	read_envelope(context, session, arguments);
	if (!judge_mail(session, &verdict))
		return leave(session, SMFIS_CONTINUE);
	report_message(session, &verdict);
	return leave(session, reply_refusal(context, session, NULL, &verdict, "mail"));
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
		status = recipient_judge(context, session, arguments[0]);
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
	finish_message(context, session, &verdict);
	if (verdict_is_refusal(&verdict))
		status = reply_with(context, &verdict);
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
