#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/fold.h"
#include "feedback/phrases.h"
#include "feedback/bounce_reason.h"

enum { RANK_MAX = 99 };

struct reader {
	struct phrases *phrases;
	const char *name;
	size_t line;
	struct error *error;
};

/* Says where, and WHAT is wrong with TEXT. */
static bool complain(const struct reader *reader, const char *what, const char *text)
{
	char printable[64];

	return error_set(reader->error, "%s:%zu: \"%s\": %s", reader->name, reader->line,
		text_printable(printable, sizeof(printable), text), what);
}

/* ---- patterns ---- */

static bool too_many(const struct reader *reader, const char *text)
{
	return complain(reader, "that is one phrase too many, 4096 is all", text);
}

/* "*no such user*" to the pattern of it, which is otherwise like WANTED. */
static bool read_pattern(const struct reader *reader, const char *text,
	struct pattern wanted, uint16_t *number)
{
	char folded[PHRASE_MAX + 1];
	struct pattern pattern = wanted;
	size_t length = strlen(text);

	if (length > 0 && text[0] == '*') {
		pattern.open_start = true;
		text++;
		length--;
	}
	if (length > 0 && text[length - 1] == '*') {
		pattern.open_end = true;
		length--;
	}
	if (length > PHRASE_MAX)
		return complain(reader, "a phrase has at most 160 bytes", text);
	pattern.length = fold(folded, sizeof(folded), text, length);
	pattern.text = folded;
	if (pattern.length < 2)
		return complain(reader, "a phrase has at least two letters", text);
	*number = phrases_take(reader->phrases, &pattern);
	return *number != NO_PATTERN || too_many(reader, text);
}

/* ---- heads of sections ---- */

static bool read_stage(
	const struct reader *reader, const char *name, enum smtp_stage *stage)
{
	static const char *const names[] = {
		[STAGE_UNKNOWN] = "unknown",
		[STAGE_CONNECT] = "connect",
		[STAGE_HELO] = "helo",
		[STAGE_MAIL] = "mail",
		[STAGE_RCPT] = "rcpt",
		[STAGE_DATA] = "data",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*stage = (enum smtp_stage)i;
		return true;
	}
	return complain(reader,
		"is no stage; these are: connect, helo, mail, rcpt, data, unknown", name);
}

static bool read_class(
	const struct reader *reader, const char *name, enum outcome_class *class)
{
	for (int i = 0; i < CLASS_COUNT; i++) {
		if (strcmp(outcome_class_names[i], name) != 0)
			continue;
		*class = (enum outcome_class)i;
		return true;
	}
	return complain(reader, "is no class; a refusal is hard, soft or policy", name);
}

static const struct {
	const char *word;
	enum condition_kind kind;
} condition_words[] = {
	{ "from ", CONDITION_FROM },
	{ "by ", CONDITION_BY },
	{ "at ", CONDITION_AT },
	{ "status ", CONDITION_STATUS },
	{ "reply ", CONDITION_REPLY },
	{ "with ", CONDITION_WITH },
	{ "without ", CONDITION_WITHOUT },
};

static bool read_argument(
	const struct reader *reader, const char *text, struct condition *condition)
{
	switch (condition->kind) {
	case CONDITION_AT:
		return read_stage(reader, text, &condition->stage);
	case CONDITION_FROM:
	case CONDITION_WITH:
	case CONDITION_WITHOUT:
		return read_pattern(reader, text,
			(struct pattern){ .host = condition->kind == CONDITION_FROM,
				.list = NO_PATTERN },
			&condition->pattern);
	case CONDITION_BY:
	case CONDITION_STATUS:
	case CONDITION_REPLY:
		break;
	}
	if (text[0] == '\0' ||
		!text_copy(condition->prefix, sizeof(condition->prefix), text))
		return complain(reader, "has no room here: it has 1 to 15 letters", text);
	return true;
}

static bool read_condition(
	const struct reader *reader, const char *text, struct section *section)
{
	struct condition *condition = &section->conditions[section->condition_count];

	if (section->condition_count == CONDITIONS_MAX)
		return complain(reader, "a section has at most four conditions", text);
	for (size_t i = 0; i < sizeof(condition_words) / sizeof(condition_words[0]);
		i++) {
		size_t length = strlen(condition_words[i].word);

		if (strncmp(text, condition_words[i].word, length) != 0)
			continue;
		section->condition_count++;
		condition->kind = condition_words[i].kind;
		return read_argument(reader, text + length, condition);
	}
	return complain(reader,
		"is no condition; these are: from, by, at, status, reply, with, without",
		text);
}

/* "70 hard userunknown" */
static bool read_verdict(
	const struct reader *reader, const char *text, struct section *section)
{
	char class[16], reason[REASON_SIZE], end;

	if (sscanf(text, "%d %15s %23s %c", &section->rank, class, reason, &end) != 3 ||
		section->rank < 1 || section->rank > RANK_MAX)
		return complain(reader,
			"is no head: write [RANK CLASS REASON], with a rank from 1 to 99",
			text);
	section->kind = SECTION_REASON;
	section->reason = bounce_reason_find(reason);
	if (section->reason == NULL)
		return complain(reader, "is not one of our reasons", reason);
	return read_class(reader, class, &section->class);
}

