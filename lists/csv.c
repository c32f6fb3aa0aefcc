#include "lists/csv.h"

#include <string.h>

struct reading {
	struct csv *csv;
	const char *next, *end;
	char line_end;
	char *to; /* in csv->text */
	bool too_many;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool at_field_end(const struct reading *reading)
{
	return reading->next == reading->end ||
	       *reading->next == reading->csv->delimiter ||
	       *reading->next == reading->line_end;
}

static void skip_blanks(struct reading *reading)
{
	while (!at_field_end(reading) && is_blank(*reading->next))
		reading->next++;
}

static char *start_field(struct reading *reading)
{
	struct csv *csv = reading->csv;

	reading->too_many = csv->count == CSV_FIELDS;
	if (!reading->too_many)
		csv->fields[csv->count++] = reading->to;
	return reading->to;
}

static void copy(struct reading *reading, const char *from, const char *end)
{
	size_t length = (size_t)(end - from);

	if (reading->too_many)
		return;
	memcpy(reading->to, from, length);
	reading->to += length;
}

static void end_field(struct reading *reading)
{
	if (!reading->too_many)
		*reading->to++ = '\0';
}

/* Behind the opening quote. */
static enum csv_end read_quoted(struct reading *reading)
{
	start_field(reading);
	for (;;) {
		const char *quote = memchr(
			reading->next, '"', (size_t)(reading->end - reading->next));

		if (quote == NULL)
			return CSV_UNCLOSED;
		copy(reading, reading->next, quote);
		reading->next = quote + 1;
		if (reading->next == reading->end || *reading->next != '"')
			break;
		copy(reading, quote, quote + 1);
		reading->next++;
	}
	end_field(reading);
	skip_blanks(reading);
	return at_field_end(reading) ? CSV_RECORD : CSV_BAD_QUOTE;
}

/* A quote that is not the first byte stands for itself. */
static void read_bare(struct reading *reading)
{
	char *start = start_field(reading);
	const char *from = reading->next;

	while (!at_field_end(reading))
		reading->next++;
	copy(reading, from, reading->next);
	while (!reading->too_many && reading->to > start && is_blank(reading->to[-1]))
		reading->to--;
	end_field(reading);
}

enum csv_end csv_read(
	struct csv *csv, const char *bytes, size_t size, char line_end, size_t *length)
{
	struct reading reading = {
		.csv = csv,
		.next = bytes,
		.end = bytes + size,
		.line_end = line_end,
		.to = csv->text,
	};
	enum csv_end end = CSV_RECORD;
	bool more = true;

	csv->count = 0;
	while (more && end == CSV_RECORD) {
		skip_blanks(&reading);
		if (reading.next < reading.end && *reading.next == '"') {
			reading.next++;
			end = read_quoted(&reading);
		} else {
			read_bare(&reading);
		}
		more = reading.next < reading.end && *reading.next != line_end;
		if (more)
			reading.next++;
	}
	*length = (size_t)(reading.next - bytes);
	return end == CSV_RECORD && reading.too_many ? CSV_TOO_MANY : end;
}

char csv_delimiter(const char *line, size_t length)
{
	static const char delimiters[] = ",;\t";
	size_t counts[sizeof(delimiters) - 1] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++) {
		const char *found = line[i] == '\0' ? NULL : strchr(delimiters, line[i]);

		quoted ^= line[i] == '"';
		if (found != NULL && !quoted)
			counts[found - delimiters]++;
	}
	for (size_t i = 1; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i] > counts[best])
			best = i;
	return counts[best] > 0 ? delimiters[best] : '\0';
}
