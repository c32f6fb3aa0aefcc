#include "setup/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "setup/program.h"

enum { OUTPUT_MAX = 1 << 16 };

static char *file_in(const struct setup_edit *edit, const char *name)
{
	return xasprintf("%s/%s", edit->folder, name);
}

static bool write_copy(struct setup_edit *edit, const char *name,
	const struct bytes *bytes, struct error *error)
{
	char *path = file_in(edit, name);
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t written = 0;
	ssize_t put = 0;

	while (file >= 0 && written < bytes->size &&
		(put = write(file, bytes->data + written, bytes->size - written)) > 0)
		written += (size_t)put;
	/* Postfix waits before it reads a file that may still be written to. */
	if (file >= 0)
		(void)futimens(file, (const struct timespec[2]){ { 0, 0 }, { 0, 0 } });
	if (file < 0 || written < bytes->size)
		error_set(error, "%s: it cannot be written: %s", path, strerror(errno));
	else
		put = 1;
	if (file >= 0)
		close(file);
	free(path);
	return put > 0;
}

bool setup_edit_open(struct setup_edit *edit, const struct bytes *main,
	const struct bytes *master, struct error *error)
{
	char folder[] = "/tmp/okite-setup-XXXXXX";

	*edit = (struct setup_edit){ .folder = NULL };
	if (mkdtemp(folder) == NULL) /* mode 0700 */
		return error_set(error, "%s: no such folder can be made: %s", folder,
			strerror(errno));
	edit->folder = xstrdup(folder);
	if (write_copy(edit, "main.cf", main, error) &&
		write_copy(edit, "master.cf", master, error))
		return true;
	setup_edit_close(edit);
	return false;
}

void setup_edit_add(struct setup_edit *edit, enum setup_how how, char *what)
{
	names_add(&edit->edits[how], what);
}

/* All edits of a kind at once: postconf waits a moment before it reads a fresh file. */
static bool run_edits(struct setup_edit *edit, enum setup_how how, struct error *error)
{
	static const char *const options[EDIT_COUNT] = { "-e", "-X", "-P", "-PX" };
	const struct names *edits = &edit->edits[how];
	struct program_result result;
	const char **words;
	bool done;

	if (edits->count == 0)
		return true;
	words = xcalloc(5 + edits->count, sizeof(*words));
	words[0] = "postconf";
	words[1] = "-c";
	words[2] = edit->folder;
	words[3] = options[how];
	for (size_t i = 0; i < edits->count; i++)
		words[4 + i] = edits->items[i];
	done = program_succeed(words, OUTPUT_MAX, &result, error);
	program_result_clear(&result);
	free(words);
	return done;
}

static bool read_copy(const struct setup_edit *edit, const char *name,
	struct bytes *bytes, struct error *error)
{
	char *path = file_in(edit, name);
	bool done = file_read(path, bytes, error);

	free(path);
	return done;
}

bool setup_edit_result(struct setup_edit *edit, struct bytes *main, struct bytes *master,
	struct error *error)
{
	*main = *master = (struct bytes){ NULL, 0 };
	for (size_t i = 0; i < EDIT_COUNT; i++)
		if (!run_edits(edit, i, error))
			return false;
	if (read_copy(edit, "main.cf", main, error) &&
		read_copy(edit, "master.cf", master, error))
		return true;
	bytes_clear(main);
	return false;
}

void setup_edit_close(struct setup_edit *edit)
{
	static const char *const names[] = { "main.cf", "master.cf", "main.cf.tmp",
		"master.cf.tmp" };

	if (edit->folder == NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = file_in(edit, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(edit->folder);
	free(edit->folder);
	edit->folder = NULL;
	for (size_t i = 0; i < EDIT_COUNT; i++)
		names_clear(&edit->edits[i]);
}
