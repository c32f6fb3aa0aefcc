/* okite suppress export: the whole list, streaming. */
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
#include "cli/cli.h"
#include "lists/layouts.h"

/* Entries between two looks at the clock. */
enum { PROGRESS_STEP = 500 };

struct export
{
	struct output *output;
	enum format format;
	const char *scope; /* only this; NULL: everything */
	int64_t written;
	int64_t left_out; /* the format cannot say what they are */
	int64_t started_us;
	struct progress progress;
};

/* Who is sent nothing, and no more is said. */
static bool write_plain(FILE *to, const struct suppression *entry)
{
	return fprintf(to, "%s\n", entry->address) > 0;
}

/* As SES's bulk import reads it: single addresses, and two reasons. */
static bool write_ses(FILE *to, const struct suppression *entry)
{
	const char *reason = entry->reason == REASON_HARD	 ? "BOUNCE"
			     : entry->reason == REASON_COMPLAINT ? "COMPLAINT"
								 : NULL;
	bool quoted = strpbrk(entry->address, ",\"") != NULL;

	if (reason == NULL || entry->address[0] == '@')
		return false;
	if (quoted)
		putc('"', to);
	for (const char *next = entry->address; *next != '\0'; next++) {
		if (*next == '"')
			putc('"', to);
		putc(*next, to);
	}
	fprintf(to, "%s,%s\n", quoted ? "\"" : "", reason);
	return true;
}

/* False: the format has no words for it. */
static bool write_entry(struct export *export, const struct suppression *entry)
{
	FILE *to = export->output->to;

	if (export->format == FORMAT_OKITE)
		return output_json(export->output, suppression_to_json(entry)), true;
	/* Neither has scopes: of one account, or of everyone. */
	if (entry->address[0] == '\0' ||
		(export->scope == NULL && strcmp(entry->scope, SCOPE_EVERYONE) != 0))
		return false;
	return export->format == FORMAT_SES ? write_ses(to, entry)
					    : write_plain(to, entry);
}

static bool export_entry(const struct suppression *entry, void *context)
{
	struct export *export = context;

	if (export->scope != NULL && strcmp(export->scope, entry->scope) != 0)
		return true;
	if (write_entry(export, entry))
		export->written++;
	else
		export->left_out++;
	if ((export->written + export->left_out) % PROGRESS_STEP == 0) {
		int64_t spent_us = clock_monotonic_us() - export->started_us;

		progress_show(&export->progress, "%" PRId64 " entries, %" PRId64 "/s",
			export->written,
			spent_us > 0 ? export->written * SECOND_US / spent_us : 0);
	}
	return output_good(export->output) && !interrupt_came();
}

static int export_to(struct cli *cli, struct export *export)
{
	struct error error = ERROR_NONE;
	bool ok;

	interrupt_catch();
	progress_init(&export->progress);
	export->started_us = clock_monotonic_us();
	ok = store_each_suppression(cli->store, export_entry, export, &error);
	progress_finish(&export->progress);
	if (!ok)
		return cli_away(&error);
	/* Whole lines, as far as it came. */
	if (interrupt_came()) {
		(void)output_flush(export->output);
		return cli_no("interrupted after %" PRId64 " entries", export->written);
	}
	if (export->left_out > 0)
		fprintf(stderr,
			"okite: %" PRId64
			" entries were left out, which the format %s cannot tell: "
			"the format okite has them\n",
			export->left_out, format_names[export->format]);
	return CLI_YES;
}

static int cannot_write(const char *path, int failure)
{
	return cli_no("%s cannot be written: %s", path, strerror(failure));
}

/* Into a file beside PATH that takes its place when all is in it. */
static int export_to_file(struct cli *cli, struct export *export, const char *path)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	struct output output;
	int status;

	if (to == NULL) {
		status = cannot_write(path, errno);
		free(temporary);
		return status;
	}
	output_init(&output, to, true);
	export->output = &output;
	status = export_to(cli, export);
	if (status == CLI_YES && (!output_flush(&output) || fsync(fd) != 0))
		status = cannot_write(path, output.failure != 0 ? output.failure : errno);
	fclose(to);
	if (status == CLI_YES && rename(temporary, path) != 0)
		status = cannot_write(path, errno);
	if (status != CLI_YES)
		unlink(temporary);
	free(temporary);
	return status;
}

/* A device, a pipe, a socket: what must not be replaced by a file. */
static int export_to_special(struct cli *cli, struct export *export, const char *path)
{
	FILE *to = fopen(path, "we");
	struct output output;
	int status;

	if (to == NULL)
		return cannot_write(path, errno);
	output_init(&output, to, true);
	export->output = &output;
	status = export_to(cli, export);
	if (!output_flush(&output) && status == CLI_YES)
		status = cannot_write(path, output.failure);
	fclose(to);
	return status;
}

static int export_somewhere(struct cli *cli, struct export *export)
{
	const char *path =
		cli->arguments.operand_count > 0 ? cli->arguments.operands[0] : "-";
	struct stat facts;

	if (strcmp(path, "-") == 0)
		return export_to(cli, export);
	if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
		return export_to_special(cli, export, path);
	return export_to_file(cli, export, path);
}

int run_suppress_export(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct export export = { .output = &cli->output, .format = FORMAT_OKITE };
	char scope[ACCOUNT_SIZE];
	int status;

	if (arguments->format != NULL &&
		(!format_find(arguments->format, &export.format) ||
			(export.format != FORMAT_OKITE && export.format != FORMAT_PLAIN &&
				export.format != FORMAT_SES)))
		return cli_usage(cli, "okite exports okite, plain and ses, not \"%s\"",
			arguments->format);
	if (arguments->account != NULL && !account_name(scope, arguments->account))
		return cli_usage(cli, "--account is empty or too long");
	export.scope = arguments->account != NULL ? scope : NULL;
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	status = export_somewhere(cli, &export);
	interrupt_end();
	return status;
}
