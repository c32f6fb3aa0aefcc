#include "policy/verdict.h"

#include <stdio.h>

#include "base/text.h"

const char *const verdict_names[VERDICT_COUNT] = {
	[VERDICT_ACCEPT] = "accept",
	[VERDICT_TEMPFAIL] = "tempfail",
	[VERDICT_REJECT] = "reject",
	[VERDICT_DISCARD] = "discard",
	[VERDICT_HOLD] = "hold",
};

void verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *rule,
	int code, const char *status)
{
	*verdict = (struct verdict){ .kind = kind, .code = code };
	text_copy(verdict->rule, sizeof(verdict->rule), rule);
	text_copy(verdict->status, sizeof(verdict->status), status);
}

bool verdict_is_refusal(const struct verdict *verdict)
{
	return verdict->kind == VERDICT_REJECT || verdict->kind == VERDICT_TEMPFAIL;
}

void verdict_make_permanent(struct verdict *verdict)
{
	if (verdict->kind != VERDICT_TEMPFAIL)
		return;
	verdict->kind = VERDICT_REJECT;
	/* 452 is about room, as 552 is. */
	verdict->code = verdict->code == 452 ? 552 : 550;
	verdict->status[0] = '5';
}

char *verdict_reply(const struct verdict *verdict, char *to, size_t size)
{
	if (verdict->code == 0)
		snprintf(to, size, "250 2.1.5 Ok");
	else
		snprintf(to, size, "%d %s %s", verdict->code, verdict->status,
			verdict->text);
	return to;
}
