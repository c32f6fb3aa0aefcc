#include "feedback/maillog_words.h"

#include <string.h>

bool maillog_take(struct span *text, const char *word)
{
	size_t size = strlen(word);

	if (text->size < size || memcmp(text->text, word, size) != 0)
		return false;
	*text = span_skip(*text, size);
	return true;
}

bool maillog_is(struct span text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.text, word, text.size) == 0;
}

const char *maillog_find(struct span text, const char *word)
{
	return text.size == 0 ? NULL : memmem(text.text, text.size, word, strlen(word));
}

bool maillog_ends(struct span text, const char *word)
{
	size_t size = strlen(word);

	return text.size >= size && memcmp(span_end(text) - size, word, size) == 0;
}

/*
 * Short: five hexadecimal digits of microseconds and the inode.  Long: six or
 * more digits of seconds in base 52 (no vowels), four of microseconds, "z",
 * and the inode (mail_queue.h).  Words that stand in their place otherwise
 * ("warning", "statistics") have vowels.
 */
bool maillog_is_queue_id(struct span id)
{
	static const char short_form[] = "0123456789ABCDEF",
			  long_form[] = "0123456789BCDFGHJKLMNPQRSTVWXYZ"
					"bcdfghjklmnpqrstvwxyz";
	bool is_short = id.size >= 6 && id.size <= 24;
	bool is_long = id.size >= 10 && id.size <= 32;

	for (size_t i = 0; i < id.size && (is_short || is_long); i++) {
		is_short = is_short && memchr(short_form, id.text[i], 16) != NULL;
		is_long = is_long && memchr(long_form, id.text[i], 52) != NULL;
	}
	return is_short || is_long;
}

/* How long "name=" at TEXT is; 0 when there is none. */
static size_t name_length(struct span text)
{
	size_t size = 0;

	while (size < text.size && ((text.text[size] >= 'a' && text.text[size] <= 'z') ||
					   text.text[size] == '_'))
		size++;
	return size > 0 && size < text.size && text.text[size] == '=' ? size + 1 : 0;
}

bool maillog_take_field(struct span *rest, struct span *name, struct span *value)
{
	size_t length = name_length(*rest);
	const char *comma = NULL;
	struct span after;

	if (length == 0)
		return false;
	*name = (struct span){ rest->text, length - 1 };
	*rest = span_skip(*rest, length);
	*value = after = *rest;
	while ((comma = maillog_find(after, ", ")) != NULL) {
		after = span_between(comma + 2, span_end(after));
		if (name_length(after) > 0)
			break;
	}
	if (comma != NULL)
		*value = span_between(rest->text, comma);
	*rest = comma == NULL ? span_skip(*rest, rest->size) : after;
	return true;
}

void maillog_keep_field(struct maillog *event, const struct maillog_field *fields,
	size_t count, struct span name, struct span value)
{
	for (size_t i = 0; i < count; i++)
		if (maillog_is(name, fields[i].name))
			memcpy((char *)event + fields[i].offset, &value, sizeof(value));
}
