#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "lists/csv.h"

/*
 * One record as names and texts, whether it was a row or a JSON object.  Names
 * are compared in lower case and without what is neither letter nor digit:
 * created_at is createdAt is "Created at".
 */
enum { FIELD_NAME_SIZE = 32, FIELD_TEXTS = 1024 };

struct fields {
	size_t count;
	char names[CSV_FIELDS][FIELD_NAME_SIZE]; /* longer ones are cut, and nobody's */
	const char *values[CSV_FIELDS];		 /* of others, which must last as long */
	char texts[FIELD_TEXTS];		 /* but numbers and lists are here */
	size_t texts_used;
};

/* The names of the columns; values are set row by row. */
void fields_head(struct fields *fields, const char *const *names, size_t count);
/* Values that are missing in a short row are "". */
void fields_row(struct fields *fields, const char *const *values, size_t count);
/* The members of an object but those that are null; all is kept in OBJECT. */
void fields_object(struct fields *fields, json_t *object);
/* One value alone. */
void fields_one(struct fields *fields, const char *name, const char *value);

/* NULL where there is no such field. */
const char *field_text(const struct fields *fields, const char *name);
