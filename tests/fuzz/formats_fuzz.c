/* A postmaster's own table of formats, and a report that is read with it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/report.h"

static const char report_text[] =
	"From: MAILER-DAEMON@relay.example\nSubject: your mail\n\n"
	"This is the relay.\n\nann@far.example\n   550 no such user\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct table_file own = { "table", { (const char *)bytes, size } };
	struct error error = ERROR_NONE;
	struct classifier *classifier = classifier_new(&own, NULL, &error);
	struct report report;

	if (classifier == NULL) {
		if (strncmp(error.text, "table:", strlen("table:")) != 0)
			abort();
		return 0;
	}
	report_parse(classifier, report_text, sizeof(report_text) - 1, &report);
	report_clear(&report);
	report_parse(classifier, (const char *)bytes, size, &report);
	report_clear(&report);
	classifier_free(classifier);
	return 0;
}
