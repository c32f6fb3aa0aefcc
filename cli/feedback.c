/* okite feedback: what bounces, complaints and the mail log say, without believing it yet. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/feedback.h"
#include "feedback/maillog.h"
#include "feedback/report.h"
#include "feedback/ses.h"
#include "feedback/sns.h"
#include "feedback/span.h"
#include "lists/input.h"

/* One input, and the report that is being put together from it. */
struct reading {
	struct showing showing;
	struct classifier *classifier;
	struct input input;
	char *bytes;
	size_t size, room;
};

/* What is beyond the largest report is read and forgotten. */
static void keep(struct reading *reading, const char *bytes, size_t size)
{
	if (size > REPORT_SIZE_MAX - reading->size)
		size = REPORT_SIZE_MAX - reading->size;
	if (reading->size + size > reading->room) {
		reading->room = 2 * (reading->size + size);
		reading->bytes = xrealloc(reading->bytes, reading->room);
	}
	memcpy(reading->bytes + reading->size, bytes, size);
	reading->size += size;
}

static void keep_all(struct reading *reading)
{
	size_t size;
	const char *bytes;

	while ((bytes = input_look(&reading->input, RECORD_MAX, &size)), size > 0) {
		keep(reading, bytes, size);
		input_take(&reading->input, size);
	}
}

/* The next line, or the next piece of a long one; false at the end.  WHOLE: it ends here. */
static bool next_line(
	struct reading *reading, const char **line, size_t *length, bool *whole)
{
	size_t size;
	bool more;

	(void)input_look(&reading->input, 1, &size);
	if (size == 0)
		return false;
	*length = input_line(&reading->input, line, &more);
	*whole = !more;
	return true;
}

static void take_line(struct reading *reading, size_t length, bool whole)
{
	if (whole)
		input_take_line(&reading->input, length);
	else
		input_take(&reading->input, length);
}

/* ---- one format each ---- */

static bool parse_report(struct reading *reading)
{
	struct report report;
	bool good;

	report_parse(reading->classifier, reading->bytes != NULL ? reading->bytes : "",
		reading->size, &report);
	good = show_outcomes(&reading->showing, report.outcomes, report.count,
		report.tokens, report.token_count);
	report_clear(&report);
	reading->size = 0;
	return good;
}

static bool parse_message(struct reading *reading)
{
	keep_all(reading);
	return parse_report(reading);
}

/* Messages part where a line "From " follows an empty one. */
static bool parse_mbox(struct reading *reading)
{
	const char *line;
	size_t length;
	bool whole, starts = true, empty = true, any = false;

	while (next_line(reading, &line, &length, &whole)) {
		if (starts && empty && length >= 5 && memcmp(line, "From ", 5) == 0) {
			if (any && !parse_report(reading))
				return false;
			any = true;
		}
		any = any || length > 0;
		empty = starts && whole && length == 0;
		starts = whole;
		keep(reading, line, length);
		if (whole)
			keep(reading, "\n", 1);
		take_line(reading, length, whole);
	}
	return !any || parse_report(reading);
}

/* SNS's envelope around an object of SES's, or that object alone. */
static bool parse_sns(struct reading *reading)
{
	struct sns sns;
	struct ses ses;
	bool good;

	keep_all(reading);
	if (sns_read(&sns, reading->bytes, reading->size) == SNS_NO_ENVELOPE)
		(void)ses_read(&ses, reading->bytes, reading->size);
	else
		(void)ses_read(&ses, sns.message != NULL ? sns.message : "",
			sns.message != NULL ? strlen(sns.message) : 0);
	good = show_outcomes(
		&reading->showing, ses.outcomes, ses.count, ses.tokens, ses.token_count);
	ses_clear(&ses);
	sns_clear(&sns);
	return good;
}

static void judge_delivery(const struct reading *reading, const struct maillog *event,
	struct outcome *outcome)
{
	char refuser[DOMAIN_MAX + 1];
	struct evidence evidence = {
		.text = event->text.text,
		.size = event->text.size,
		.status = outcome->status,
		.action = outcome->action,
		.recipient = outcome->recipient,
		.refuser = refuser,
		.reporter = "postfix",
		.stage = event->stage,
	};
	struct judgement judgement;

	span_copy(refuser, sizeof(refuser), event->refuser);
	classify(reading->classifier, &evidence, &judgement);
	outcome->kind = KIND_BOUNCE;
	outcome->class = judgement.class;
	span_copy(outcome->reason, sizeof(outcome->reason), span_of(judgement.reason));
	span_copy(outcome->status, sizeof(outcome->status), span_of(judgement.status));
}

