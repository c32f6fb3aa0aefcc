/* okite suppress import: whole lists, streaming; what is bad of them is kept. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/reader.h"
#include "cli/rejected.h"
#include "cli/sender.h"

/* Entries between two looks at the clock. */
enum { PROGRESS_STEP = 1000 };

struct import {
	struct cli *cli;
	const char *name; /* of the file, or "-" */
	int fd;
	int64_t size; /* of the file; 0: not known */
	enum format format;
	struct entry_defaults defaults;
	struct reader *reader;
	struct rejected rejected;
	struct sender *sender;
	struct sent sent;
	int64_t read;
	int64_t ended;	 /* of them were over already */
	int64_t undated; /* had a time that could not be read */
	int64_t started_us;
	struct progress progress;
	struct error error; /* of the store, or of a list that is refused */
};

/* ---- what is told ---- */

/* Until the end of the file, in whole seconds, when it goes on as it did. */
static int64_t time_left_us(const struct import *import, int64_t done, int64_t spent_us)
{
	double share = (double)(import->size - done) / (double)done;
	int64_t seconds = (int64_t)(share * (double)spent_us) / SECOND_US;

	return (seconds + 1) * SECOND_US;
}

static void show_progress(struct import *import)
{
	int64_t spent_us = clock_monotonic_us() - import->started_us,
		done = import->reader->input.taken;
	char left[SPAN_TEXT_SIZE];

	if (!import->progress.terminal || spent_us <= 0)
		return;
	if (done > 0 && done <= import->size)
		progress_show(&import->progress,
			"%s: %" PRId64 " entries, %" PRId64 " %%, %" PRId64 "/s, %s left",
			import->name, import->read, done * 100 / import->size,
			import->read * SECOND_US / spent_us,
			span_text(left, sizeof(left),
				time_left_us(import, done, spent_us)));
	else
		progress_show(&import->progress, "%s: %" PRId64 " entries, %" PRId64 "/s",
			import->name, import->read, import->read * SECOND_US / spent_us);
}

static const char *format_text(const struct import *import)
{
	enum format format = import->reader->format;

	return format == FORMAT_AUTO ? "auto" : format_names[format];
}

static void tell_counts(struct import *import)
{
	const struct {
		const char *name;
		int64_t number;
	} members[] = {
		{ "read", import->read },
		{ "added", import->sent.added },
		{ "changed", import->sent.changed },
		{ "unchanged", import->sent.unchanged + import->ended },
		{ "rejected", import->rejected.count },
	};
	struct output *output = &import->cli->output;
	json_t *object = json_object();

	json_object_set_new(object, "format", json_string(format_text(import)));
	if (!output->json)
		output_field(output, "format", "%s", format_text(import));
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
}

/* What the counts do not say. */
static void tell_remarks(const struct import *import)
{
	if (import->ended > 0)
		fprintf(stderr,
			"okite: %s: %" PRId64
			" entries had ended already and were not added\n",
			import->name, import->ended);
	if (import->undated > 0)
		fprintf(stderr,
			"okite: %s: %" PRId64
			" entries have a time that cannot be read, and count from now\n",
			import->name, import->undated);
}

/* ---- import ---- */

/* False: no more of this list, for whatever reason. */
static bool import_next(struct import *import)
{
	struct suppression *entry = sender_room(import->sender);
	struct record record;
	enum reading reading;
	bool undated;

	if (entry == NULL || interrupt_came())
		return false;
	reading = reader_next(import->reader, &import->defaults, entry, &undated, &record,
		&import->error);
	if (reading == READING_END || reading == READING_REFUSED)
		return false;
	import->read++;
	if (import->read % PROGRESS_STEP == 0)
		show_progress(import);
	if (reading == READING_REJECTED) {
		progress_finish(&import->progress);
		rejected_add(&import->rejected, import->reader, &record);
		return true;
	}
	import->undated += undated;
	if (entry->until_us != 0 && entry->until_us <= import->defaults.now_us)
		import->ended++;
	else
		sender_add(import->sender);
	return true;
}

