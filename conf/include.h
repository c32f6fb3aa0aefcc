#pragma once

#include <stdbool.h>

#include "conf/reader.h"

/* The folder of a file, which the caller frees: where @include looks. */
char *include_folder(const char *path);

/*
 * libconfig ends the whole process when @include names a folder, and its
 * versions differ about names that begin with /.  So these are faults that we
 * find before it reads.  False, with the first of them noted, when there are any.
 */
bool include_check(
	struct reader *reader, const char *folder, const char *path, int depth);
