#include "conf/include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

enum { DEPTH_MAX = 9 }; /* of libconfig's ten files that may be open, one is the first */

char *include_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	if (slash == path)
		return xstrdup("/");
	return xasprintf("%.*s", (int)(slash - path), path);
}

/* The NAME of `@include "NAME"`, cut out in LINE; NULL when the line is another. */
static char *included_name(char *line)
{
	char *name = line + strspn(line, " \t"), *end;

	if (strncmp(name, "@include", 8) != 0)
		return NULL;
	name += 8;
	if (strspn(name, " \t") == 0 || name[strspn(name, " \t")] != '"')
		return NULL;
	name += strspn(name, " \t") + 1;
	end = strchr(name, '"');
	if (end == NULL)
		return NULL;
	*end = '\0';
	return name;
}

static bool check_name(struct reader *reader, const char *folder, const char *path,
	unsigned line, const char *name, int depth)
{
	char *full = xasprintf("%s/%s", folder, name);
	struct stat status;
	bool good = true;

	if (name[0] == '/') {
		reader_complain_at(reader, path, line,
			"@include: the name is taken from the folder %s; write it "
			"without the / "
			"in front",
			folder);
		good = false;
	} else if (stat(full, &status) == 0 && !S_ISREG(status.st_mode)) {
		reader_complain_at(reader, path, line,
			"@include: %s is not a file; name each file in a line of its own",
			name);
		good = false;
	} else if (depth >= DEPTH_MAX) {
		reader_complain_at(reader, path, line,
			"@include: files include files more than %d deep; does %s "
			"include itself?",
			DEPTH_MAX, name);
		good = false;
	} else {
		good = include_check(reader, folder, full, depth + 1);
	}
	free(full);
	return good;
}

bool include_check(struct reader *reader, const char *folder, const char *path, int depth)
{
	FILE *file = fopen(path, "re");
	char *line = NULL, *name;
	size_t size = 0;
	unsigned number = 0;
	bool good = true;

	/* A file that is not there is libconfig's to complain of. */
	while (good && file != NULL && getline(&line, &size, file) >= 0) {
		number++;
		name = included_name(line);
		if (name != NULL)
			good = check_name(reader, folder, path, number, name, depth);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return good;
}
