#include "feedback/formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#include "feedback/formats_text.h"

enum { ROWS_MAX = 4000, TEXT_MAX = 160 };

static const char *const mark_names[MARK_COUNT] = {
	[MARK_SEE] = "see",
	[MARK_LABEL] = "label",
	[MARK_AFTER] = "after",
	[MARK_LIST] = "list",
	[MARK_STOP] = "stop",
	[MARK_CAUSE] = "cause",
	[MARK_DELAY] = "delay",
	[MARK_END] = "end",
	[MARK_HEADING] = "heading",
	[MARK_SIGN] = "sign",
	[MARK_SUBJECT] = "subject",
	[MARK_AWAY] = "away",
	[MARK_NOTICE] = "notice",
	[MARK_DAEMON] = "daemon",
	[MARK_MACHINE] = "machine",
};

struct flag {
	const char *name;
	unsigned bit;
};
static const struct flag shape_names[] = {
	{ "angle", SHAPE_ANGLE },
	{ "alone", SHAPE_ALONE },
	{ "colon", SHAPE_COLON },
	{ "words", SHAPE_WORDS },
	{ "session", SHAPE_SESSION },
	{ "name", SHAPE_NAME },
};
static const struct flag reason_names[] = {
	{ "below", REASON_BELOW },
	{ "cause", REASON_CAUSE },
	{ "all", REASON_ALL },
};

struct mark_row {
	char *text;
	uint16_t word, line;
	uint8_t format, mark;
};

struct formats {
	struct format *formats;
	size_t format_count;
	struct mark_row *rows; /* by their text, so by their word */
	size_t row_count;
	struct automaton_word *words;
	size_t *first; /* of each word's rows; one more than there are words */
	size_t word_count;
	struct automaton *automaton;
};

struct reader {
	struct formats *formats;
	size_t format; /* whose lines these are; before the first of a table: FORMATS_MAX */
	const char *name;
	size_t line;
	struct error *error;
};

static bool complain(const struct reader *reader, const char *what, struct span where)
{
	char text[64], printable[64];

	span_copy(text, sizeof(text), where);
	return error_set(reader->error, "%s:%zu: \"%s\": %s", reader->name, reader->line,
		text_printable(printable, sizeof(printable), text), what);
}

static size_t find_format(const struct formats *formats, struct span name)
{
	size_t i = 0;

	while (i < formats->format_count && !span_is(name, formats->formats[i].name))
		i++;
	return i;
}

static bool take_format(struct reader *reader, struct span name)
{
	struct formats *formats = reader->formats;

	if (name.size == 0 || name.size >= FORMAT_NAME_SIZE)
		return complain(reader, "a format has a name of 1 to 23 bytes", name);
	if (formats->format_count == 0 && !span_is(name, "any"))
		return complain(reader, "the first format is \"any\"", name);
	reader->format = find_format(formats, name);
	if (reader->format < formats->format_count)
		return true;
	if (formats->format_count == FORMATS_MAX)
		return complain(reader, "there are too many formats", name);
	formats->formats = xreallocarray(
		formats->formats, formats->format_count + 1, sizeof(struct format));
	formats->formats[formats->format_count] = (struct format){ 0 };
	span_copy(formats->formats[formats->format_count++].name, FORMAT_NAME_SIZE, name);
	return true;
}

/* Words of a table of flags, blanks between. */
static bool take_flags(struct reader *reader, struct span rest, const struct flag *flags,
	size_t count, unsigned *bits)
{
	for (rest = span_trim(rest); rest.size > 0; rest = span_trim(rest)) {
		struct span word = rest;
		size_t i = 0;

		for (size_t b = 0; b < word.size; b++)
			if (is_blank(word.text[b]))
				word.size = b;
		while (i < count && !span_is(word, flags[i].name))
			i++;
		if (i == count)
			return complain(reader, "there is no such word here", word);
		*bits |= flags[i].bit;
		rest = span_skip(rest, word.size);
	}
	return true;
}

