#pragma once

#include <stddef.h>

/*
 * Where a JSON value ends, without building anything: what is between is well
 * nested and has its colons and commas, and no string goes beyond its line.
 * The rest is for a real parser to see.
 */
enum json_scan {
	JSON_SCAN_VALUE,
	JSON_SCAN_UNFINISHED, /* it goes on behind BYTES */
	JSON_SCAN_BROKEN,
};

/* LENGTH: of the value, or where it breaks. */
enum json_scan json_scan(const char *bytes, size_t size, size_t *length);

/* The bytes of white space at the front of BYTES. */
size_t json_scan_space(const char *bytes, size_t size);
