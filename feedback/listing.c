#include "feedback/listing.h"

#include <string.h>

#include "feedback/mailbox.h"
#include "feedback/session.h"

enum { ANYWHERE_MAX = 4096, ANYWHERE_COUNT = 16 };

/* What a line was found to be. */
struct line_shape {
	unsigned shape;
	size_t indent;
	struct span mailbox, rest;
};

struct listing {
	const struct prose *prose;
	const struct format *format;
	struct listed *list;
	size_t room, count;
};

static bool is_in(char byte, const char *set)
{
	return byte != '\0' && strchr(set, byte) != NULL;
}

/* Ornaments and signs before a recipient on its line. */
static struct span skip_bullet(struct span line)
{
	while (line.size > 0 && is_blank(line.text[0]))
		line = span_skip(line, 1);
	if (span_starts(line, ">>> "))
		return span_skip(line, 4);
	if (span_starts(line, "-> "))
		return span_skip(line, 3);
	if (line.size > 1 && is_in(line.text[0], "*-o+") && is_blank(line.text[1]))
		return span_skip(line, 2);
	if (span_starts(line, "\xe2\x80\xa2"))
		return span_skip(line, 3);
	return line;
}

/* Nothing more than the same again: "(a@b)", "<mailto:a@b>", and ornaments. */
static bool is_alone(struct span rest, struct span mailbox)
{
	struct span again, after;

	for (size_t i = 0; i < 4; i++) {
		while (rest.size > 0 &&
			(is_space(rest.text[0]) || is_in(rest.text[0], ">\"':;,.)]*")))
			rest = span_skip(rest, 1);
		if (rest.size == 0)
			return true;
		if (!is_in(rest.text[0], "<([") || !mailbox_leads(rest, &again, &after) ||
			!span_equal(again, mailbox))
			return false;
		rest = after;
	}
	return false;
}

static unsigned shape_of(char before, struct span rest, struct span mailbox)
{
	if (is_alone(rest, mailbox))
		return before == '<' ? SHAPE_ANGLE : SHAPE_ALONE;
	if (before == '<' && rest.size > 0 && rest.text[0] == '>')
		return SHAPE_ANGLE;
	if (is_in(before, "\"'[") && rest.size > 0 && is_in(rest.text[0], "\"']"))
		rest = span_skip(rest, 1);
	if (rest.size > 1 && rest.text[0] == ':' && is_space(rest.text[1]))
		return SHAPE_COLON;
	if (rest.size > 0 && (is_blank(rest.text[0]) || rest.text[0] == ','))
		return SHAPE_WORDS;
	return 0;
}

static bool read_line(struct span line, unsigned shapes, struct line_shape *found)
{
	struct span text = skip_bullet(line);
	char before = '\0';

	found->shape = 0;
	found->indent = (size_t)(text.text - line.text);
	/* Most lines have no address, and begin with none. */
	if (memchr(text.text, '@', text.size) == NULL)
		return false;
	if (!mailbox_leads(text, &found->mailbox, &found->rest)) {
		/* "Name <a@b>", "Name (a@b)<mailto:a@b>": where names are usual. */
		struct span rest;

		if ((shapes & SHAPE_NAME) == 0 || !mailbox_in(text, &found->mailbox))
			return false;
		rest = span_between(span_end(found->mailbox), span_end(line));
		if (found->mailbox.text == text.text ||
			!is_in(found->mailbox.text[-1], "<(:") ||
			!is_alone(rest, found->mailbox))
			return false;
		found->shape = SHAPE_NAME;
		found->rest = rest;
		return true;
	}
	if (found->mailbox.text > text.text)
		before = found->mailbox.text[-1];
	found->shape = shape_of(before, found->rest, found->mailbox);
	return (found->shape & shapes) != 0;
}

static void add(struct listing *listing, struct span mailbox, struct span rest)
{
	struct span below = rest;

	if (listing->count == listing->room)
		return;
	while (below.size > 0 && is_in(below.text[0], ">\"'):]"))
		below = span_skip(below, 1);
	if (listing->count > 0) {
		struct listed *last = &listing->list[listing->count - 1];

		if (mailbox.text > last->below.text)
			last->below = span_between(last->below.text, mailbox.text);
	}
	listing->list[listing->count++] = (struct listed){
		.mailbox = mailbox,
		.original = { "", 0 },
		.below = below,
	};
}

/* The end of what may list recipients. */
static size_t list_end(const struct prose *prose, size_t start)
{
	const struct place *stop = prose_find(prose, MARK_STOP, start, prose->end);

	return stop == NULL ? prose->end : stop->from;
}

static void add_lines(struct listing *listing, size_t start)
{
	const struct prose *prose = listing->prose;
	size_t end = list_end(prose, start), indent = SIZE_MAX;
	struct span rest = span_between(prose_words(prose).text + start,
			    prose_words(prose).text + end),
		    line;
	unsigned shapes = listing->format->shapes;
	struct line_shape found;

	while (listing->count < listing->room && span_line(&rest, &line)) {
		if (!read_line(line, shapes, &found))
			continue;
		/* What stands deeper than the first one belongs to its reason. */
		if (indent == SIZE_MAX)
			indent = found.indent;
		if (found.indent > indent)
			continue;
		add(listing, found.mailbox,
			span_between(found.rest.text, prose_words(prose).text + end));
	}
}

static const char *start_of_line(struct span text, size_t at)
{
	while (at > 0 && text.text[at - 1] != '\n')
		at--;
	return text.text + at;
}

