/* okite suppress export: the whole list, streaming. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "cli/formats.h"

/* Entries between two looks at the clock. */
enum { PROGRESS_STEP = 500 };

struct export
{
	struct output *output;
	bool plain;
	const char *scope; /* only this; NULL: everything */
	int64_t written;
	int64_t left_out; /* plain text cannot say what they are */
	struct progress progress;
};

static bool export_plain(struct export *export, const struct suppression *entry)
{
	if (entry->address[0] == '\0' ||
		(export->scope == NULL && strcmp(entry->scope, SCOPE_EVERYONE) != 0)) {
		export->left_out++;
		return true;
	}
	export->written++;
	fprintf(export->output->to, "%s\n", entry->address);
	return output_good(export->output);
}

static bool export_entry(const struct suppression *entry, void *context)
{
	struct export *export = context;

	if (export->scope != NULL && strcmp(export->scope, entry->scope) != 0)
		return true;
	if (export->written % PROGRESS_STEP == 0)
		progress_show(&export->progress, "%" PRId64 " entries", export->written);
	if (export->plain)
		return export_plain(export, entry);
	export->written++;
	return output_json(export->output, suppression_to_json(entry));
}

static int export_to(struct cli *cli, struct export *export)
{
	struct error error = ERROR_NONE;
	bool ok;

	progress_init(&export->progress);
	ok = store_each_suppression(cli->store, export_entry, export, &error);
	progress_finish(&export->progress);
	if (!ok)
		return cli_away(&error);
	if (export->left_out > 0)
		fprintf(stderr,
			"okite: %" PRId64
			" entries are not for everyone or have no address, "
			"and were left out: the format okite has them\n",
			export->left_out);
	return CLI_YES;
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
		status = cli_no("%s cannot be written: %s", path, strerror(errno));
		free(temporary);
		return status;
	}
	output_init(&output, to, true);
	export->output = &output;
	status = export_to(cli, export);
	if (status == CLI_YES && (!output_flush(&output) || fsync(fd) != 0))
		status = cli_no("%s cannot be written: %s", path,
			strerror(output.failure != 0 ? output.failure : errno));
	fclose(to);
	if (status == CLI_YES && rename(temporary, path) != 0)
		status = cli_no("%s cannot be written: %s", path, strerror(errno));
	if (status != CLI_YES)
		unlink(temporary);
	free(temporary);
	return status;
}

int run_suppress_export(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct export export = { .output = &cli->output };
	const struct format *format;
	char scope[ACCOUNT_SIZE];
	int status;

	if (arguments->format != NULL &&
		(!format_find(arguments->format, &format) || format == NULL))
		return cli_usage(cli, "this version writes plain and okite, not \"%s\"",
			arguments->format);
	if (arguments->account != NULL && !account_name(scope, arguments->account))
		return cli_usage(cli, "--account is empty or too long");
	export.plain =
		arguments->format != NULL && strcmp(arguments->format, "plain") == 0;
	export.scope = arguments->account != NULL ? scope : NULL;
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	if (arguments->operand_count > 0 && strcmp(arguments->operands[0], "-") != 0)
		return export_to_file(cli, &export, arguments->operands[0]);
	return export_to(cli, &export);
}
