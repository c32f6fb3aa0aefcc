#include "cli/setup_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/setup_show.h"
#include "conf/conf.h"
#include "setup/program.h"

enum { OUTPUT_MAX = 1 << 16 };

bool setup_changes_read(struct setup_changes *changes, const struct postfix *postfix,
	const char *conf_path, struct error *error)
{
	*changes = (struct setup_changes){ 0 };
	changes->files[SETUP_MAIN].path = xasprintf("%s/main.cf", postfix->folder);
	changes->files[SETUP_MASTER].path = xasprintf("%s/master.cf", postfix->folder);
	changes->files[SETUP_OKITE].path = realpath(conf_path, NULL);
	if (changes->files[SETUP_OKITE].path == NULL)
		changes->files[SETUP_OKITE].path = xstrdup(conf_path);
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		struct setup_change *change = &changes->files[i];

		if (!file_read(change->path, &change->now, error))
			return false;
	}
	return true;
}

void setup_changes_clear(struct setup_changes *changes)
{
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		free(changes->files[i].path);
		bytes_clear(&changes->files[i].now);
		bytes_clear(&changes->files[i].new);
	}
}

/* ---- in their place ---- */

static void keep_complaint(const char *complaint, void *context)
{
	char *first = context;

	if (first[0] == '\0')
		text_copy(first, sizeof(((struct error *)NULL)->text) / 2, complaint);
}

static bool check_conf(const char *path, const char *shown, struct error *error)
{
	char complaint[sizeof(error->text)] = "";
	struct conf *conf = conf_read(path, keep_complaint, complaint);
	bool good = conf != NULL;

	conf_free(conf);
	return good || error_set(error, "%s: okited would not take it any more: %s",
			       shown, complaint);
}

static bool is_as_it_was(const struct setup_change *change, struct error *error)
{
	struct bytes now;
	bool same = file_read(change->path, &now, error);

	if (same && !bytes_equal(&now, &change->now))
		same = error_set(error, "%s: somebody else is changing it; try again",
			change->path);
	bytes_clear(&now);
	return same;
}

static bool prepare(const struct setup_change *change, bool is_conf,
	struct replacement *replacement, struct error *error)
{
	return replacement_write(replacement, change->path, &change->new, error) &&
	       (!is_conf || check_conf(replacement->temporary, change->path, error)) &&
	       is_as_it_was(change, error);
}

bool setup_changes_install(struct setup_changes *changes, struct error *error)
{
	struct replacement replacements[SETUP_FILE_COUNT] = { { NULL, NULL } };
	bool done = true;

	for (size_t i = 0; i < SETUP_FILE_COUNT && done; i++)
		if (changes->files[i].new.data != NULL)
			done = prepare(&changes->files[i], i == SETUP_OKITE,
				&replacements[i], error);
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		if (done && replacements[i].target != NULL)
			done = replacement_install(&replacements[i], error);
		else
			replacement_drop(&replacements[i]);
	}
	return done;
}

/* ---- okite.conf ---- */

char *setup_okite_block(const struct setup_step *step)
{
	char *line = setup_okite_line(step);
	char *block =
		xasprintf("# From `okite setup postfix --apply`; --undo takes it out.\n"
			  "%s\n",
			line);

	free(line);
	return block;
}

struct bytes setup_okite_append(const struct bytes *conf, const char *block)
{
	bool ends = conf->size == 0 || conf->data[conf->size - 1] == '\n';
	struct bytes longer;

	longer.data = xasprintf("%s%s\n%s", conf->data, ends ? "" : "\n", block);
	longer.size = strlen(longer.data);
	return longer;
}

struct bytes setup_okite_cut(const struct bytes *conf, const char *block)
{
	const char *found = strstr(conf->data, block);
	struct bytes shorter = { NULL, 0 };
	size_t before;

	if (found == NULL)
		return shorter;
	before = (size_t)(found - conf->data);
	/* The empty line in front is ours as well. */
	if (before > 1 && strncmp(found - 2, "\n\n", 2) == 0)
		before--;
	shorter.data =
		xasprintf("%.*s%s", (int)before, conf->data, found + strlen(block));
	shorter.size = strlen(shorter.data);
	return shorter;
}

/* ---- Postfix ---- */

bool postfix_reload(const struct postfix *postfix, bool *runs, struct error *error)
{
	const char *const status[] = { "postfix", "-c", postfix->folder, "status", NULL };
	const char *const reload[] = { "postfix", "-c", postfix->folder, "reload", NULL };
	struct program_result result;
	bool done = program_run(status, OUTPUT_MAX, &result, error);

	*runs = done && result.status == 0;
	program_result_clear(&result);
	if (!*runs)
		return done;
	done = program_succeed(reload, OUTPUT_MAX, &result, error);
	program_result_clear(&result);
	return done;
}
