/* okite feedback: reads what comes back, cut into messages, notifications and lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "cli/feedback.h"
#include "feedback/maillog_prefix.h"
#include "feedback/report.h"
#include "feedback/span.h"
#include "lists/input.h"

/* One input, and the report that is being put together from it. */
struct reading {
	struct feedback_sink *sink;
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

static bool take_message(struct reading *reading)
{
	bool good = reading->sink->message(reading->sink,
		reading->bytes != NULL ? reading->bytes : "", reading->size);

	reading->size = 0;
	return good;
}

static bool read_message(struct reading *reading)
{
	keep_all(reading);
	return take_message(reading);
}

/* Messages part where a line "From " follows an empty one. */
static bool read_mbox(struct reading *reading)
{
	const char *line;
	size_t length;
	bool whole, starts = true, empty = true, any = false;

	while (next_line(reading, &line, &length, &whole)) {
		if (starts && empty && length >= 5 && memcmp(line, "From ", 5) == 0) {
			if (any && !take_message(reading))
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
	return !any || take_message(reading);
}

static bool read_sns(struct reading *reading)
{
	bool good;

	keep_all(reading);
	good = reading->sink->sns(reading->sink,
		reading->bytes != NULL ? reading->bytes : "", reading->size);
	reading->size = 0;
	return good;
}

/* Of a log that is still being written nothing is kept waiting. */
static bool pause_if_dry(struct reading *reading)
{
	return reading->input.start < reading->input.end ||
	       reading->sink->pause(reading->sink);
}

static bool read_log(struct reading *reading)
{
	const char *line;
	size_t length;
	bool whole, starts = true;

	while (pause_if_dry(reading)) {
		if (!next_line(reading, &line, &length, &whole))
			return true;
		/* No line of Postfix's is as long as what comes in pieces. */
		if (starts && whole &&
			!reading->sink->line(
				reading->sink, (struct span){ line, length }))
			return false;
		starts = whole;
		take_line(reading, length, whole);
	}
	return false;
}

/* ---- which of them ---- */

typedef bool reader(struct reading *reading);
static const struct {
	const char *name;
	reader *read;
} readers[] = {
	{ "message", read_message },
	{ "mbox", read_mbox },
	{ "sns", read_sns },
	{ "log", read_log },
};
enum { READERS = sizeof(readers) / sizeof(readers[0]) };

static reader *guess(struct reading *reading)
{
	size_t size;
	const char *bytes = input_look(&reading->input, RECORD_MAX, &size);
	struct span first, rest = { bytes, size };
	struct maillog_prefix prefix;

	while (rest.size > 0 && is_space(rest.text[0]))
		rest = span_skip(rest, 1);
	if (rest.size > 0 && rest.text[0] == '{')
		return read_sns;
	/*
	 * A mail's first line may have any words in it (Received: from HELO), so it must
	 * be one of Postfix's from its very beginning, with a time: no header is so.
	 */
	if (span_line(&rest, &first) && maillog_prefix_read(&prefix, first) &&
		prefix.time.size > 0)
		return read_log;
	return read_message;
}

/* False, with READ NULL for "auto". */
static bool find_reader(const char *name, reader **read)
{
	*read = NULL;
	if (name == NULL || strcmp(name, "auto") == 0)
		return true;
	for (size_t i = 0; i < READERS; i++)
		if (strcmp(readers[i].name, name) == 0)
			*read = readers[i].read;
	return *read != NULL;
}

static bool read_input(struct reading *reading, reader *read, int fd)
{
	bool good;

	input_open(&reading->input, fd);
	good = (read != NULL ? read : guess(reading))(reading);
	if (good && reading->input.failure != 0) {
		fprintf(stderr, "okite: %s cannot be read to its end: %s\n",
			reading->sink->file != NULL ? reading->sink->file : "stdin",
			strerror(reading->input.failure));
		good = false;
	}
	input_close(&reading->input);
	return good && reading->sink->pause(reading->sink);
}

static bool read_file(struct reading *reading, reader *read, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0) {
		fprintf(stderr, "okite: %s cannot be read: %s\n", path, strerror(errno));
		return false;
	}
	reading->sink->file = path;
	good = read_input(reading, read, fd);
	close(fd);
	return good;
}

/* Never another status than 0 and 75: an MTA must keep the report, not bounce it. */
static int read_all(struct cli *cli, struct feedback_sink *sink, reader *read)
{
	const struct arguments *arguments = &cli->arguments;
	struct reading reading = { .sink = sink };
	bool good = true;

	if (arguments->operand_count == 0)
		good = read_input(&reading, read, STDIN_FILENO);
	for (size_t i = 0; i < arguments->operand_count && good; i++)
		good = read_file(&reading, read, arguments->operands[i]);
	free(reading.bytes);
	return good ? CLI_YES : CLI_AWAY;
}

static int show(struct cli *cli, const struct classifier *classifier, reader *read)
{
	struct feedback_sink sink = { .cli = cli, .classifier = classifier };

	sink_that_shows(&sink);
	return read_all(cli, &sink, read);
}

static int learn(struct cli *cli, const struct classifier *classifier, reader *read)
{
	struct learning_sink *learning = sink_that_learns(cli, classifier);
	int status = cli->arguments.follow
			     ? feedback_follow(learning, cli->arguments.operands[0])
			     : read_all(cli, learning_sink(learning), read);

	learning_sink_free(learning);
	return status;
}

/* To look at a report needs no configuration, where nobody has made one. */
static bool open_to_show(struct cli *cli)
{
	if (access(cli->conf_path, F_OK) != 0 && errno == ENOENT)
		return true;
	return cli_configure(cli);
}

static struct classifier *make_classifier(const struct cli *cli)
{
	struct error error = ERROR_NONE;
	struct classifier *classifier = cli->conf != NULL
						? feedback_classifier(cli->conf, &error)
						: classifier_new(NULL, NULL, &error);

	if (classifier == NULL)
		fprintf(stderr, "okite: %s\n", error.text);
	return classifier;
}

int run_feedback(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct classifier *classifier;
	reader *read;
	int status;

	if (!find_reader(arguments->format, &read))
		return cli_usage(cli,
			"--format is auto, message, mbox, sns or log, not \"%s\"",
			arguments->format);
	if (arguments->follow && arguments->parse_only)
		return cli_usage(cli, "--follow and --parse-only exclude each other");
	if (arguments->follow && arguments->operand_count != 1)
		return cli_usage(cli, "--follow wants the one file to be followed");
	/* Whatever is wrong, the MTA must keep the report. */
	if (!(arguments->parse_only ? open_to_show(cli) : cli_open(cli) == CLI_YES))
		return CLI_AWAY;
	classifier = make_classifier(cli);
	if (classifier == NULL)
		return CLI_AWAY;
	status = arguments->parse_only ? show(cli, classifier, read)
				       : learn(cli, classifier, read);
	classifier_free(classifier);
	return status;
}
