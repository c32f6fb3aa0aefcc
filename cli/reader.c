#include "cli/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/address.h"

/* ---- what the list is ---- */

/* What it is by its first bytes, when it is no text in UTF-8. */
static const char *foreign_encoding(const char *bytes, size_t size)
{
	static const struct {
		const char *mark;
		size_t size;
		const char *what;
	} marks[] = {
		{ "\xFF\xFE\0\0", 4, "UTF-32: save it as UTF-8" },
		{ "\0\0\xFE\xFF", 4, "UTF-32: save it as UTF-8" },
		{ "\xFF\xFE", 2,
			"UTF-16, as Excel's Unicode Text is: save it as CSV UTF-8, or "
			"convert it with iconv -f UTF-16 -t UTF-8" },
		{ "\xFE\xFF", 2, "UTF-16: convert it with iconv -f UTF-16 -t UTF-8" },
		{ "\x1F\x8B", 2, "gzip: unpack it before" },
		{ "PK\x03\x04", 4,
			"a ZIP file, as Excel's .xlsx is: unpack it, or save it as CSV "
			"UTF-8" },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (size >= marks[i].size &&
			memcmp(bytes, marks[i].mark, marks[i].size) == 0)
			return marks[i].what;
	if (size < 4 || (bytes[0] == '\0') == (bytes[1] == '\0') ||
		(bytes[0] == '\0') != (bytes[2] == '\0') ||
		(bytes[1] == '\0') != (bytes[3] == '\0'))
		return NULL;
	return bytes[0] == '\0' ? "UTF-16: convert it with iconv -f UTF-16BE -t UTF-8"
				: "UTF-16: convert it with iconv -f UTF-16LE -t UTF-8";
}

/* The end of lines of old Macintosh programs, where there is no other. */
static void choose_line_end(struct input *input)
{
	size_t size;
	const char *bytes = input_look(input, RECORD_MAX + 1, &size);

	if (memchr(bytes, '\n', size) == NULL && memchr(bytes, '\r', size) != NULL &&
		bytes[0] != '{' && bytes[0] != '[')
		input->line_end = '\r';
}

/* The first line that is neither empty nor a comment, in what can be looked at. */
static const char *first_line(struct input *input, size_t *length)
{
	size_t size, at = 0;
	const char *bytes = input_look(input, RECORD_MAX + 1, &size);

	while (at < size) {
		const char *end = memchr(bytes + at, input->line_end, size - at);
		size_t next = end == NULL ? size : (size_t)(end - bytes);
		size_t start = at;

		while (start < next && strchr(" \t\r", bytes[start]) != NULL)
			start++;
		if (start < next && bytes[start] != '#') {
			*length = next - start;
			return bytes + start;
		}
		at = next + 1;
	}
	*length = 0;
	return bytes;
}

static bool is_address(const char *line, size_t length)
{
	char text[2 * ADDRESS_SIZE];
	struct address address;

	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		length--;
	if (length >= sizeof(text) || memchr(line, '\0', length) != NULL)
		return false;
	memcpy(text, line, length);
	text[length] = '\0';
	return address_parse(&address, text, NULL) == NULL;
}

/* ---- rows and lines ---- */

static void open_records(struct reader *reader, enum shape shape, char delimiter)
{
	records_open(&reader->records, &reader->input, shape, delimiter, format_arrays);
}

/* One address a line, or one below a header that says so. */
static void open_lines(struct reader *reader)
{
	fields_one(&reader->fields, "address", "");
	reader->format = FORMAT_PLAIN;
	reader->layout = layout_find(FORMAT_PLAIN, LAYOUT_ROW, &reader->fields);
	open_records(reader, SHAPE_LINES, '\0');
}

static void open_headless(struct reader *reader, char delimiter)
{
	static const char *const names[] = { "emailaddress", "reason" };

	fields_head(&reader->fields, names, 2);
	reader->format = FORMAT_SES;
	reader->layout = layout_headless();
	open_records(reader, SHAPE_CSV, delimiter);
}

static bool refuse_rows(const struct reader *reader, struct error *error)
{
	if (reader->format == FORMAT_AUTO)
		return error_set(error,
			"%s: it cannot be told whose format this is; say --format "
			"plain, ses, sendgrid, mailgun, postmark, sparkpost or okite",
			reader->name);
	return error_set(error,
		"%s: its first line does not name the columns as %s does "
		"(export it with its header, or see --format in okite(1))",
		reader->name, format_names[reader->format]);
}

/*
 * The first row that is no comment.  It stays where it is: to open the records
 * once more is to read it again.
 */
static bool first_row(struct reader *reader, struct record *record)
{
	const struct csv *csv = &reader->records.csv;

	do {
		if (!records_next(&reader->records, record))
			return false;
	} while (record->bytes[0] == '#' &&
		 !(csv->count == 2 && format_is_ses_reason(csv->fields[1])));
	return true;
}

/* Does the row name columns that we know? */
static bool find_layout(struct reader *reader, const struct record *row)
{
	const struct csv *csv = &reader->records.csv;

	if (row->fault != NULL)
		return false;
	fields_head(&reader->fields, csv->fields, csv->count);
	reader->layout = layout_find(reader->format, LAYOUT_ROW, &reader->fields);
	if (reader->layout == NULL)
		return false;
	reader->format = reader->layout->format;
	reader->header = xmalloc(row->size + 1);
	memcpy(reader->header, row->bytes, row->size);
	reader->header_size = row->size;
	return true;
}

static bool is_headless(const struct reader *reader, const struct record *row)
{
	const struct csv *csv = &reader->records.csv;

	if (reader->format != FORMAT_AUTO)
		return reader->format == FORMAT_SES;
	return row->fault == NULL && csv->count == 2 &&
	       format_is_ses_reason(csv->fields[1]);
}

/* LINE is the first one. */
static bool open_rows(
	struct reader *reader, const char *line, size_t length, struct error *error)
{
	char delimiter = csv_delimiter(line, length);
	bool plain = reader->format == FORMAT_PLAIN ||
		     (reader->format == FORMAT_AUTO &&
			     (delimiter == '\0' || is_address(line, length)));
	struct record row;

	if (delimiter == '\0')
		delimiter = ',';
	open_records(reader, SHAPE_CSV, delimiter);
	if (!first_row(reader, &row))
		open_lines(reader);
	else if (find_layout(reader, &row))
		return reader->layout->refusal == NULL ||
		       error_set(error, "%s: %s", reader->name, reader->layout->refusal);
	else if (is_headless(reader, &row))
		open_headless(reader, delimiter);
	else if (plain)
		open_lines(reader);
	else
		return refuse_rows(reader, error);
	return true;
}

bool reader_open(struct reader *reader, int fd, const char *name, enum format format,
	struct error *error)
{
	static const char byte_order_mark[] = { '\xEF', '\xBB', '\xBF' };
	const char *bytes, *line, *foreign;
	size_t size, length;

	reader->name = name;
	reader->format = format;
	reader->layout = NULL;
	reader->header = NULL;
	reader->header_size = 0;
	input_open(&reader->input, fd);
	bytes = input_look(&reader->input, sizeof(byte_order_mark) + 1, &size);
	foreign = foreign_encoding(bytes, size);
	if (foreign != NULL)
		return error_set(error, "%s is %s", name, foreign);
	if (size >= sizeof(byte_order_mark) &&
		memcmp(bytes, byte_order_mark, sizeof(byte_order_mark)) == 0)
		input_take(&reader->input, sizeof(byte_order_mark));
	choose_line_end(&reader->input);
	line = first_line(&reader->input, &length);
	if (format == FORMAT_OKITE || (format != FORMAT_PLAIN && length > 0 &&
					      (line[0] == '{' || line[0] == '['))) {
		open_records(reader, SHAPE_JSON, '\0');
		return true;
	}
	return open_rows(reader, line, length, error);
}

void reader_close(struct reader *reader)
{
	input_close(&reader->input);
	free(reader->header);
	reader->header = NULL;
}

/* ---- one after the other ---- */

static const char *read_line(struct reader *reader, const struct entry_defaults *defaults,
	const struct record *record, struct suppression *entry, bool *undated)
{
	char text[RECORD_MAX + 1];
	size_t length = record->size, start = 0;

	while (length > 0 && strchr(" \t\r", record->bytes[length - 1]) != NULL)
		length--;
	while (start < length && strchr(" \t\r", record->bytes[start]) != NULL)
		start++;
	memcpy(text, record->bytes + start, length - start);
	text[length - start] = '\0';
	reader->fields.values[0] = text;
	return entry_from_fields(
		defaults, reader->layout, &reader->fields, entry, undated);
}

static const char *read_row(struct reader *reader, const struct entry_defaults *defaults,
	struct suppression *entry, bool *undated)
{
	const struct csv *csv = &reader->records.csv;

	fields_row(&reader->fields, csv->fields, csv->count);
	return entry_from_fields(
		defaults, reader->layout, &reader->fields, entry, undated);
}

/* By the array that it stands in, or by its members. */
static bool recognise(struct reader *reader)
{
	const struct layout *layout;

	if (reader->format != FORMAT_AUTO)
		return true;
	if (reader->records.array >= 0) {
		reader->format = format_of_array((size_t)reader->records.array);
		return true;
	}
	layout = layout_find(FORMAT_AUTO, LAYOUT_OBJECT, &reader->fields);
	if (layout != NULL)
		reader->format = layout->format;
	return layout != NULL;
}

static enum reading read_object(struct reader *reader,
	const struct entry_defaults *defaults, json_t *object, struct suppression *entry,
	bool *undated, const char **fault, struct error *error)
{
	const struct layout *layout;

	fields_object(&reader->fields, object);
	if (!recognise(reader)) {
		(void)refuse_rows(reader, error);
		return READING_REFUSED;
	}
	if (reader->format == FORMAT_OKITE) {
		*fault = entry_from_okite(defaults, object, entry);
		return READING_ENTRY;
	}
	layout = layout_find(reader->format, LAYOUT_OBJECT, &reader->fields);
	*fault = layout == NULL
			 ? "no members by which this format tells an address and why"
			 : layout->refusal;
	if (layout == NULL)
		return READING_ENTRY;
	if (layout->refusal != NULL && reader->records.number == 1) {
		error_set(error, "%s: %s", reader->name, layout->refusal);
		return READING_REFUSED;
	}
	if (layout->refusal == NULL)
		*fault = entry_from_fields(
			defaults, layout, &reader->fields, entry, undated);
	return READING_ENTRY;
}

static enum reading read_json(struct reader *reader,
	const struct entry_defaults *defaults, const struct record *record,
	struct suppression *entry, bool *undated, const char **fault, struct error *error)
{
	json_t *object =
		json_loadb(record->bytes, record->size, JSON_REJECT_DUPLICATES, NULL);
	enum reading reading = READING_ENTRY;

	if (json_is_object(object))
		reading = read_object(
			reader, defaults, object, entry, undated, fault, error);
	else
		*fault = "not a JSON object";
	json_decref(object);
	return reading;
}

enum reading reader_next(struct reader *reader, const struct entry_defaults *defaults,
	struct suppression *entry, bool *undated, struct record *record,
	struct error *error)
{
	enum reading reading = READING_ENTRY;

	*undated = false;
	if (!records_next(&reader->records, record))
		return READING_END;
	if (record->fault != NULL)
		return READING_REJECTED;
	if (reader->records.shape == SHAPE_LINES)
		record->fault = read_line(reader, defaults, record, entry, undated);
	else if (reader->records.shape == SHAPE_CSV)
		record->fault = read_row(reader, defaults, entry, undated);
	else
		reading = read_json(
			reader, defaults, record, entry, undated, &record->fault, error);
	return reading == READING_ENTRY && record->fault != NULL ? READING_REJECTED
								 : reading;
}
