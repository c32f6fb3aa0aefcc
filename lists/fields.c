#include "lists/fields.h"

#include <stdio.h>
#include <string.h>

static void set_name(char to[FIELD_NAME_SIZE], const char *name)
{
	size_t length = 0;

	for (; *name != '\0' && length < FIELD_NAME_SIZE - 1; name++) {
		char byte = *name;

		if (byte >= 'A' && byte <= 'Z')
			byte = (char)(byte - 'A' + 'a');
		if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
			(unsigned char)byte >= 0x80)
			to[length++] = byte;
	}
	to[length] = '\0';
}

void fields_head(struct fields *fields, const char *const *names, size_t count)
{
	fields->count = count;
	fields->texts_used = 0;
	for (size_t i = 0; i < count; i++) {
		set_name(fields->names[i], names[i]);
		fields->values[i] = "";
	}
}

void fields_row(struct fields *fields, const char *const *values, size_t count)
{
	for (size_t i = 0; i < fields->count; i++)
		fields->values[i] = i < count ? values[i] : "";
}

void fields_one(struct fields *fields, const char *name, const char *value)
{
	fields_head(fields, &name, 1);
	fields->values[0] = value;
}

/* Room for SIZE bytes at most; cut where there is not so much. */
static char *take_room(struct fields *fields, size_t *size)
{
	char *room = fields->texts + fields->texts_used;
	size_t left = sizeof(fields->texts) - fields->texts_used;

	if (*size > left)
		*size = left;
	fields->texts_used += *size;
	return room;
}

/* "a, b" of those elements that are texts: a list of tags. */
static const char *list_text(struct fields *fields, const json_t *list)
{
	size_t size = 128, used = 0;
	char *text = take_room(fields, &size);
	const json_t *element;
	size_t i;

	if (size == 0)
		return "";
	text[0] = '\0';
	json_array_foreach(list, i, element)
	{
		int more;

		if (!json_is_string(element) || used >= size)
			continue;
		more = snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
			json_string_value(element));
		used += more > 0 ? (size_t)more : 0;
	}
	return text;
}

static const char *value_text(struct fields *fields, const json_t *value)
{
	size_t size = 24;
	char *text;

	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (json_is_array(value))
		return list_text(fields, value);
	if (!json_is_integer(value))
		return "";
	text = take_room(fields, &size);
	if (size == 0)
		return "";
	snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return text;
}

void fields_object(struct fields *fields, json_t *object)
{
	const char *name;
	json_t *value;

	fields->count = 0;
	fields->texts_used = 0;
	json_object_foreach(object, name, value)
	{
		if (fields->count == CSV_FIELDS)
			break;
		if (json_is_null(value))
			continue;
		set_name(fields->names[fields->count], name);
		fields->values[fields->count++] = value_text(fields, value);
	}
}

const char *field_text(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->names[i], name) == 0)
			return fields->values[i];
	return NULL;
}
