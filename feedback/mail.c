#include "feedback/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/charset.h"
#include "feedback/header.h"

/* A multipart that is open while the lines go by. */
struct open_part {
	struct span boundary;
	size_t part;
};

struct walk {
	struct mail *mail;
	struct open_part stack[DEPTH_MAX];
	size_t depth;
	size_t current; /* the part whose lines these are */
	bool in_part, in_header;
};

/*
 * Lines end by LF, CR LF or CR; NUL becomes a space.  Servers that make CR CR
 * LF of CR LF exist.  NULL when BYTES are well as they are.
 */
static char *tidy_lines(const char *bytes, size_t size, size_t *tidied)
{
	bool bare = memchr(bytes, '\n', size) == NULL;
	char *to, *out;

	if (memchr(bytes, '\r', size) == NULL && memchr(bytes, '\0', size) == NULL)
		return NULL;
	to = out = xmalloc(size);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\r') {
			size_t next = i + 1;

			if (bare) {
				*out++ = '\n';
				continue;
			}
			while (next < size && bytes[next] == '\r')
				next++;
			if (next == size || bytes[next] != '\n')
				*out++ = ' ';
			i = next - 1;
		} else {
			*out++ = bytes[i] == '\0' ? ' ' : bytes[i];
		}
	}
	*tidied = (size_t)(out - to);
	return to;
}

static void describe_part(struct part *part)
{
	struct span header = part->header, type = SPAN_NONE;
	struct header_field field;

	while (field_next(&header, &field)) {
		/* The first one counts; repetitions are attacks or accidents. */
		if (type.text == NULL && span_is(field.name, "content-type")) {
			struct span name;

			type = span_trim(field.value);
			name = type;
			for (size_t i = 0; i < name.size; i++)
				if (name.text[i] == ';' || is_space(name.text[i]))
					name.size = i;
			span_copy(part->type, sizeof(part->type), name);
			text_lower(part->type);
			span_copy(part->charset, sizeof(part->charset),
				header_parameter(type, "charset"));
		} else if (span_is(field.name, "content-transfer-encoding")) {
			part->encoding = encoding_named(field.value);
		}
	}
}

/* Also where the line with it is not folded as it ought to be. */
static struct span find_boundary(struct span header)
{
	struct span value = header_find(header, "content-type"), line;
	struct span boundary = header_parameter(value, "boundary");

	if (boundary.size > 0)
		return boundary;
	header = span_between(span_end(value), span_end(header));
	while (span_line(&header, &line)) {
		line = span_trim(line);
		if (span_starts(line, "boundary="))
			return parameter_value(span_skip(line, 9));
	}
	return boundary;
}

/* Its header is over: what is it, and is it one that others are in? */
static void begin_body(struct walk *walk, const char *at)
{
	struct mail *mail = walk->mail;
	struct part *part = &mail->parts[walk->current];
	struct span boundary;

	part->header = span_between(part->header.text, at);
	part->body = (struct span){ at, 0 };
	walk->in_header = false;
	describe_part(part);
	if (strncmp(part->type, "multipart/", 10) != 0 || walk->depth == DEPTH_MAX)
		return;
	boundary = find_boundary(part->header);
	/* RFC 2046 5.1.1 says 70 at most; blanks at its end are none of it. */
	while (boundary.size > 0 && is_space(boundary.text[boundary.size - 1]))
		boundary.size--;
	if (boundary.size == 0 || boundary.size > 200)
		return;
	part->multipart = true;
	walk->stack[walk->depth++] = (struct open_part){ boundary, walk->current };
}

static void end_part(struct walk *walk, const char *at)
{
	struct part *part = &walk->mail->parts[walk->current];

	if (!walk->in_part)
		return;
	if (walk->in_header)
		begin_body(walk, at);
	/* The line end before a boundary belongs to the boundary. */
	if (at > part->body.text && at[-1] == '\n')
		at--;
	part->body = span_between(part->body.text, at);
	walk->in_part = false;
}

static void begin_part(struct walk *walk, const char *at, size_t parent)
{
	struct mail *mail = walk->mail;

	if (mail->count == PARTS_MAX)
		return;
	walk->current = mail->count++;
	mail->parts[walk->current] = (struct part){
		.header = { at, 0 },
		.body = { at, 0 },
		.parent = parent,
		.type = "text/plain",
	};
	walk->in_part = walk->in_header = true;
}

/*
 * The boundary that was announced did not come yet, but this line looks like
 * one, with the header of a part below it: some that rewrite mail change one
 * of the two.
 */
