/* okite suppress import: whole lists, streaming; bad lines are kept. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/formats.h"
#include "cli/lines.h"

enum { BATCH = 500, REPORTED_LINES = 20 };

struct counts {
	int64_t read, added, changed, unchanged, rejected;
};

struct import {
	struct cli *cli;
	const char *name; /* of the file, or "-" */
	struct lines lines;
	FILE *rejected;		     /* made with the first bad line */
	const struct format *format; /* NULL: the first line will tell */
	struct entry_defaults defaults;
	int64_t size; /* of the file; 0: not known */
	struct counts counts;
	struct suppression *batch;
	size_t batch_count;
	struct progress progress;
	int failure; /* errno of the read that failed */
	struct error error;
};

/* ---- what becomes of bad lines ---- */

/* Beside FILE, for its owner alone; where that cannot be, stderr gets them, as for "-".
 */
static FILE *open_rejected(const struct import *import)
{
	FILE *to = NULL;
	char *path;
	int fd;

	if (strcmp(import->name, "-") == 0)
		return stderr;
	path = xasprintf("%s.rejected", import->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		to = fdopen(fd, "w");
	if (to == NULL)
		fprintf(stderr,
			"okite: %s cannot be written (%s), the bad lines follow here\n",
			path, strerror(errno));
	free(path);
	return to != NULL ? to : stderr;
}

/* Those of an earlier import are imported by now, or gone from FILE. */
static void remove_rejected(const struct import *import)
{
	char *path;

	if (strcmp(import->name, "-") == 0)
		return;
	path = xasprintf("%s.rejected", import->name);
	if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
		fprintf(stderr,
			"okite: %s, of an earlier import, cannot be removed: %s\n", path,
			strerror(errno));
	free(path);
}

static void write_rejected(FILE *to, const char *line, size_t length)
{
	char printable[4 * LINE_SIZE + 1];

	if (to == stderr && isatty(STDERR_FILENO) == 1)
		fputs(text_printable(printable, sizeof(printable), line), to);
	else
		fwrite(line, 1, length, to);
}

static void reject_line(struct import *import, const char *line, size_t length,
	enum line_end end, const char *why)
{
	int byte = EOF;

	progress_finish(&import->progress);
	if (import->rejected == NULL)
		import->rejected = open_rejected(import);
	if (import->counts.rejected++ < REPORTED_LINES)
		fprintf(stderr, "okite: %s:%" PRId64 ": %s\n", import->name,
			import->lines.number, why);
	write_rejected(import->rejected, line, length);
	while (end == LINE_TOO_LONG && (byte = lines_rest(&import->lines)) != EOF) {
		char rest[] = { (char)byte, '\0' };

		write_rejected(import->rejected, rest, 1);
	}
	putc('\n', import->rejected);
}

/* ---- import ---- */

static bool flush_batch(struct import *import)
{
	enum change changes[BATCH];

	if (import->batch_count == 0)
		return true;
	if (!store_suppress(import->cli->store, import->batch, import->batch_count, NULL,
		    changes, &import->error))
		return false;
	for (size_t i = 0; i < import->batch_count; i++) {
		import->counts.added += changes[i] == CHANGE_ADDED;
		import->counts.changed += changes[i] == CHANGE_CHANGED;
		import->counts.unchanged += changes[i] == CHANGE_UNCHANGED;
	}
	import->batch_count = 0;
	if (import->size > 0)
		progress_show(&import->progress, "%s: %" PRId64 " lines, %" PRId64 " %%",
			import->name, import->lines.number,
			import->lines.bytes * 100 / import->size);
	else
		progress_show(&import->progress, "%s: %" PRId64 " lines", import->name,
			import->lines.number);
	return true;
}

/* False when the store failed. */
static bool import_line(
	struct import *import, char *line, size_t length, enum line_end end)
{
	struct suppression *entry = &import->batch[import->batch_count];
	char original[LINE_SIZE + 1];
	const char *fault;
	char *text;

	memcpy(original, line, length + 1);
	text = lines_trim(&import->lines, line);
	if (end == LINE_WHOLE && (text[0] == '#' || text[0] == '\0') &&
		strlen(original) == length)
		return true;
	import->counts.read++;
	if (import->format == NULL)
		import->format = format_guess(text);
	if (end == LINE_TOO_LONG)
		fault = "longer than 4096 bytes";
	else if (strlen(original) != length)
		fault = "a NUL byte";
	else
		fault = format_read(import->format, &import->defaults, text, entry);
	if (fault != NULL) {
		reject_line(import, original, length, end, fault);
	} else if (entry->until_us != 0 && entry->until_us <= import->defaults.now_us) {
		import->counts.unchanged++;
	} else if (++import->batch_count == BATCH) {
		return flush_batch(import);
	}
	return true;
}

static bool import_lines(struct import *import)
{
	char line[LINE_SIZE + 1];
	size_t length;
	enum line_end end;

	while ((end = lines_next(&import->lines, line, &length)) != LINE_NONE)
		if (!import_line(import, line, length, end))
			return false;
	import->failure = ferror(import->lines.from) ? errno : 0;
	return flush_batch(import) && import->failure == 0;
}

/* One event for the whole of it. */
static bool record_import(struct import *import)
{
	const struct counts *counts = &import->counts;
	struct event event = { .kind = EVENT_SUPPRESSED };

	if (counts->added + counts->changed == 0)
		return true;
	if (strcmp(import->defaults.scope, SCOPE_EVERYONE) != 0)
		text_copy(event.account, sizeof(event.account), import->defaults.scope);
	snprintf(event.detail, sizeof(event.detail),
		"import of %" PRId64 " lines: %" PRId64 " added, %" PRId64
		" changed, %" PRId64 " unchanged, %" PRId64 " rejected",
		counts->read, counts->added, counts->changed, counts->unchanged,
		counts->rejected);
	return store_record(import->cli->store, &event, 1, &import->error);
}

static void tell_counts(struct import *import)
{
	const struct counts *counts = &import->counts;
	const struct {
		const char *name;
		int64_t number;
	} members[] = {
		{ "read", counts->read },
		{ "added", counts->added },
		{ "changed", counts->changed },
		{ "unchanged", counts->unchanged },
		{ "rejected", counts->rejected },
	};
	struct output *output = &import->cli->output;
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_object_set_new(
			object, members[i].name, json_integer(members[i].number));
		if (!output->json)
			output_field(
				output, members[i].name, "%" PRId64, members[i].number);
	}
	if (output->json)
		output_json(output, object);
	else
		json_decref(object);
	if (counts->rejected > REPORTED_LINES)
		fprintf(stderr, "okite: %s: %" PRId64 " more bad lines\n", import->name,
			counts->rejected - REPORTED_LINES);
	if (counts->rejected > 0 && import->rejected != stderr)
		fprintf(stderr, "okite: the bad lines are in %s.rejected\n",
			import->name);
}

