#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "base/error.h"

/*
 * Read the file of the fleet's secret.  Where there is none and MAKE is set,
 * it is made: 32 random bytes, mode 0640, in the group of its folder.  NULL,
 * with ERROR set, when that cannot be, or when what is there is no secret.
 */
struct secret *secret_read(const char *path, bool make, struct error *error);