static bool take_mark(struct reader *reader, enum mark mark, struct span text)
{
	struct formats *formats = reader->formats;
	char copy[TEXT_MAX];
	uint32_t map[TEXT_MAX];

	if (text.size == 0 || text.size >= TEXT_MAX)
		return complain(reader, "the text has 1 to 159 bytes", text);
	if (formats->row_count == ROWS_MAX)
		return complain(reader, "there are too many texts", text);
	if (formats->row_count % 256 == 0)
		formats->rows = xreallocarray(
			formats->rows, formats->row_count + 256, sizeof(struct mark_row));
	copy[formats_simplify(text, copy, map)] = '\0';
	formats->rows[formats->row_count++] = (struct mark_row){
		.text = xstrdup(copy),
		.format = (uint8_t)reader->format,
		.mark = (uint8_t)mark,
		.line = (uint16_t)reader->line,
	};
	return true;
}

static bool take_line(struct reader *reader, struct span line)
{
	struct span word = line, rest;
	struct format *format;

	for (size_t i = 0; i < word.size; i++)
		if (is_blank(word.text[i]))
			word.size = i;
	rest = span_trim(span_skip(line, word.size));
	if (span_is(word, "format"))
		return take_format(reader, rest);
	if (reader->format == FORMATS_MAX)
		return complain(reader, "this belongs below a line \"format\"", line);
	format = &reader->formats->formats[reader->format];
	if (span_is(word, "shape"))
		return take_flags(reader, rest, shape_names,
			sizeof(shape_names) / sizeof(shape_names[0]), &format->shapes);
	if (span_is(word, "reason"))
		return take_flags(reader, rest, reason_names,
			sizeof(reason_names) / sizeof(reason_names[0]), &format->reasons);
	for (int mark = 0; mark < MARK_COUNT; mark++)
		if (span_is(word, mark_names[mark]))
			return take_mark(reader, (enum mark)mark, rest);
	return complain(reader, "there is no such word here", word);
}

static int compare_rows(const void *a, const void *b)
{
	const struct mark_row *one = a, *two = b;
	int order = strcmp(one->text, two->text);

	return order != 0 ? order : (int)one->format - (int)two->format;
}

/* A text by which an earlier format is seen would never show this one. */
static bool check_seen(struct reader *reader)
{
	const struct mark_row *seen = NULL;

	for (size_t i = 0; i < reader->formats->row_count; i++) {
		const struct mark_row *row = &reader->formats->rows[i];

		if (row->mark != MARK_SEE)
			continue;
		if (seen != NULL && strcmp(seen->text, row->text) == 0 &&
			seen->format != row->format) {
			reader->line = row->line;
			return complain(reader, "an earlier format is seen by this",
				span_of(row->text));
		}
		seen = row;
	}
	return true;
}

/* Each text once, in the order of the rows, for the automaton. */
static bool make_words(struct reader *reader)
{
	struct formats *formats = reader->formats;
	struct mark_row *rows = formats->rows;

	qsort(rows, formats->row_count, sizeof(rows[0]), compare_rows);
	if (!check_seen(reader))
		return false;
	formats->words = xcalloc(formats->row_count + 1, sizeof(formats->words[0]));
	formats->first = xcalloc(formats->row_count + 1, sizeof(formats->first[0]));
	for (size_t i = 0; i < formats->row_count; i++) {
		if (i == 0 || strcmp(rows[i].text, rows[i - 1].text) != 0) {
			formats->first[formats->word_count] = i;
			formats->words[formats->word_count++] =
				(struct automaton_word){ rows[i].text,
					strlen(rows[i].text) };
		}
		rows[i].word = (uint16_t)(formats->word_count - 1);
	}
	formats->first[formats->word_count] = formats->row_count;
	formats->automaton = automaton_new(formats->words, formats->word_count);
	return formats->automaton != NULL ||
	       complain(reader, "the texts are too many bytes together", SPAN_NONE);
}

static bool read_table(struct reader *reader, const struct table_file *table)
{
	struct span rest = table->text, line;
	bool ok = true;

	reader->name = table->name;
	reader->format = FORMATS_MAX;
	reader->line = 0;
	while (ok && span_line(&rest, &line)) {
		reader->line++;
		line = span_trim(line);
		if (line.size > 0 && line.text[0] != '#')
			ok = take_line(reader, line);
	}
	return ok;
}

struct formats *formats_new(const struct table_file *own, struct error *error)
{
	const struct table_file builtin = { "formats.txt", span_of(formats_text) };
	struct formats *formats = xcalloc(1, sizeof(*formats));
	struct reader reader = { .formats = formats, .error = error };

