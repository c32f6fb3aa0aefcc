#pragma once

#include <stddef.h>

#include "base/error.h"
#include "feedback/outcome.h"
#include "feedback/table_file.h"

/*
 * The class of one recipient's failure, by evidence about the recipient: the
 * status code lies (5.7.1 is about us, 5.1.1 stands beside "message too big"),
 * so what the refusing server said comes first, by a ranked table of phrases
 * (feedback/phrases.txt), then the specific status, then the reply code with
 * the stage of SMTP it came at.  "hard" only where a phrase or a code says so
 * about the recipient; a permanent refusal at MAIL or at the end of DATA is
 * about the message.
 */
enum smtp_stage {
	STAGE_UNKNOWN,
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA
};

struct evidence {
	const char *
		text; /* the reason as it stands in the report, whole; UTF-8, not ended by NUL */
	size_t size;
	const char *status;    /* of the report's own fields, or "" */
	const char *action;    /* or "" */
	const char *recipient; /* or "" */
	const char *refuser;   /* name of the host that refused, or "" */
	const char *reporter; /* the format of the report: "postfix", "exchange", or "" */
	enum smtp_stage stage;
};

struct judgement {
	enum outcome_class class;
	const char *reason; /* lives for ever */
	char status
		[STATUS_SIZE]; /* the best one: the innermost of the text, or the report's own */
};

/*
 * The tables of formats and phrases, with a postmaster's OWN behind the built-in ones
 * (NULL: none; without any it never fails).  Made once; never changed then, so any number
 * of threads may use it.  NULL, with ERROR set, where a table has a fault.
 */
struct classifier;
struct formats;
struct classifier *classifier_new(const struct table_file *own_formats,
	const struct table_file *own_phrases, struct error *error);
const struct formats *classifier_formats(const struct classifier *classifier);
void classifier_free(struct classifier *classifier);
void classify(const struct classifier *classifier, const struct evidence *evidence,
	struct judgement *judgement);
