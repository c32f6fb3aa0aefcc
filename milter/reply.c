#include "milter/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "milter/report.h"

void reply_to_fault(const struct session *session, struct verdict *verdict,
	const char *fault, const char *status)
{
	verdict_set(verdict, VERDICT_REJECT, "caps", 553, status);
	verdict->observed = session->runtime->conf->policy.observe_only;
	snprintf(verdict->text, sizeof(verdict->text), "not taken: %s [okite:caps]",
		fault);
}

sfsistat reply_with(SMFICTX *context, const struct verdict *verdict)
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

sfsistat reply_refusal(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const struct verdict *verdict,
	const char *stage)
{
	report_refused(session, recipient, verdict, stage);
	return reply_with(context, verdict);
}

const char *macro(SMFICTX *context, const char *name)
{
	const char *value = smfi_getsymval(context, (char *)(uintptr_t)name);

	return value == NULL ? "" : value;
}

const char *macro_domain(SMFICTX *context, const char *name)
{
	const char *at = strrchr(macro(context, name), '@');
	const char *host = macro(context, "j");

	if (at != NULL)
		return at + 1;
	return *host == '\0' ? NULL : host;
}
