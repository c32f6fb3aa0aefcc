/*
 * Any bytes at all, as a mail that came back.  What is said of it must be
 * plain values: in UTF-8, ended, of kinds and classes that there are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feedback/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct classifier *classifier;

static void check(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL || strchr(text, '\n') != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct report report;

	if (classifier == NULL)
		classifier = classifier_new(NULL, NULL, NULL);
	report_parse(classifier, (const char *)bytes, size, &report);
	if (report.count > OUTCOMES_MAX || report.token_count > TOKENS_MAX)
		abort();
	for (size_t i = 0; i < report.count; i++) {
		const struct outcome *outcome = &report.outcomes[i];

		if (outcome->class >= CLASS_COUNT || outcome->kind > KIND_AUTO)
			abort();
		check(outcome->recipient, sizeof(outcome->recipient));
		check(outcome->status, sizeof(outcome->status));
		check(outcome->action, sizeof(outcome->action));
		check(outcome->reason, sizeof(outcome->reason));
		check(outcome->diagnostic, sizeof(outcome->diagnostic));
	}
	report_clear(&report);
	return 0;
}
