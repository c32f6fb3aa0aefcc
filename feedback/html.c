#include "feedback/html.h"

#include <string.h>

#include "feedback/span.h"
#include "feedback/utf8.h"

/* Begin a new line; cells stand apart by a space. */
static const char *const blocks[] = { "br", "p", "div", "tr", "li", "ul", "ol", "table",
	"h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "blockquote", "title", "body" };

/* What is between their tags is for no reader. */
static const char *const hidden[] = { "style", "script", "head" };

static const struct {
	const char *name, *text;
} entities[] = {
	{ "lt;", "<" },
	{ "gt;", ">" },
	{ "amp;", "&" },
	{ "quot;", "\"" },
	{ "apos;", "'" },
	{ "nbsp;", " " },
	{ "rsquo;", "'" },
	{ "lsquo;", "'" },
	{ "shy;", "" },
	{ "zwnj;", "" },
};

static bool tag_is(struct span tag, const char *name)
{
	size_t length = strlen(name);

	if (!span_starts(tag, name))
		return false;
	return tag.size == length || is_space(tag.text[length]) ||
	       tag.text[length] == '/';
}

static bool tag_among(
	struct span tag, const char *const *names, size_t count, size_t *which)
{
	for (*which = 0; *which < count; (*which)++)
		if (tag_is(tag, names[*which]))
			return true;
	return false;
}

static void add_point(struct buffer *to, unsigned long point)
{
	char bytes[4];

	buffer_add(to, bytes, utf8_write(bytes, point));
}

/* The length of the entity at TEXT ("&lt;", "&#64;"), which it adds; 0 where there is none. */
static size_t take_entity(struct buffer *to, struct span text)
{
	struct span name = span_skip(text, 1);
	unsigned long point = 0;
	size_t i = 1;
	bool hex;

	for (size_t e = 0; e < sizeof(entities) / sizeof(entities[0]); e++)
		if (span_starts(name, entities[e].name)) {
			buffer_add(to, entities[e].text, strlen(entities[e].text));
			return 1 + strlen(entities[e].name);
		}
	if (name.size < 3 || name.text[0] != '#')
		return 0;
	hex = lower(name.text[1]) == 'x';
	for (i += hex; i < name.size && i < 9 && name.text[i] != ';'; i++) {
		int digit = utf8_hex_digit(name.text[i]);

		if (digit < 0 || (!hex && digit > 9))
			return 0;
		point = point * (hex ? 16 : 10) + (unsigned long)digit;
	}
	if (i == name.size || name.text[i] != ';')
		return 0;
	add_point(to, point);
	return i + 2;
}

/* Behind the end tag of NAME; the end, where there is none. */
static struct span skip_hidden(struct span rest, const char *name)
{
	while (rest.size > 0) {
		const char *open = memchr(rest.text, '<', rest.size), *close;

		if (open == NULL)
			break;
		rest = span_between(open + 1, span_end(rest));
		if (rest.size == 0 || rest.text[0] != '/' ||
			!span_starts(span_skip(rest, 1), name))
			continue;
		close = memchr(rest.text, '>', rest.size);
		if (close == NULL)
			break;
		return span_between(close + 1, span_end(rest));
	}
	return span_skip(rest, rest.size);
}

static void end_line(struct buffer *to)
{
	if (to->size > 0 && to->bytes[to->size - 1] != '\n')
		buffer_add(to, "\n", 1);
}

/* REST begins behind a "<"; returns what comes behind the tag. */
static struct span take_tag(struct buffer *to, struct span rest)
{
	const char *close = memchr(rest.text, '>', rest.size);
	struct span tag, after;
	bool ends = rest.size > 0 && rest.text[0] == '/';
	size_t which;

	if (span_starts(rest, "!--")) {
		long end = span_find(rest, "-->");

		return span_skip(rest, end < 0 ? rest.size : (size_t)end + 3);
	}
	if (close == NULL)
		return span_skip(rest, rest.size);
	tag = span_between(rest.text + ends, close);
	after = span_between(close + 1, span_end(rest));
	if (tag_among(tag, blocks, sizeof(blocks) / sizeof(blocks[0]), &which))
		end_line(to);
	else if (!ends && (tag_is(tag, "td") || tag_is(tag, "th")))
		buffer_add(to, " ", 1);
	else if (!ends &&
		 tag_among(tag, hidden, sizeof(hidden) / sizeof(hidden[0]), &which))
		after = skip_hidden(after, hidden[which]);
	return after;
}

/* "<" begins a tag only before a letter, "/" or "!"; not that of an address. */
static bool begins_tag(struct span rest)
{
	const char *close;
	struct span tag;

	if (rest.size == 0 ||
		(!is_letter(rest.text[0]) && rest.text[0] != '/' && rest.text[0] != '!'))
		return false;
	tag = (struct span){ rest.text, rest.size < 80 ? rest.size : 80 };
	close = memchr(tag.text, '>', tag.size);
	if (close != NULL)
		tag.size = (size_t)(close - tag.text);
	for (size_t i = 0; i < tag.size && !is_space(tag.text[i]); i++)
		if (tag.text[i] == '@')
			return false;
	return true;
}

void html_to_text(struct buffer *to, struct span from)
{
	bool space = true;

	while (from.size > 0) {
		char byte = from.text[0];
		size_t taken = 1;

		if (byte == '<' && begins_tag(span_skip(from, 1))) {
			from = take_tag(to, span_skip(from, 1));
			space = to->size == 0 || to->bytes[to->size - 1] == '\n';
			continue;
		}
		if (is_space(byte)) {
			if (!space)
				buffer_add(to, " ", 1);
			space = true;
		} else if (byte == '&' && (taken = take_entity(to, from)) > 0) {
			space = false;
		} else {
			taken = 1;
			while (taken < from.size && !is_space(from.text[taken]) &&
				from.text[taken] != '<' && from.text[taken] != '&')
				taken++;
			buffer_add(to, from.text, taken);
			space = false;
		}
		from = span_skip(from, taken);
	}
	end_line(to);
}

bool looks_like_html(struct span text)
{
	text = span_trim(text);
	return span_starts(text, "<html") || span_starts(text, "<!doctype html") ||
	       span_starts(text, "<p>") || span_starts(text, "<body");
}
