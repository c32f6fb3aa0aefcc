/*
 * okite setup postfix --undo.  A file that is still as --apply left it becomes
 * what it was, to the byte.  In one that others changed since, each setting is
 * taken back for itself, and what is not ours any more stays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/setup_apply.h"
#include "cli/setup_change.h"
#include "cli/setup_show.h"
#include "setup/edit.h"
#include "setup/milters.h"

struct undoing {
	const struct postfix *postfix;
	struct setup_record *record;
	struct setup_changes changes;
	struct setup_edit edit;
	struct outcome {
		bool stays;
		char *text;
	} * outcomes; /* one a step of the record */
	struct error *error;
};

static bool same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool tell(struct undoing *undoing, size_t step, bool stays, char *text)
{
	undoing->outcomes[step] = (struct outcome){ stays, text };
	return true;
}

/* ---- one setting ---- */

static const char *current_value(
	const struct postfix *postfix, const struct setup_step *step)
{
	const struct postfix_parameter *parameter = NULL;

	if (step->file == SETUP_MAIN)
		parameter = postfix_parameter(postfix, step->name);
	for (size_t i = 0; step->file == SETUP_MASTER && i < postfix->service_count; i++)
		if (same(postfix->services[i].name, step->service))
			parameter = service_override(&postfix->services[i], step->name);
	return parameter != NULL ? parameter->set : NULL;
}

/* Write VALUE, or where it is NULL, take the setting out. */
static bool put_value(
	struct undoing *undoing, const struct setup_step *step, const char *value)
{
	bool in_master = step->file == SETUP_MASTER;
	char *name = in_master ? xasprintf("%s/%s", step->service, step->name)
			       : xstrdup(step->name);
	char *packed = value != NULL && in_master ? milters_pack(value) : NULL;
	bool can = value == NULL || !in_master || packed != NULL;

	if (!can)
		error_set(undoing->error, "%s: postconf cannot write it back: %s", name,
			value);
	else if (value == NULL)
		setup_edit_add(&undoing->edit,
			in_master ? EDIT_UNSET_SERVICE : EDIT_UNSET, xstrdup(name));
	else
		setup_edit_add(&undoing->edit, in_master ? EDIT_SET_SERVICE : EDIT_SET,
			xasprintf("%s=%s", name, in_master ? packed : value));
	free(packed);
	free(name);
	return can;
}

static bool is_list_of_milters(const struct setup_step *step)
{
	return strcmp(step->name, "smtpd_milters") == 0 ||
	       strcmp(step->name, "non_smtpd_milters") == 0;
}

static bool undo_setting(struct undoing *undoing, size_t index)
{
	const struct setup_step *step = &undoing->record->steps.steps[index];
	const char *current = current_value(undoing->postfix, step);
	char *without = NULL;
	bool done;

	if (current == NULL || same(current, step->before))
		return tell(undoing, index, false, xstrdup("is gone already"));
	if (same(current, step->after))
		return tell(undoing, index, false, xstrdup("is as it was before")) &&
		       put_value(undoing, step, step->before);
	if (is_list_of_milters(step))
		without = milters_without(current, step->before, step->after);
	if (without == NULL)
		return tell(undoing, index, true,
			xasprintf("was changed since, and stays: %s", current));
	done = tell(undoing, index, false,
		       xasprintf("was changed since; okite alone is taken out of it")) &&
	       put_value(undoing, step,
		       without[0] == '\0' && step->before == NULL ? NULL : without);
	free(without);
	return done;
}

static bool undo_okite(struct undoing *undoing, size_t index)
{
	struct setup_change *change = &undoing->changes.files[SETUP_OKITE];
	char *block = setup_okite_block(&undoing->record->steps.steps[index]);

	change->new = setup_okite_cut(&change->now, block);
	free(block);
	if (change->new.data != NULL)
		return tell(undoing, index, false, xstrdup("is taken out"));
	return tell(undoing, index, true, xstrdup("was changed since, and stays"));
}

/* ---- a file ---- */

enum way { WAY_NONE, WAY_COPY, WAY_STEPS };

static enum way way_for(const struct undoing *undoing, enum setup_file file)
{
	const struct setup_record_file *known = &undoing->record->files[file];
	const struct bytes *now = &undoing->changes.files[file].now;

