#pragma once

#include <stddef.h>

/* Allocation that never fails: out of memory ends the process, with a line on stderr. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
/* Grow an array to COUNT elements of SIZE bytes; the product is checked. */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
