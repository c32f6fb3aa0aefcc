#include "feedback/prose.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/html.h"

/* ---- which parts ---- */

static bool is_alternative(const struct mail *mail, size_t part)
{
	return part > 0 &&
	       part_is(&mail->parts[mail->parts[part].parent], "multipart/alternative");
}

/* Text, and not what was returned: that comes behind the part for machines. */
static bool is_human(const struct mail *mail, size_t index, bool machine_seen)
{
	const struct part *part = &mail->parts[index];

	if (part->multipart || part_is(part, "text/rfc822-headers") ||
		part_is(part, "text/calendar") || part_is(part, "text/csv"))
		return false;
	if (part_is(part, "text/"))
		return !machine_seen;
	/* A mail of one part without a good type is text. */
	return mail->count == 1 &&
	       (part->type[0] == '\0' || strchr(part->type, '/') == NULL);
}

static bool has_text(struct span text)
{
	return span_trim(text).size > 0;
}

/* TEXT without its lines of citation.  ">>> " begins a line of Sendmail's transcript. */
static void add_unquoted(struct buffer *to, struct span text)
{
	struct span line;

	while (span_line(&text, &line)) {
		if (line.size > 0 && line.text[0] == '>' && !span_starts(line, ">>> "))
			continue;
		buffer_add(to, line.text, line.size);
		buffer_add(to, "\n", 1);
	}
}

static void add_part(struct prose *prose, const struct part *part)
{
	struct buffer text = { 0 }, plain = { 0 };

	part_decode(part, &text);
	if (text.size > 2 * PROSE_MAX)
		text.size = 2 * PROSE_MAX;
	if (part_is(part, "text/html") || looks_like_html(buffer_span(&text))) {
		html_to_text(&plain, buffer_span(&text));
		add_unquoted(&prose->text, buffer_span(&plain));
	} else {
		add_unquoted(&prose->text, buffer_span(&text));
	}
	buffer_clear(&plain);
	buffer_clear(&text);
}

static void add_parts(struct prose *prose, const struct mail *mail)
{
	bool machine_seen = false;
	size_t told = SIZE_MAX; /* the multipart/alternative that has told its text */

	for (size_t i = 0; i < mail->count && prose->text.size < PROSE_MAX; i++) {
		const struct part *part = &mail->parts[i];
		size_t before = prose->text.size;

		if (part_is(part, "message/delivery-status") ||
			part_is(part, "message/global-delivery-status"))
			machine_seen = true;
		if (!is_human(mail, i, machine_seen))
			continue;
		if (is_alternative(mail, i) && told == part->parent)
			continue;
		add_part(prose, part);
		if (is_alternative(mail, i) &&
			has_text(span_skip(buffer_span(&prose->text), before)))
			told = part->parent;
	}
	if (prose->text.size > PROSE_MAX)
		prose->text.size = PROSE_MAX;
}

/* ---- where the texts of the table stand ---- */

/* In the first SIZE bytes. */
static void find_places(struct prose *prose, size_t size)
{
	size_t word, end;
	char *simple = xmalloc(size + 1);
	uint32_t *map = xreallocarray(NULL, size + 1, sizeof(map[0]));
	struct automaton_walk walk = { .text = simple };

	walk.size = formats_simplify(
		(struct span){ buffer_span(&prose->text).text, size }, simple, map);
	while (prose->count < PLACES_MAX &&
		automaton_next(formats_automaton(prose->formats), &walk, &word, &end)) {
		size_t from = end - formats_word_length(prose->formats, word);

		if (!formats_begins_word(simple, from))
			continue;
		prose->places[prose->count++] = (struct place){
			.from = map[from],
			.to = map[end - 1] + 1,
			.word = (uint16_t)word,
		};
	}
	free(map);
	free(simple);
}

/* ---- where what was returned begins ---- */

/* Nothing but ornaments between the start of the line and FROM. */
static const char *line_start(struct span text, size_t from)
{
	while (from > 0 && text.text[from - 1] != '\n') {
		char byte = text.text[from - 1];

		if (is_letter(byte) || is_digit(byte) || (unsigned char)byte >= 0x80)
			return NULL;
		from--;
	}
	return text.text + from;
}

static bool line_goes_on(struct span text, size_t to)
{
	for (; to < text.size && text.text[to] != '\n'; to++)
		if (is_letter(text.text[to]) || is_digit(text.text[to]) ||
			(unsigned char)text.text[to] >= 0x80)
			return true;
	return false;
}

/* A line that only the header of a message has. */
static size_t pasted_header(struct span text)
{
	static const char *const starts[] = { "Received:", "Return-Path:",
		"DKIM-Signature:", "X-Originating-IP:", "Received-SPF:" };
	struct span rest = text, line;

	while (span_line(&rest, &line))
		for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
			if (line.size > 0 && line.text[0] == starts[i][0] &&
				span_starts(line, starts[i]))
				return (size_t)(line.text - text.text);
	return text.size;
}

bool prose_marks(const struct prose *prose, const struct place *place, enum mark mark)
{
	return formats_marks(prose->formats, place->word, FORMAT_ANY, mark) ||
	       (prose->format != FORMAT_ANY &&
		       formats_marks(prose->formats, place->word, prose->format, mark));
}

/* At PASTED, or where the report says so before. */
static size_t find_end(const struct prose *prose, size_t pasted)
{
	struct span text = buffer_span(&prose->text);
	size_t end = pasted;

	for (size_t i = 0; i < prose->count; i++) {
		const struct place *place = &prose->places[i];
		bool heading = prose_marks(prose, place, MARK_HEADING);
		const char *start;

		if (place->from >= end)
			break;
		if (!heading && !prose_marks(prose, place, MARK_END))
			continue;
		start = line_start(text, place->from);
		if (start == NULL || (heading && line_goes_on(text, place->to)))
			continue;
		end = (size_t)(start - text.text);
		break;
	}
	return end;
}

static size_t find_format(const struct prose *prose, size_t end)
{
	size_t best = FORMAT_ANY;

	for (size_t i = 0; i < prose->count && prose->places[i].from < end; i++) {
		size_t seen = formats_seen(prose->formats, prose->places[i].word);

		if (seen != FORMAT_ANY && (best == FORMAT_ANY || seen < best))
			best = seen;
	}
	return best;
}

void prose_read(
	struct prose *prose, const struct formats *formats, const struct mail *mail)
{
	size_t pasted;

	prose->formats = formats;
	prose->text = (struct buffer){ 0 };
	prose->count = 0;
	prose->format = FORMAT_ANY;
	add_parts(prose, mail);
	pasted = pasted_header(buffer_span(&prose->text));
	find_places(prose, pasted);
	prose->end = find_end(prose, pasted);
	prose->format = find_format(prose, prose->end);
	/* Once more, with the format's own ends. */
	prose->end = find_end(prose, pasted);
}

void prose_clear(struct prose *prose)
{
	buffer_clear(&prose->text);
}

struct span prose_words(const struct prose *prose)
{
	return (struct span){ buffer_span(&prose->text).text, prose->end };
}

const struct place *prose_find(
	const struct prose *prose, enum mark mark, size_t from, size_t to)
{
	for (size_t i = 0; i < prose->count; i++) {
		const struct place *place = &prose->places[i];

		if (place->from >= to)
			break;
		if (place->from >= from && prose_marks(prose, place, mark))
			return place;
	}
	return NULL;
}
