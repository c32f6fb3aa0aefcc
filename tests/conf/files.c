#include "tests/conf/files.h"

#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static char folder[] = "/tmp/okite-conf-XXXXXX";

char *files_path(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

char *files_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	long size;

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	text = xcalloc(1, (size_t)size + 1);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	return text;
}

/* All complaints, one a line, without the folder. */
static void note(const char *complaint, void *context)
{
	char **all = context, *longer;
	size_t length = strlen(folder);

	if (strncmp(complaint, folder, length) == 0)
		complaint += length + 1;
	longer = xasprintf("%s%s\n", *all, complaint);
	free(*all);
	*all = longer;
}

struct conf *files_read(const char *path, char **complaints)
{
	*complaints = xstrdup("");
	return conf_read(path, note, complaints);
}

struct conf *files_read_text(const char *text, char **complaints)
{
	char *path = files_path("okite.conf");
	struct conf *conf;

	write_file(path, text);
	conf = files_read(path, complaints);
	free(path);
	return conf;
}

/* A configuration that must be good. */
struct conf *files_read_good(const char *name, const char *text)
{
	char *complaints;
	struct conf *conf = files_read_text(text, &complaints);

	if (conf == NULL || *complaints != '\0')
		fail_msg("%s: %s", name, complaints);
	free(complaints);
	return conf;
}

char *files_source(const char *name)
{
	const char *srcdir = getenv("srcdir");

	return xasprintf("%s/%s", srcdir == NULL ? "." : srcdir, name);
}

/* ---- the folder they use ---- */

int files_make(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "good.conf", "max_recipients = 7;\n" },
		{ "wrong.conf", "\nmax_recipients = 0;\n" },
		{ "syntax.conf", "mode = = 1;\n" },
	};
	char *path;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path = files_path(files[i].name);
		write_file(path, files[i].text);
		free(path);
	}
	path = files_path("folder");
	mkdir(path, 0700);
	free(path);
	return 0;
}

int files_remove(void **state)
{
	static const char *const names[] = { "good.conf", "wrong.conf", "syntax.conf",
		"okite.conf", "folder", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = files_path(names[i]);

		remove(path);
		free(path);
	}
	return 0;
}
