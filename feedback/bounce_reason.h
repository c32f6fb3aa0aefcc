#pragma once

#include <stddef.h>

/* The names of reasons: those of Sisimai, and "okite" for what we refused ourselves. */
extern const char *const bounce_reason_names[];
extern const size_t bounce_reason_count;

/* The name as it stands in the table, which lives for ever; NULL for an unknown one. */
const char *bounce_reason_find(const char *name);
