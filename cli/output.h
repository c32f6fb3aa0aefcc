#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * What the command prints: aligned tables for people, one JSON object a line
 * for programs, and progress on a terminal while something long goes on.
 * Foreign text in tables and fields is made printable here, so callers hand
 * it over as it is.
 */
struct output {
	FILE *to;
	bool json;
	bool terminal;
	int failure; /* errno of the first write that failed; EPIPE: nobody reads any more
		      */
};

void output_init(struct output *output, FILE *to, bool json);

/* Is there still somebody who reads?  Walks ask after each line, and stop where not. */
bool output_good(struct output *output);

/* Write out what is buffered; the same answer. */
bool output_flush(struct output *output);

/* OBJECT on one line; it is used up. */
bool output_json(struct output *output, json_t *object);

/* A line "NAME    text", for a thing with few properties. */
void output_field(struct output *output, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Values of JSON.  Text that is no UTF-8 is made printable. */
json_t *value_of_text(const char *text);
json_t *value_or_null(const char *text);    /* null for "" */
json_t *value_of_moment(int64_t moment_us); /* RFC 3339, null for 0 */
json_t *value_of_span(int64_t span_us);	    /* seconds */

/* For people: "23h 59m", "12s", "71ms"; rounded up, so that who waits so long is not
 * early. */
char *span_text(char *to, size_t size, int64_t span_us);

enum { TABLE_COLUMNS_MAX = 10, TABLE_ROWS = 500, SPAN_TEXT_SIZE = 48 };

/*
 * Rows whose columns line up.  At most TABLE_ROWS are held back to learn
 * their widths; then they are printed, and the columns never become narrower:
 * a list of millions streams.  The last column is not padded.
 */
struct table {
	struct output *output;
	const char *const *headings; /* ends in NULL */
	size_t columns;
	size_t indent;
	unsigned right; /* bits: columns of numbers */
	bool headed;
	size_t widths[TABLE_COLUMNS_MAX];
	char **cells;
	size_t rows;
};

void table_init(struct table *table, struct output *output, const char *const *headings);
/* As many cells as there are headings. */
void table_row(struct table *table, const char *const *cells);
/* Print the rows held back. */
void table_flush(struct table *table);
/* Flush, and forget. */
void table_finish(struct table *table);

/* A line on the terminal's stderr that is rewritten once a second. */
struct progress {
	bool terminal;
	bool shown;
	int64_t next_us;
};

void progress_init(struct progress *progress);
void progress_show(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_finish(struct progress *progress);