static bool at_line_start(struct span text, size_t at)
{
	while (at > 0 && text.text[at - 1] != '\n') {
		at--;
		if (!is_blank(text.text[at]) && !is_in(text.text[at], "*-<[ "))
			return false;
	}
	return true;
}

/* Recipients behind marks of FORMAT. */
static void add_marked(struct listing *listing, size_t format, enum mark mark)
{
	const struct prose *prose = listing->prose;
	struct span words = prose_words(prose);

	for (size_t i = 0; i < prose->count && prose->places[i].from < prose->end; i++) {
		const struct place *place = &prose->places[i];
		struct span mailbox, rest;

		if (place->to > prose->end ||
			!formats_marks(prose->formats, place->word, format, mark) ||
			(mark == MARK_LABEL && !at_line_start(words, place->from)))
			continue;
		rest = span_skip(words, place->to);
		while (rest.size > 0 && is_in(rest.text[0], ": \t"))
			rest = span_skip(rest, 1);
		/* A list of them on the line. */
		while (mailbox_leads(rest, &mailbox, &rest)) {
			/* One may be behind two marks: "deliver ... to", "message to". */
			if (listing->count == 0 ||
				listing->list[listing->count - 1].mailbox.text !=
					mailbox.text)
				/* The reason may stand before: "Mailbox full: <a@b>". */
				add(listing, mailbox,
					span_between(start_of_line(words, place->from),
						span_end(words)));
			while (rest.size > 0 && is_in(rest.text[0], "> ,;"))
				rest = span_skip(rest, 1);
			if (rest.size == 0 || rest.text[0] == '\n')
				break;
		}
	}
}

static bool is_refused(const struct session_line *line)
{
	return line->code >= 400 && line->code != 503;
}

/*
 * RCPT commands that were refused, and "<a@b>... User unknown"; ALL of them
 * where it was something else that was refused.
 */
static void add_session(struct listing *listing, bool all)
{
	struct span rest = prose_words(listing->prose);
	struct session_line line, command = { .mailbox = { "", 0 } };

	if (rest.size > SESSION_MAX)
		rest.size = SESSION_MAX;
	while (listing->count < listing->room && session_next(&rest, &line)) {
		struct span mailbox = { "", 0 };

		if (line.sent)
			command = line;
		if (all)
			mailbox = line.mailbox;
		else if (line.reply && is_refused(&line) && command.stage == STAGE_RCPT)
			mailbox = command.mailbox;
		else if (!line.reply && !line.sent &&
			 (line.code == 0 || line.code >= 400))
			mailbox = line.mailbox;
		if (mailbox.size > 0)
			add(listing, mailbox,
				(struct span){ line.text.text, line.text.size });
	}
}

/* Where nothing else was found: all addresses that stand in the text. */
static void add_any(struct listing *listing)
{
	struct span rest = prose_words(listing->prose), mailbox;

	if (rest.size > ANYWHERE_MAX)
		rest.size = ANYWHERE_MAX;
	while (listing->count < ANYWHERE_COUNT && mailbox_in(rest, &mailbox)) {
		rest = span_between(span_end(mailbox), span_end(rest));
		add(listing, mailbox, rest);
	}
}

static void find_originals(struct listing *listing)
{
	static const char *const words[] = { "(expanded from:", "(expanded from",
		"(generated from", "(ultimately generated from", "generated by",
		"(originally addressed to" };

	for (size_t i = 0; i < listing->count; i++) {
		struct span below = listing->list[i].below;

		if (below.size > 300)
			below.size = 300;
		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			if (mailbox_after(below, words[w], &listing->list[i].original))
				break;
	}
}

size_t listing_read(
	const struct prose *prose, struct listed *list, size_t room, bool *guessed)
{
	struct listing listing = {
		.prose = prose,
		.format = formats_at(prose->formats, prose->format),
		.list = list,
		.room = room,
	};
	const struct place *below = prose_find(prose, MARK_LIST, 0, prose->end);

	if (prose->format != FORMAT_ANY) {
		add_marked(&listing, prose->format, MARK_LABEL);
		if (listing.count == 0)
			add_marked(&listing, prose->format, MARK_AFTER);
	}
	if (listing.count == 0)
		add_lines(&listing, below == NULL ? 0 : below->to);
	if (listing.count == 0 && (listing.format->shapes & SHAPE_SESSION) != 0)
		add_session(&listing, false);
	if (listing.count == 0 && (listing.format->shapes & SHAPE_SESSION) != 0)
		add_session(&listing, true);
	if (listing.count == 0)
		add_marked(&listing, FORMAT_ANY, MARK_LABEL);
	if (listing.count == 0)
		add_marked(&listing, FORMAT_ANY, MARK_AFTER);
	if (listing.count == 0 && below != NULL)
		add_lines(&listing, 0);
	*guessed = listing.count == 0;
	if (*guessed)
		add_any(&listing);
	find_originals(&listing);
	return listing.count;
}

struct span listing_cause(const struct prose *prose)
{
	const struct place *cause = prose_find(prose, MARK_CAUSE, 0, prose->end), *next;
	size_t end;

	if (cause == NULL || cause->to > prose->end)
		return (struct span){ "", 0 };
	end = list_end(prose, cause->to);
	next = prose_find(prose, MARK_LIST, cause->to, end);
	if (next != NULL)
		end = next->from;
	return span_trim(span_between(
		prose_words(prose).text + cause->to, prose_words(prose).text + end));
}
