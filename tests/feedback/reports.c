#include "tests/feedback/reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/support/test.h"

static struct classifier *classifier;

const struct classifier *reports_classifier(void)
{
	return classifier;
}

int reports_open(void **state)
{
	(void)state;
	classifier = classifier_new(NULL, NULL, NULL);
	return 0;
}

int reports_close(void **state)
{
	(void)state;
	classifier_free(classifier);
	return 0;
}

static void describe(const struct report *report, char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	for (size_t i = 0; i < report->count && used < size; i++) {
		const struct outcome *outcome = &report->outcomes[i];

		used += (size_t)snprintf(to + used, size - used, "%s %s %s %s\n",
			outcome_kind_names[outcome->kind],
			outcome_class_names[outcome->class], outcome->recipient,
			outcome->action);
	}
}

/* The mail with other line ends. */
static char *with_ends(const char *mail, const char *ends)
{
	char *copy = xmalloc(2 * strlen(mail) + 1), *to = copy;

	for (; *mail != '\0'; mail++) {
		if (*mail != '\n') {
			*to++ = *mail;
			continue;
		}
		for (const char *end = ends; *end != '\0'; end++)
			*to++ = *end;
	}
	*to = '\0';
	return copy;
}

void reports_check(const struct report_case *cases, size_t count)
{
	static const char *const ends[] = { "\n", "\r\n", "\r" };

	for (size_t i = 0; i < count; i++)
		for (size_t e = 0; e < COUNT(ends); e++) {
			char *mail = with_ends(cases[i].mail, ends[e]), got[2048];
			struct report report;

			report_parse(classifier, mail, strlen(mail), &report);
			describe(&report, got, sizeof(got));
			report_clear(&report);
			free(mail);
			CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		}
}
