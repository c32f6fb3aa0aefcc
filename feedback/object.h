#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * JSON of strangers, within bounds.  What an object has twice is refused with
 * the whole: of two readers each could believe another one.
 */
struct json_t;

enum { OBJECT_SIZE_MAX = 1 << 20, OBJECT_DEPTH_MAX = 32 };

/*
 * The object in BYTES and nothing behind it; NULL when there is none, when it
 * is too large, or nested too deeply.  The caller gives it back with
 * object_free().
 */
struct json_t *object_read(const char *bytes, size_t size);
void object_free(struct json_t *object);

/* The text of KEY, which lives as long as OBJECT; NULL when that is no text.  OBJECT may be NULL. */
const char *object_text(const struct json_t *object, const char *key);

/* The same into TO as span_copy() does it; "" when there is none. */
void object_copy(char *to, size_t size, const struct json_t *object, const char *key);