static bool read_list(const struct reader *reader, const char *name, uint16_t *list)
{
	if (name[0] == '\0' || strlen(name) >= LIST_NAME_SIZE)
		return complain(reader, "a list has a name of 1 to 23 letters", name);
	*list = phrases_take_list(reader->phrases, name);
	return *list != NO_PATTERN ||
	       complain(reader, "that is one list too many, 32 is all", name);
}

static bool read_kind(
	const struct reader *reader, const char *text, struct section *section)
{
	if (strncmp(text, "words ", strlen("words ")) == 0) {
		section->kind = SECTION_WORDS;
		return read_list(reader, text + strlen("words "), &section->list);
	}
	if (strcmp(text, "inner") == 0) {
		section->kind = SECTION_INNER;
		return true;
	}
	if (strncmp(text, "stage ", strlen("stage ")) == 0) {
		section->kind = SECTION_STAGE;
		return read_stage(reader, text + strlen("stage "), &section->stage);
	}
	return read_verdict(reader, text, section);
}

/* LINE is "[...]"; it is cut to pieces. */
static bool read_head(const struct reader *reader, char *line)
{
	struct phrases *phrases = reader->phrases;
	struct section section = { .kind = SECTION_REASON };
	size_t length = strlen(line);
	char *part = line + 1, *comma;
	bool ok;

	if (line[length - 1] != ']')
		return complain(reader, "has no ] at its end", line);
	line[length - 1] = '\0';
	for (bool first = true; part != NULL; first = false) {
		comma = strchr(part, ',');
		if (comma != NULL)
			*comma++ = '\0';
		part += strspn(part, " \t");
		ok = first ? read_kind(reader, part, &section)
			   : read_condition(reader, part, &section);
		if (!ok)
			return false;
		part = comma;
	}
	phrases->sections = xreallocarray(
		phrases->sections, phrases->section_count + 1, sizeof(section));
	phrases->sections[phrases->section_count++] = section;
	return true;
}

/* ---- rows ---- */

/* A phrase, or "{user}", a list.  That one may come later; it is empty till then. */
static bool read_side(const struct reader *reader, char *text, uint16_t *number)
{
	size_t length = strlen(text);

	if (length < 2 || text[0] != '{' || text[length - 1] != '}')
		return read_pattern(
			reader, text, (struct pattern){ .list = NO_PATTERN }, number);
	text[length - 1] = '\0';
	return read_list(reader, text + 1, number);
}

/* Where TEXT is to be cut in two: at its gap, or before the list at its end. */
static char *find_cut(char *text, size_t *width)
{
	static const char dots[] = " ... ", list[] = " {";
	char *cut = strstr(text, dots);

	*width = strlen(dots);
	if (cut == NULL) {
		cut = strstr(text, list);
		*width = 1;
	}
	return cut;
}

/* "user ... unknown", "no such {user}" to the pattern of it.  TEXT is cut in two. */
static bool read_phrase(const struct reader *reader, char *text, uint16_t *number)
{
	uint16_t first, behind;
	size_t width;
	char *cut = find_cut(text, &width);

	if (cut == NULL)
		return read_side(reader, text, number);
	*cut = '\0';
	if (!read_side(reader, text, &first) || !read_side(reader, cut + width, &behind))
		return false;
	*number = phrases_take_gap(reader->phrases, first, behind, width == 1);
	return *number != NO_PATTERN || too_many(reader, text);
}

static bool read_row(const struct reader *reader, char *text, bool has_section)
{
	struct phrases *phrases = reader->phrases;
	struct row row = { .line = reader->line };
	const struct section *section;

	if (!has_section)
		return complain(reader, "stands before the first [section]", text);
	section = &phrases->sections[phrases->section_count - 1];
	if (section->kind == SECTION_WORDS)
		return read_pattern(reader, text,
			(struct pattern){ .list = section->list }, &row.pattern);
	if (!read_phrase(reader, text, &row.pattern))
		return false;
	row.section = phrases->section_count - 1;
	row.next = phrases->patterns[row.pattern].row;
	if (phrases->row_count % 256 == 0)
		phrases->rows = xreallocarray(
			phrases->rows, phrases->row_count + 256, sizeof(row));
	phrases->patterns[row.pattern].row = phrases->row_count;
	phrases->rows[phrases->row_count++] = row;
	return true;
}

/* What counts of a line: without the sample and the spaces around. */
static char *trim(char *line)
{
	char *sample = strstr(line, "=>");
	size_t length;

	if (sample != NULL)
		*sample = '\0';
	line += strspn(line, " \t");
	length = strlen(line);
	while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
		line[--length] = '\0';
	return line;
}

static bool read_line(const struct reader *reader, char *line, size_t first_section)
{
	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (line[0] == '[')
		return read_head(reader, line);
	return read_row(reader, line, reader->phrases->section_count > first_section);
}

bool phrases_read(struct phrases *phrases, const char *name, const char *text,
	size_t size, struct error *error)
{
	struct reader reader = { .phrases = phrases, .name = name, .error = error };
	size_t first_section = phrases->section_count;
	char line[1024];

	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end == NULL ? size - at : (size_t)(end - (text + at));

		reader.line++;
		if (length >= sizeof(line))
			return complain(&reader, "is longer than 1023 bytes", "the line");
		memcpy(line, text + at, length);
		line[length] = '\0';
		if (!read_line(&reader, line, first_section))
			return false;
		at += length + 1;
	}
	return true;
}
