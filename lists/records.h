#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lists/csv.h"
#include "lists/input.h"

/*
 * A list cut into its records: lines, rows of CSV, or JSON objects, whatever
 * they stand in: one a line, one behind the other, in an array, or in the
 * array of an API's answer ({"items": [...], "paging": ...}), several answers
 * behind each other included.  Empty lines and comments are left out.
 *
 * What cannot be a record is handed out as well, with its fault, and reading
 * goes on behind it: one bad line costs itself.
 */
enum shape { SHAPE_LINES, SHAPE_CSV, SHAPE_JSON };

/* An answer's array in an array of answers: two levels each. */
enum { JSON_LEVELS = 8 };

struct records {
	struct input *input;
	enum shape shape;
	struct csv csv; /* SHAPE_CSV: the fields of the last record */
	const char *const
		*arrays; /* SHAPE_JSON: their names in answers; the last is NULL */
	char levels
		[JSON_LEVELS]; /* where we are: '[' an array of records, '{' its answer */
	size_t depth;
	int array;	/* which of the arrays was met last; -1: none */
	bool lost;	/* behind something broken: the next { is a record again */
	bool cut_off;	/* the input ended within an array, and that was told */
	bool pending;	/* the last record is still in the input */
	size_t given;	/* so many bytes of it */
	bool line_left; /* and the rest of its line, which is too long */
	int64_t number; /* of the last record; the first is 1 */
};

struct record {
	const char *bytes; /* in the input, until the next record is asked for */
	size_t size;
	int64_t line;
	const char *fault; /* NULL, or why it cannot be read */
	bool more;	   /* it is longer: records_rest() has what comes behind SIZE */
};

/* With the delimiter for CSV, and the names of arrays for JSON. */
void records_open(struct records *records, struct input *input, enum shape shape,
	char delimiter, const char *const *arrays);

/* False at the end of the input, or where it failed. */
bool records_next(struct records *records, struct record *record);

/* A further piece of a record that is too long; false when there is no more. */
bool records_rest(struct records *records, const char **bytes, size_t *size);

/* records_next() for SHAPE_JSON. */
bool records_next_json(struct records *records, struct record *record);
