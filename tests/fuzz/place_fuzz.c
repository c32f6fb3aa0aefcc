/* The file in which a follower notes its place, as anybody may have left it. */
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "follow/place.h"

static char folder[] = "/tmp/okite-place.XXXXXX";
static struct place_file *file;
static char *path;

static void clean_up(void)
{
	char *all = xasprintf("%s/*", folder);
	glob_t found;

	place_close(file);
	if (glob(all, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
	globfree(&found);
	rmdir(folder);
	free(path);
	free(all);
}

/* A place is written once, to know its name. */
static void prepare(void)
{
	struct place *place = xcalloc(1, sizeof(*place));
	char *pattern;
	glob_t found;

	if (mkdtemp(folder) == NULL)
		abort();
	file = place_open(folder, "/var/log/mail.log", NULL);
	if (file == NULL || !place_write(file, place, NULL))
		abort();
	pattern = xasprintf("%s/*.place", folder);
	if (glob(pattern, 0, NULL, &found) != 0)
		abort();
	path = xstrdup(found.gl_pathv[0]);
	globfree(&found);
	free(pattern);
	free(place);
	atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct place *place = xcalloc(1, sizeof(*place));
	struct error error = ERROR_NONE;
	enum place_found found;
	FILE *out;

	if (path == NULL)
		prepare();
	out = fopen(path, "wb");
	if (out == NULL || fwrite(bytes, 1, size, out) != size || fclose(out) != 0)
		abort();
	found = place_read(file, place, &error);
	if ((found == PLACE_DAMAGED || found == PLACE_FAILED) != (error.text[0] != '\0'))
		abort();
	if (found == PLACE_READ && (place->offset < 0 || place->file[0] != '/'))
		abort();
	free(place);
	return 0;
}