	if (known->path == NULL || bytes_equal(now, &known->before))
		return WAY_NONE;
	return bytes_equal(now, &known->after) && known->before.data != NULL ? WAY_COPY
									     : WAY_STEPS;
}

static bool undo_step(struct undoing *undoing, size_t index)
{
	enum setup_file file = undoing->record->steps.steps[index].file;

	if (way_for(undoing, file) != WAY_STEPS)
		return tell(undoing, index, false, xstrdup("is as it was before"));
	return file == SETUP_OKITE ? undo_okite(undoing, index)
				   : undo_setting(undoing, index);
}

/* The copy that postconf edited, or the copy from before. */
static bool take_results(struct undoing *undoing)
{
	struct setup_change *files = undoing->changes.files;
	struct bytes edited[2];

	if (!setup_edit_result(&undoing->edit, &edited[SETUP_MAIN], &edited[SETUP_MASTER],
		    undoing->error))
		return false;
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		struct bytes *before = &undoing->record->files[i].before;
		enum way way = way_for(undoing, i);

		if (way == WAY_COPY) {
			files[i].new = *before;
			*before = (struct bytes){ NULL, 0 };
		} else if (way == WAY_STEPS && i != SETUP_OKITE) {
			files[i].new = edited[i];
			edited[i] = (struct bytes){ NULL, 0 };
		}
	}
	bytes_clear(&edited[SETUP_MAIN]);
	bytes_clear(&edited[SETUP_MASTER]);
	return true;
}

static bool undo_all(struct undoing *undoing)
{
	struct setup_change *files = undoing->changes.files;
	bool done = setup_edit_open(&undoing->edit, &files[SETUP_MAIN].now,
		&files[SETUP_MASTER].now, undoing->error);

	for (size_t i = 0; i < undoing->record->steps.step_count && done; i++)
		done = undo_step(undoing, i);
	done = done && take_results(undoing);
	setup_edit_close(&undoing->edit);
	return done && setup_changes_install(&undoing->changes, undoing->error);
}

/* ---- all of it ---- */

static int show_outcomes(struct cli *cli, const struct undoing *undoing)
{
	int status = CLI_YES;

	for (size_t i = 0; i < undoing->record->steps.step_count; i++) {
		setup_show_undone(&cli->output, &undoing->record->steps.steps[i],
			!undoing->outcomes[i].stays, undoing->outcomes[i].text);
		if (undoing->outcomes[i].stays)
			status = CLI_NO;
	}
	return status;
}

static int finish(struct cli *cli, const struct undoing *undoing, const char *record_path)
{
	const struct setup_change *files = undoing->changes.files;
	struct error error = ERROR_NONE;
	int status = show_outcomes(cli, undoing);

	if (!setup_record_remove(record_path, &error))
		status = cli_no("%s", error.text);
	if ((files[SETUP_MAIN].new.data != NULL ||
		    files[SETUP_MASTER].new.data != NULL) &&
		setup_reload(cli, undoing->postfix) != CLI_YES)
		status = CLI_NO;
	if (files[SETUP_OKITE].new.data != NULL)
		setup_show_note(&cli->output, "note",
			"okited reads %s again when it is told to: systemctl reload "
			"okite",
			files[SETUP_OKITE].path);
	return status;
}

int setup_undo(struct cli *cli, const struct postfix *postfix,
	struct setup_record *record, const char *record_path)
{
	struct error error = ERROR_NONE;
	struct undoing undoing = {
		.postfix = postfix, .record = record, .error = &error
	};
	const char *conf_path = record->files[SETUP_OKITE].path;
	int status;

	if (record->folder == NULL) {
		setup_show_note(&cli->output, "note",
			"There is nothing to take back for the Postfix in %s.",
			postfix->folder);
		return CLI_YES;
	}
	undoing.outcomes = xcalloc(record->steps.step_count, sizeof(*undoing.outcomes));
	if (!setup_changes_read(&undoing.changes, postfix,
		    conf_path != NULL ? conf_path : cli->conf_path, &error) ||
		!undo_all(&undoing))
		status = cli_no("%s", error.text);
	else
		status = finish(cli, &undoing, record_path);
	for (size_t i = 0; i < record->steps.step_count; i++)
		free(undoing.outcomes[i].text);
	free(undoing.outcomes);
	setup_changes_clear(&undoing.changes);
	return status;
}
