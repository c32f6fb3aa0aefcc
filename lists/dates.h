#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A moment as the mail services write it: seconds since 1970, RFC 3339 (a
 * blank for the T and no offset are good as well: UTC), or RFC 5322 ("Fri, 10
 * Apr 2026 21:03:05 +0000", GMT or UTC).  False for anything else and for what
 * is before 1970.
 */
bool date_parse(const char *text, int64_t *moment_us);
