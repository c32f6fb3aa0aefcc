#pragma once

#include <stddef.h>

#include "feedback/report.h"

/* Mails and what report_parse() must say of them: for the tests of reports. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct report_case {
	const char *name, *mail;
	const char *want; /* a line for each outcome: "kind class recipient action" */
};

/* Each mail as it stands, with CRLF and with CR. */
void reports_check(const struct report_case *cases, size_t count);

/* The classifier of all cases; group fixtures of cmocka. */
const struct classifier *reports_classifier(void);
int reports_open(void **state);
int reports_close(void **state);
