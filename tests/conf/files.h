#pragma once

#include "conf/conf.h"

/*
 * The folder of a test of conf/, with files to include in it, and what is said
 * of configurations there.
 */

/* For cmocka_run_group_tests(). */
int files_make(void **state);
int files_remove(void **state);

/* The path of NAME in the folder, which the caller frees. */
char *files_path(const char *name);

/* The path of NAME in the source tree, which the caller frees. */
char *files_source(const char *name);

/* All of a file, which the caller frees. */
char *files_text(const char *path);

/*
 * Read a configuration.  COMPLAINTS, which the caller frees, are one a line,
 * without the folder.
 */
struct conf *files_read(const char *path, char **complaints);

/* The same of TEXT, as "okite.conf" in the folder. */
struct conf *files_read_text(const char *text, char **complaints);

/* The same where it must be good. */
struct conf *files_read_good(const char *name, const char *text);
