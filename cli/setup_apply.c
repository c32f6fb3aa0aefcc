/* okite setup postfix --apply. */
#include "cli/setup_apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/setup_change.h"
#include "cli/setup_show.h"
#include "setup/edit.h"

static void edit_step(struct setup_edit *edit, const struct setup_step *step)
{
	if (step->file == SETUP_MAIN)
		setup_edit_add(
			edit, EDIT_SET, xasprintf("%s = %s", step->name, step->after));
	else if (step->file == SETUP_MASTER)
		setup_edit_add(edit, EDIT_SET_SERVICE,
			xasprintf("%s/%s=%s", step->service, step->name, step->after));
}

/* main.cf and master.cf as they will be. */
static bool edit_postfix(
	struct setup_changes *changes, const struct setup_plan *plan, struct error *error)
{
	struct setup_change *files = changes->files;
	struct setup_edit edit;
	bool done = setup_edit_open(
		&edit, &files[SETUP_MAIN].now, &files[SETUP_MASTER].now, error);

	for (size_t i = 0; i < plan->step_count && done; i++)
		edit_step(&edit, &plan->steps[i]);
	done = done && setup_edit_result(&edit, &files[SETUP_MAIN].new,
			       &files[SETUP_MASTER].new, error);
	setup_edit_close(&edit);
	return done;
}

static void edit_okite(struct setup_changes *changes, const struct setup_plan *plan)
{
	struct setup_change *file = &changes->files[SETUP_OKITE];

	for (size_t i = 0; i < plan->step_count; i++) {
		char *block;

		if (plan->steps[i].file != SETUP_OKITE)
			continue;
		block = setup_okite_block(&plan->steps[i]);
		file->new = setup_okite_append(&file->now, block);
		free(block);
	}
}

static bool edit_all(
	struct setup_changes *changes, const struct setup_plan *plan, struct error *error)
{
	if ((setup_plan_touches(plan, SETUP_MAIN) ||
		    setup_plan_touches(plan, SETUP_MASTER)) &&
		!edit_postfix(changes, plan, error))
		return false;
	edit_okite(changes, plan);
	/* postconf may leave one of the two as it was. */
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++)
		if (bytes_equal(&changes->files[i].now, &changes->files[i].new))
			bytes_clear(&changes->files[i].new);
	return true;
}

/* Before anything is changed. */
static bool keep_record(struct setup_record *record, const char *path,
	const struct setup_changes *changes, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan,
	struct error *error)
{
	if (record->folder == NULL)
		record->folder = xstrdup(postfix->folder);
	free(record->address);
	record->address = xstrdup(okite->address);
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		const struct setup_change *change = &changes->files[i];

		if (change->new.data != NULL)
			setup_record_file(
				record, i, change->path, &change->now, &change->new);
	}
	for (size_t i = 0; i < plan->step_count; i++)
		setup_record_step(record, &plan->steps[i]);
	return setup_record_write(record, path, error);
}

int setup_reload(struct cli *cli, const struct postfix *postfix)
{
	struct error error = ERROR_NONE;
	bool runs = false;

	if (!postfix_reload(postfix, &runs, &error))
		return cli_no("%s", error.text);
	setup_show_note(&cli->output, "reload", "%s",
		runs ? "Postfix runs and was told to read its configuration again."
		     : "Postfix does not run; it will read its configuration when it is "
		       "started.");
	return CLI_YES;
}

int setup_apply(struct cli *cli, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan,
	struct setup_record *record, const char *record_path)
{
	struct error error = ERROR_NONE;
	struct setup_changes changes = { 0 };
	int status = CLI_YES;
	bool done = plan->step_count == 0 ||
		    (setup_changes_read(&changes, postfix, cli->conf_path, &error) &&
			    edit_all(&changes, plan, &error) &&
			    keep_record(record, record_path, &changes, postfix, okite,
				    plan, &error) &&
			    setup_changes_install(&changes, &error));

	if (!done)
		status = cli_no("%s", error.text);
	else
		setup_show_plan(&cli->output, postfix, okite, plan, true);
	if (done && (setup_plan_touches(plan, SETUP_MAIN) ||
			    setup_plan_touches(plan, SETUP_MASTER)))
		status = setup_reload(cli, postfix);
	if (done && setup_plan_touches(plan, SETUP_OKITE))
		setup_show_note(&cli->output, "note",
			"okited reads %s again when it is told to: systemctl reload "
			"okite",
			cli->conf_path);
	setup_changes_clear(&changes);
	return status;
}
