#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libconfig.h>

#include "conf/conf.h"
#include "conf/options.h"

/*
 * One reading of a configuration file: its tree, the tree of the defaults,
 * and the faults that were found so far.  Used by one thread, inside
 * conf_read(); the values go straight to their places in the struct conf.
 */
struct fault {
	char *file;
	unsigned line;
	char *text; /* "option: what is wrong" */
};

enum { LATERS_MAX = 16 };

struct reader {
	const char *path;
	char *folder; /* of PATH */
	struct conf *conf;
	config_t file;
	config_t defaults; /* each option by its full name, - for . */
	struct fault *faults;
	size_t fault_count;
	const struct later *warned[LATERS_MAX];
	size_t warned_count;
};

void reader_init(struct reader *reader, const char *path, struct conf *conf);
void reader_clear(struct reader *reader);

/* From the file to a tree.  False, with one fault noted, when that is not possible. */
bool reader_parse(struct reader *reader);

/*
 * Read the options of GROUP ("", "redis", "limits") from SETTING (NULL: none
 * is in the file) to their places in BASE.  What is not in the file, or is
 * wrong there, becomes the default.
 */
void reader_group(struct reader *reader, const char *group,
	const config_setting_t *setting, void *base);

/* A fault at SETTING, or at its MEMBER (NULL: itself). */
void reader_complain(struct reader *reader, const config_setting_t *setting,
	const char *member, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A fault that is no option's. */
void reader_complain_at(struct reader *reader, const char *file, unsigned line,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Tell all faults, in the order of the lines. */
void reader_tell(struct reader *reader, conf_complainer *complain, void *context);