static void guess_boundary(struct walk *walk, struct span line, struct span next)
{
	struct open_part *open = &walk->stack[walk->depth - 1];

	if (walk->mail->count != open->part + 1 || !span_starts(next, "Content-"))
		return;
	line = span_trim(span_skip(line, 2));
	if (line.size > 0 && line.size <= 200 &&
		memchr(line.text, ' ', line.size) == NULL)
		open->boundary = line;
}

/* Does LINE end one of the open multiparts, or begin another part of it? */
static bool take_boundary(struct walk *walk, struct span line, struct span next)
{
	struct span rest = span_skip(line, 2), left;

	guess_boundary(walk, line, next);

	for (size_t i = walk->depth; i-- > 0;) {
		struct open_part open = walk->stack[i];

		if (rest.size < open.boundary.size ||
			memcmp(rest.text, open.boundary.text, open.boundary.size) != 0)
			continue;
		left = span_trim(span_skip(rest, open.boundary.size));
		if (left.size > 0 && !span_is(left, "--"))
			continue;
		end_part(walk, line.text);
		walk->depth = left.size > 0 ? i : i + 1;
		if (left.size == 0)
			begin_part(walk, next.text, open.part);
		return true;
	}
	return false;
}

static void walk_lines(struct walk *walk, struct span rest)
{
	struct span line;
	struct header_field field;
	bool first = true, unfinished = false;

	while (span_line(&rest, &line)) {
		bool begins = first, goes_on = unfinished;

		first = false;
		if (line.size > 2 && line.text[0] == '-' && line.text[1] == '-' &&
			walk->depth > 0 && take_boundary(walk, line, rest)) {
			first = true;
			continue;
		}
		if (!walk->in_part || !walk->in_header)
			continue;
		/* "Content-Type: multipart/mixed;" and the rest on a line that is not folded. */
		unfinished = line.size > 0 && line.text[line.size - 1] == ';';
		if (span_trim(line).size == 0)
			begin_body(walk, rest.text);
		else if (!goes_on && !field_begins(line, &field) &&
			 (begins || !is_blank(line.text[0])))
			begin_body(walk, line.text); /* A part that has no header. */
	}
	end_part(walk, rest.text);
}

/* "From sender date", which an mbox has before the mail, and some pipes too. */
static struct span take_from_line(struct mail *mail, struct span bytes)
{
	struct span rest = bytes, line;
	const char *blank;

	if (!span_starts(bytes, "From ") && !span_starts(bytes, ">From "))
		return bytes;
	span_line(&rest, &line);
	line = span_trim(span_skip(line, line.text[0] == '>' ? 6 : 5));
	blank = memchr(line.text, ' ', line.size);
	if (blank != NULL)
		line.size = (size_t)(blank - line.text);
	span_copy(mail->from_line, sizeof(mail->from_line), line);
	return rest;
}

/* Some tools put such lines before the header. */
static struct span skip_empty_lines(struct span text)
{
	struct span rest = text, line;

	while (span_line(&rest, &line) && span_trim(line).size == 0)
		text = rest;
	return text;
}

void mail_read(struct mail *mail, const char *bytes, size_t size)
{
	struct walk walk = { .mail = mail };
	struct span text = { bytes, size };

	mail->bytes = tidy_lines(bytes, size, &text.size);
	if (mail->bytes != NULL)
		text.text = mail->bytes;
	mail->count = 0;
	mail->from_line[0] = '\0';
	text = take_from_line(mail, skip_empty_lines(text));
	begin_part(&walk, text.text, 0);
	walk_lines(&walk, text);
	mail->header = mail->parts[0].header;
	mail->body = span_between(span_end(mail->header), span_end(text));
	/* A multipart in which no boundary was found is text. */
	if (mail->count == 1) {
		mail->parts[0].multipart = false;
		mail->parts[0].body = mail->body;
		if (part_is(&mail->parts[0], "multipart/"))
			text_copy(mail->parts[0].type, PART_NAME_SIZE, "text/plain");
	}
}

void mail_clear(struct mail *mail)
{
	free(mail->bytes);
	mail->bytes = NULL;
}

bool part_is(const struct part *part, const char *type)
{
	size_t length = strlen(type);

	return strncmp(part->type, type, length) == 0 &&
	       (type[length - 1] == '/' || part->type[length] == '\0');
}

void part_decode(const struct part *part, struct buffer *to)
{
	struct buffer bytes = { 0 };

	if (part->encoding == ENCODING_NONE) {
		charset_to_utf8(to, part->body, span_of(part->charset));
		return;
	}
	decode_transfer(&bytes, part->body, part->encoding);
	charset_to_utf8(to, buffer_span(&bytes), span_of(part->charset));
	buffer_clear(&bytes);
}
