#include "milter/negotiation.h"

#include <stdint.h>

#include "milter/session.h"

/*
 * What we can do without, or without answering: each packet costs the MTA and
 * us a wait.  MAIL is answered: else Sendmail, though it goes on, does not take
 * us for one that is in a message, and does not tell us when the client ends it.
 */
static unsigned long unwanted_steps(const struct session *session)
{
	unsigned long steps = SMFIP_NOHELO | SMFIP_NODATA | SMFIP_NOUNKNOWN |
			      SMFIP_NOEOH | SMFIP_NR_CONN;

	if (session->counts_bytes)
		steps |= SMFIP_NR_HDR | SMFIP_NR_BODY;
	else
		steps |= SMFIP_NOHDRS | SMFIP_NOBODY;
	return steps;
}

static void ask_for_macros(SMFICTX *context)
{
	static const struct {
		int stage;
		const char *macros;
	} wanted[] = {
		{ SMFIM_CONNECT, "j v" },
		{ SMFIM_ENVFROM, "i {auth_authen} {mail_addr}" },
		{ SMFIM_ENVRCPT, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}" },
		{ SMFIM_EOM, "i" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)smfi_setsymlist(
			context, wanted[i].stage, (char *)(uintptr_t)wanted[i].macros);
}

sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
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
	if ((actions & SMFIF_SETSYMLIST) != 0)
		ask_for_macros(context);
	if (smfi_setpriv(context, session) != MI_SUCCESS) {
		session_close(session);
		return SMFIS_REJECT;
	}
	return SMFIS_CONTINUE;
}
