#include "lists/records.h"

#include <string.h>

void records_open(struct records *records, struct input *input, enum shape shape,
	char delimiter, const char *const *arrays)
{
	records->input = input;
	records->shape = shape;
	records->csv.delimiter = delimiter;
	records->csv.count = 0;
	records->arrays = arrays;
	records->depth = 0;
	records->array = -1;
	records->lost = false;
	records->cut_off = false;
	records->pending = false;
	records->given = 0;
	records->line_left = false;
	records->number = 0;
}

bool records_rest(struct records *records, const char **bytes, size_t *size)
{
	bool more;

	if (!records->line_left)
		return false;
	input_take(records->input, records->given);
	records->given = input_line(records->input, bytes, &more);
	records->line_left = more;
	*size = records->given;
	return true;
}

/* Move behind the last record and, but in JSON, behind its line. */
static void take_last(struct records *records)
{
	const char *bytes;
	size_t size;

	if (!records->pending)
		return;
	while (records_rest(records, &bytes, &size))
		continue;
	if (records->shape == SHAPE_JSON)
		input_take(records->input, records->given);
	else
		input_take_line(records->input, records->given);
	records->pending = false;
}

static bool is_blank(const char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size &&
		(bytes[length] == ' ' || bytes[length] == '\t' || bytes[length] == '\r'))
		length++;
	return length == size;
}

/*
 * In CSV a comment's # has a blank behind it, as those have that are written
 * beside bad lines: else it begins an address.
 */
static bool is_comment(const struct records *records, const char *line, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t'))
		blanks++;
	if (blanks == length || line[blanks] != '#')
		return false;
	return records->shape != SHAPE_CSV || blanks + 1 == length ||
	       line[blanks + 1] == ' ';
}

/* The next line that has something in it. */
static bool find_line(struct records *records, struct record *record)
{
	for (;;) {
		*record = (struct record){ .line = records->input->line };
		record->size = input_line(records->input, &record->bytes, &record->more);
		if (record->size == 0 && records->input->ended &&
			records->input->start == records->input->end)
			return false;
		/* A NUL byte is no comment's: the line would vanish unseen. */
		if (record->more || memchr(record->bytes, '\0', record->size) != NULL ||
			(!is_blank(record->bytes, record->size) &&
				!is_comment(records, record->bytes, record->size)))
			return true;
		input_take_line(records->input, record->size);
	}
}

static const char *const csv_faults[] = {
	[CSV_RECORD] = NULL,
	[CSV_UNCLOSED] =
		"a quote that is not closed within 65536 bytes or before the end; "
		"reading goes on with the next line",
	[CSV_BAD_QUOTE] =
		"something behind a closing quote; reading goes on with the next line",
	[CSV_TOO_MANY] = "more than 64 fields",
};

/* A record may have several lines; what is broken is its first line alone. */
static void read_row(struct records *records, struct record *record)
{
	size_t length, size;
	const char *bytes = input_look(records->input, RECORD_MAX + 1, &size);
	size_t within = size > RECORD_MAX ? RECORD_MAX : size;
	enum csv_end end =
		csv_read(&records->csv, bytes, within, records->input->line_end, &length);

	record->fault = csv_faults[end];
	if (end == CSV_UNCLOSED || end == CSV_BAD_QUOTE) {
		record->size = input_line(records->input, &record->bytes, &record->more);
		return;
	}
	record->bytes = bytes;
	record->size = length;
	record->more = length == RECORD_MAX && size > RECORD_MAX &&
		       bytes[length] != records->input->line_end;
}

static void judge(struct record *record)
{
	if (record->more)
		record->fault = "longer than 65536 bytes";
	else if (record->fault == NULL &&
		 memchr(record->bytes, '\0', record->size) != NULL)
		record->fault = "a NUL byte";
}

static bool find_record(struct records *records, struct record *record)
{
	if (records->shape == SHAPE_JSON)
		return records_next_json(records, record);
	if (!find_line(records, record))
		return false;
	if (records->shape == SHAPE_CSV && !record->more)
		read_row(records, record);
	return true;
}

/* A spreadsheet's rows that have nothing but commas. */
static bool is_empty_row(const struct records *records, const struct record *record)
{
	if (records->shape != SHAPE_CSV || record->fault != NULL)
		return false;
	for (size_t i = 0; i < records->csv.count; i++)
		if (records->csv.fields[i][0] != '\0')
			return false;
	return true;
}

bool records_next(struct records *records, struct record *record)
{
	do {
		take_last(records);
		if (!find_record(records, record))
			return false;
		judge(record);
		records->pending = true;
		records->given = record->size;
		records->line_left = record->more;
	} while (is_empty_row(records, record));
	records->number++;
	return true;
}
