#include "feedback/object.h"

#include <jansson.h>

#include "feedback/span.h"

/*
 * Whether the brackets go deeper than OBJECT_DEPTH_MAX, so that nobody walks
 * deeper than that, neither jansson (2048) nor we.  What is a string is told
 * by its quotes alone: whether it is JSON at all is jansson's to say.
 */
static bool is_shallow(const char *bytes, size_t size)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < size; i++) {
		char byte = bytes[i];

		if (quoted && byte == '\\')
			i++;
		else if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == '{' || byte == '['))
			depth++;
		else if (!quoted && depth > 0 && (byte == '}' || byte == ']'))
			depth--;
		if (depth > OBJECT_DEPTH_MAX)
			return false;
	}
	return true;
}

struct json_t *object_read(const char *bytes, size_t size)
{
	json_t *value;

	if (size == 0 || size > OBJECT_SIZE_MAX || !is_shallow(bytes, size))
		return NULL;
	value = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

void object_free(struct json_t *object)
{
	json_decref(object);
}

const char *object_text(const struct json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

void object_copy(char *to, size_t size, const struct json_t *object, const char *key)
{
	const char *text = object_text(object, key);

	span_copy(to, size, span_of(text == NULL ? "" : text));
}