/* One event for the whole of it. */
static bool record_import(struct import *import)
{
	const struct sent *sent = &import->sent;
	struct event event = { .kind = EVENT_SUPPRESSED };

	if (sent->added + sent->changed == 0)
		return true;
	if (strcmp(import->defaults.scope, SCOPE_EVERYONE) != 0)
		text_copy(event.account, sizeof(event.account), import->defaults.scope);
	snprintf(event.detail, sizeof(event.detail),
		"import of %" PRId64 " entries, %s: %" PRId64 " added, %" PRId64
		" changed, %" PRId64 " unchanged, %" PRId64 " rejected",
		import->read, format_text(import), sent->added, sent->changed,
		sent->unchanged + import->ended, import->rejected.count);
	return store_record(import->cli->store, &event, 1, &import->error);
}

static void tell_partial(const struct import *import)
{
	int64_t done = import->sent.added + import->sent.changed + import->sent.unchanged;

	if (done > 0)
		fprintf(stderr,
			"okite: %s: %" PRId64 " entries were taken before that; "
			"importing it again does no harm\n",
			import->name, done);
}

/* How okite exits when the list is not at its end; -1: it is. */
static int tell_failure(struct import *import, bool stored)
{
	int status = -1;

	if (!stored)
		status = cli_away(&import->error);
	else if (import->error.text[0] != '\0')
		status = cli_no("%s", import->error.text);
	else if (interrupt_came())
		status = cli_no("%s: interrupted", import->name);
	else if (import->reader->input.failure != 0)
		status = cli_no("%s cannot be read to its end: %s", import->name,
			strerror(import->reader->input.failure));
	if (status >= 0)
		tell_partial(import);
	return status;
}

static int import_all(struct import *import)
{
	struct error error = ERROR_NONE;
	bool stored, kept;
	int status;

	progress_init(&import->progress);
	import->started_us = clock_monotonic_us();
	import->sender = sender_new(import->cli->store);
	while (import_next(import))
		continue;
	stored = sender_finish(import->sender, &import->sent, &error);
	if (!stored)
		import->error = error;
	progress_finish(&import->progress);
	/* What was taken is told, whether or not all was. */
	stored = record_import(import) && stored;
	status = tell_failure(import, stored);
	if (status < 0) {
		tell_counts(import);
		tell_remarks(import);
		status = import->rejected.count > 0 ? CLI_NO : CLI_YES;
		kept = rejected_finish(&import->rejected);
		return kept ? status : CLI_NO;
	}
	if (import->rejected.count > 0)
		(void)rejected_finish(&import->rejected);
	return status;
}

static bool open_source(struct import *import)
{
	struct stat facts;

	import->fd = STDIN_FILENO;
	if (strcmp(import->name, "-") != 0)
		import->fd = open(import->name, O_RDONLY | O_CLOEXEC);
	if (import->fd < 0)
		return false;
	/* Beside a pipe or a device there is no place for a file. */
	if (fstat(import->fd, &facts) == 0 && S_ISREG(facts.st_mode)) {
		import->size = facts.st_size;
		import->rejected.beside = import->fd != STDIN_FILENO;
	}
	return true;
}

static int import_list(struct import *import)
{
	int status;

	if (!open_source(import))
		return cli_no("%s cannot be read: %s", import->name, strerror(errno));
	interrupt_catch();
	import->reader = xmalloc(sizeof(*import->reader));
	if (reader_open(import->reader, import->fd, import->name, import->format,
		    &import->error))
		status = import_all(import);
	else
		status = cli_no("%s", import->error.text);
	reader_close(import->reader);
	free(import->reader);
	if (import->fd != STDIN_FILENO)
		close(import->fd);
	return status;
}

int run_suppress_import(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct import import = {
		.cli = cli,
		.name = arguments->operands[0],
		.rejected = { .name = arguments->operands[0] },
		.defaults = { .scope = SCOPE_EVERYONE, .now_us = clock_now_us() },
	};
	int status;

	if (!format_find(arguments->format, &import.format))
		return cli_usage(cli,
			"there is no format \"%s\"; there are auto, plain, ses, "
			"sendgrid, "
			"mailgun, postmark, sparkpost and okite",
			arguments->format);
	if (arguments->reason != NULL) {
		import.defaults.reason = reason_from_text(arguments->reason);
		if (import.defaults.reason == REASON_NONE)
			return cli_usage(
				cli, "there is no reason \"%s\"", arguments->reason);
	}
	if (arguments->account != NULL &&
		!account_name(import.defaults.scope, arguments->account))
		return cli_usage(cli, "--account is empty or too long");
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	import.defaults.secret = cli->secret;
	import.defaults.conf = cli->conf;
	status = import_list(&import);
	interrupt_end();
	return status;
}