	if (read_table(&reader, &builtin) && (own == NULL || read_table(&reader, own)) &&
		make_words(&reader))
		return formats;
	formats_free(formats);
	return NULL;
}

void formats_free(struct formats *formats)
{
	if (formats == NULL)
		return;
	for (size_t i = 0; i < formats->row_count; i++)
		free(formats->rows[i].text);
	automaton_free(formats->automaton);
	free(formats->rows);
	free(formats->words);
	free(formats->first);
	free(formats->formats);
	free(formats);
}

const struct format *formats_at(const struct formats *formats, size_t format)
{
	return &formats->formats[format];
}

const struct automaton *formats_automaton(const struct formats *formats)
{
	return formats->automaton;
}

size_t formats_word_length(const struct formats *formats, size_t word)
{
	return formats->words[word].length;
}

bool formats_marks(
	const struct formats *formats, size_t word, size_t format, enum mark mark)
{
	for (size_t i = formats->first[word]; i < formats->first[word + 1]; i++)
		if (formats->rows[i].mark == mark && formats->rows[i].format == format)
			return true;
	return false;
}

size_t formats_seen(const struct formats *formats, size_t word)
{
	for (size_t i = formats->first[word]; i < formats->first[word + 1]; i++)
		if (formats->rows[i].mark == MARK_SEE)
			return formats->rows[i].format;
	return FORMAT_ANY;
}

/*
 * The letters of Latin-1, Greek and Cyrillic in lower case, without changing
 * their length: the two bytes of one, by its first and the range of its second.
 */
static const struct {
	unsigned char lead, from, to, lead_lower;
	signed char shift;
} letters[] = {
	{ 0xc3, 0x80, 0x9e, 0xc3, 0x20 },
	{ 0xce, 0x91, 0x9f, 0xce, 0x20 },
	{ 0xce, 0xa0, 0xa9, 0xcf, -0x20 },
	{ 0xd0, 0x80, 0x8f, 0xd1, 0x10 },
	{ 0xd0, 0x90, 0x9f, 0xd0, 0x20 },
	{ 0xd0, 0xa0, 0xaf, 0xd1, -0x20 },
};

static void lower_letter(char *bytes)
{
	unsigned char lead = (unsigned char)bytes[0], last = (unsigned char)bytes[1];

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (lead == letters[i].lead && last >= letters[i].from &&
			last <= letters[i].to) {
			bytes[0] = (char)letters[i].lead_lower;
			bytes[1] = (char)(last + letters[i].shift);
			return;
		}
}

/* What each byte of ASCII becomes: white space, as other control bytes, a blank. */
static const char simplified[] = "                                "
				 " !\"#$%&'()*+,-./0123456789:;<=>?"
				 "@abcdefghijklmnopqrstuvwxyz[\\]^_"
				 "`abcdefghijklmnopqrstuvwxyz{|}~ ";

size_t formats_simplify(struct span text, char *to, uint32_t *map)
{
	size_t used = 0;
	bool space = true;

	for (size_t i = 0; i < text.size; i++) {
		unsigned char byte = (unsigned char)text.text[i];
		char as = byte < 0x80 ? simplified[byte] : text.text[i];

		if (as == ' ' && space)
			continue;
		space = as == ' ';
		map[used] = (uint32_t)i;
		to[used++] = as;
		if (byte >= 0x80 && byte < 0xc0 && used > 1)
			lower_letter(to + used - 2);
	}
	map[used] = (uint32_t)text.size;
	return used;
}

static bool is_word_byte(char byte)
{
	return is_letter(byte) || is_digit(byte);
}

bool formats_begins_word(const char *text, size_t from)
{
	return from == 0 || !is_word_byte(text[from]) || !is_word_byte(text[from - 1]);
}

bool formats_mark_text(const struct formats *formats, struct span text, enum mark mark)
{
	char simple[512];
	uint32_t map[513];
	struct automaton_walk walk = { .text = simple };
	size_t word, end;

	if (text.size > sizeof(simple))
		text.size = sizeof(simple);
	walk.size = formats_simplify(text, simple, map);
	while (automaton_next(formats_automaton(formats), &walk, &word, &end)) {
		size_t from = end - formats_word_length(formats, word);

		if (formats_marks(formats, word, FORMAT_ANY, mark) &&
			formats_begins_word(simple, from))
			return true;
	}
	return false;
}