/* How okite exits when reading or storing ended early. */
static int tell_failure(struct import *import)
{
	const struct counts *counts = &import->counts;
	int64_t done = counts->added + counts->changed + counts->unchanged;

	if (import->failure != 0)
		return cli_no("%s cannot be read to its end: %s", import->name,
			strerror(import->failure));
	if (done > 0)
		fprintf(stderr,
			"okite: %s: %" PRId64 " entries were taken before the failure, "
			"importing again does no harm\n",
			import->name, done);
	return cli_away(&import->error);
}

static int import_all(struct import *import)
{
	bool ok;

	progress_init(&import->progress);
	import->batch = xcalloc(BATCH, sizeof(*import->batch));
	ok = import_lines(import);
	progress_finish(&import->progress);
	/* What was taken is told, whether or not all was. */
	ok = record_import(import) && ok;
	free(import->batch);
	if (!ok)
		return tell_failure(import);
	tell_counts(import);
	if (import->counts.rejected == 0)
		remove_rejected(import);
	return import->counts.rejected > 0 ? CLI_NO : CLI_YES;
}

static bool open_source(struct import *import)
{
	struct stat facts;

	import->lines.from =
		strcmp(import->name, "-") == 0 ? stdin : fopen(import->name, "re");
	if (import->lines.from == NULL)
		return false;
	if (fstat(fileno(import->lines.from), &facts) == 0 && S_ISREG(facts.st_mode))
		import->size = facts.st_size;
	return true;
}

int run_suppress_import(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	const char *reason = arguments->reason != NULL ? arguments->reason : "manual";
	struct import import = {
		.cli = cli,
		.name = arguments->operands[0],
		.defaults = {
			.reason = reason_from_text(reason),
			.scope = SCOPE_EVERYONE,
			.now_us = clock_now_us(),
		},
	};
	int status;

	if (!format_find(arguments->format, &import.format))
		return cli_usage(cli, "this version reads plain and okite, not \"%s\"",
			arguments->format);
	if (import.defaults.reason == REASON_NONE)
		return cli_usage(cli, "there is no reason \"%s\"", reason);
	if (arguments->account != NULL &&
		!account_name(import.defaults.scope, arguments->account))
		return cli_usage(cli, "--account is empty or too long");
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	import.defaults.secret = cli->secret;
	import.defaults.conf = cli->conf;
	if (!open_source(&import))
		return cli_no("%s cannot be read: %s", import.name, strerror(errno));
	status = import_all(&import);
	if (import.rejected != NULL && import.rejected != stderr &&
		fclose(import.rejected) != 0)
		status = cli_no("%s.rejected could not be written whole: %s", import.name,
			strerror(errno));
	if (import.lines.from != stdin)
		fclose(import.lines.from);
	return status;
}
