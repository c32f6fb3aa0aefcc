/* okite feedback: the tables it reads with, and what a postmaster has put behind them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/feedback.h"

/* The built-in ones have 100 KB. */
enum { TABLE_MAX = 1 << 20 };

/* All of FD; to be freed.  NULL, with errno, where it cannot be read or is no such file. */
static char *read_all(int fd, size_t *size)
{
	char *text = xmalloc(TABLE_MAX + 1);
	ssize_t got = 0;

	*size = 0;
	while (*size <= TABLE_MAX &&
		(got = read(fd, text + *size, TABLE_MAX + 1 - *size)) > 0)
		*size += (size_t)got;
	if (got == 0 && *size <= TABLE_MAX)
		return text;
	if (got >= 0)
		errno = EFBIG;
	free(text);
	return NULL;
}

/* The file PATH, if one is named.  TEXT is to be freed. */
static bool read_table(
	const char *path, struct table_file *table, char **text, struct error *error)
{
	size_t size = 0;
	int fd;

	*text = NULL;
	if (path[0] == '\0')
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		*text = read_all(fd, &size);
		close(fd);
	}
	*table = (struct table_file){ path, { *text, size } };
	return *text != NULL ||
	       error_set(error, "%s: cannot be read: %s", path, strerror(errno));
}

struct classifier *feedback_classifier(const struct conf *conf, struct error *error)
{
	struct classifier *classifier = NULL;
	struct table_file formats, phrases;
	char *formats_text, *phrases_text = NULL;

	if (read_table(conf->feedback.formats, &formats, &formats_text, error) &&
		read_table(conf->feedback.phrases, &phrases, &phrases_text, error))
		classifier = classifier_new(formats_text != NULL ? &formats : NULL,
			phrases_text != NULL ? &phrases : NULL, error);
	free(formats_text);
	free(phrases_text);
	return classifier;
}
