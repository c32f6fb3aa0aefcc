/*
 * Any bytes as an object of SES: what is read is within its bounds, and
 * nobody is a hard bounce or a complaint but by an event of that name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feedback/ses.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_outcome(const struct ses *ses, const struct outcome *outcome)
{
	must(outcome->kind == KIND_NONE ||
		(outcome->kind == KIND_BOUNCE && ses->event == SES_BOUNCE) ||
		(outcome->kind == KIND_COMPLAINT && ses->event == SES_COMPLAINT));
	must((outcome->kind == KIND_NONE) == (outcome->class == CLASS_NONE));
	must((outcome->kind == KIND_COMPLAINT) == (outcome->class == CLASS_COMPLAINT));
	must(outcome->class != CLASS_AUTO);
	must(memchr(outcome->recipient, '\0', sizeof(outcome->recipient)) != NULL);
	must(strspn(outcome->status, "0123456789.") == strlen(outcome->status));
	must(memchr(outcome->diagnostic, '\0', sizeof(outcome->diagnostic)) != NULL);
	must(memchr(outcome->reason, '\0', sizeof(outcome->reason)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ses ses;
	bool taken = ses_read(&ses, (const char *)bytes, size);

	must(taken || (ses.count == 0 && ses.token_count == 0));
	must(ses.count <= SES_OUTCOMES_MAX && ses.token_count <= SES_TOKENS_MAX &&
		ses.tag_count <= SES_TAGS_MAX);
	must(ses.event != SES_OTHER || ses.count == 0);
	for (size_t i = 0; i < ses.count; i++)
		check_outcome(&ses, &ses.outcomes[i]);
	for (size_t i = 0; i < ses.tag_count; i++)
		must(ses.tags[i].name[0] != '\0');
	ses_clear(&ses);
	return 0;
}