static bool show_delivery(struct reading *reading, const struct maillog *event)
{
	static const char *const actions[MAILLOG_KIND_COUNT] = {
		[MAILLOG_SENT] = "delivered",
		[MAILLOG_DEFERRED] = "delayed",
		[MAILLOG_BOUNCED] = "failed",
	};
	struct outcome outcome = { .kind = KIND_NONE };

	if (actions[event->kind] == NULL || event->ours)
		return true;
	span_copy(outcome.recipient, sizeof(outcome.recipient), maillog_addressee(event));
	span_copy(outcome.status, sizeof(outcome.status), event->status);
	span_copy(outcome.action, sizeof(outcome.action), span_of(actions[event->kind]));
	span_copy(outcome.diagnostic, sizeof(outcome.diagnostic), event->text);
	if (event->kind != MAILLOG_SENT)
		judge_delivery(reading, event, &outcome);
	return show_outcomes(&reading->showing, &outcome, 1, NULL, 0);
}

static bool parse_log(struct reading *reading)
{
	const struct maillog_clock clock = { 0 };
	const char *line;
	struct maillog event;
	size_t length;
	bool whole, starts = true;

	while (next_line(reading, &line, &length, &whole)) {
		/* No line of Postfix's is as long as what comes in pieces. */
		if (starts && whole && maillog_read(&event, &clock, line, length) &&
			!show_delivery(reading, &event))
			return false;
		starts = whole;
		take_line(reading, length, whole);
	}
	return true;
}

/* ---- which of them ---- */

typedef bool parser(struct reading *reading);
static const struct {
	const char *name;
	parser *parse;
} parsers[] = {
	{ "message", parse_message },
	{ "mbox", parse_mbox },
	{ "sns", parse_sns },
	{ "log", parse_log },
};
enum { PARSERS = sizeof(parsers) / sizeof(parsers[0]) };

static parser *guess(struct reading *reading)
{
	size_t size;
	const char *bytes = input_look(&reading->input, RECORD_MAX, &size);
	struct span first, rest = { bytes, size };

	while (rest.size > 0 && is_space(rest.text[0]))
		rest = span_skip(rest, 1);
	if (rest.size > 0 && rest.text[0] == '{')
		return parse_sns;
	/* "Nov 24 10:52:35 mail postfix/smtp[6665]: ..."; no header has blanks before its
	 * colon. */
	if (span_line(&rest, &first) && !span_starts(first, "From ") &&
		span_find(first, " postfix") != SPAN_NOT_FOUND &&
		span_find(first, "]: ") != SPAN_NOT_FOUND)
		return parse_log;
	return parse_message;
}

/* False, with PARSE NULL for "auto". */
static bool find_parser(const char *name, parser **parse)
{
	*parse = NULL;
	if (name == NULL || strcmp(name, "auto") == 0)
		return true;
	for (size_t i = 0; i < PARSERS; i++)
		if (strcmp(parsers[i].name, name) == 0)
			*parse = parsers[i].parse;
	return *parse != NULL;
}

static bool read_input(struct reading *reading, parser *parse, int fd)
{
	bool good;

	input_open(&reading->input, fd);
	good = (parse != NULL ? parse : guess(reading))(reading);
	if (good && reading->input.failure != 0) {
		fprintf(stderr, "okite: %s cannot be read to its end: %s\n",
			reading->showing.file != NULL ? reading->showing.file : "stdin",
			strerror(reading->input.failure));
		good = false;
	}
	input_close(&reading->input);
	return good;
}

static bool read_file(struct reading *reading, parser *parse, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0) {
		fprintf(stderr, "okite: %s cannot be read: %s\n", path, strerror(errno));
		return false;
	}
	reading->showing.file = path;
	good = read_input(reading, parse, fd);
	close(fd);
	return good;
}

int run_feedback(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct reading reading = { .showing = { .cli = cli } };
	parser *parse;
	bool good = true;

	if (!arguments->parse_only)
		return cli_usage(cli, "this version only reads: write --parse-only");
	if (!find_parser(arguments->format, &parse))
		return cli_usage(cli,
			"--format is auto, message, mbox, sns or log, not \"%s\"",
			arguments->format);
	reading.classifier = classifier_new();
	if (arguments->operand_count == 0)
		good = read_input(&reading, parse, STDIN_FILENO);
	for (size_t i = 0; i < arguments->operand_count && good; i++)
		good = read_file(&reading, parse, arguments->operands[i]);
	classifier_free(reading.classifier);
	free(reading.bytes);
	/* Never another status: an MTA must keep the report, not bounce it. */
	return good ? CLI_YES : CLI_AWAY;
}
