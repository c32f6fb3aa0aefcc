#include "feedback/ses_mail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/object.h"
#include "policy/token.h"

void ses_copy_address(char to[ADDRESS_SIZE], const char *text)
{
	const char *open;
	size_t length;

	to[0] = '\0';
	if (text == NULL)
		return;
	open = strrchr(text, '<');
	length = strlen(text);
	/* At the end only: "<b@example.net>"@example.com is not b's address. */
	if (open != NULL && text[length - 1] == '>') {
		length -= (size_t)(open + 1 - text) + 1;
		text = open + 1;
	}
	if (length < ADDRESS_SIZE) {
		memcpy(to, text, length);
		to[length] = '\0';
	}
}

int64_t ses_moment(const struct json_t *object)
{
	const char *text = object_text(object, "timestamp");
	int64_t moment_us = 0;

	if (text == NULL || !clock_from_text(text, &moment_us))
		return 0;
	return moment_us;
}

/* What does not fit is left out: cut, it would be another one. */
static void add_tag(struct ses *ses, const char *name, size_t name_length,
	const char *value, size_t value_length)
{
	struct ses_tag *tag;

	if (ses->tag_count == SES_TAGS_MAX || name_length == 0 ||
		name_length >= SES_TAG_SIZE || value_length >= SES_TAG_SIZE)
		return;
	if (ses->tags == NULL)
		ses->tags = xcalloc(SES_TAGS_MAX, sizeof(*ses->tags));
	tag = &ses->tags[ses->tag_count++];
	memcpy(tag->name, name, name_length);
	memcpy(tag->value, value, value_length);
}

/* { "campaign": [ "spring" ], "ses:configuration-set": [ "bulk" ] } */
static void read_tags(struct ses *ses, json_t *tags)
{
	const char *name;
	json_t *values;

	json_object_foreach(tags, name, values)
	{
		for (size_t i = 0; i < json_array_size(values); i++) {
			const char *value = json_string_value(json_array_get(values, i));

			if (value != NULL)
				add_tag(ses, name, strlen(name), value, strlen(value));
		}
	}
}

/* X-SES-MESSAGE-TAGS: campaign=spring, list=7 */
static void take_tags(struct ses *ses, const char *text)
{
	static const char blanks[] = " \t\r\n,";

	for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
		size_t length = strcspn(text, blanks);
		const char *equals = memchr(text, '=', length);

		if (equals != NULL)
			add_tag(ses, text, (size_t)(equals - text), equals + 1,
				(size_t)(text + length - equals - 1));
		text += length;
	}
}

static void take_configuration(struct ses *ses, const char *text)
{
	static const char name[] = "ses:configuration-set";

	add_tag(ses, name, strlen(name), text, strlen(text));
}

static void take_token(struct ses *ses, const char *text)
{
	/* Room for what servers on the way may have folded in. */
	if (ses->token_count < SES_TOKENS_MAX && strlen(text) < 2 * TOKEN_TEXT_MAX)
		ses->tokens[ses->token_count++] = xstrdup(text);
}

static const struct {
	const char *name;
	void (*take)(struct ses *ses, const char *text);
} headers[] = {
	{ TOKEN_HEADER, take_token },
	{ "X-SES-MESSAGE-TAGS", take_tags },
	{ "X-SES-CONFIGURATION-SET", take_configuration },
};

static void read_header(struct ses *ses, const json_t *header)
{
	const char *name = object_text(header, "name");
	const char *value = object_text(header, "value");

	if (name == NULL || value == NULL)
		return;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (strcasecmp(name, headers[i].name) == 0)
			headers[i].take(ses, value);
}

void ses_read_mail(struct ses *ses, const struct json_t *mail)
{
	const json_t *list = json_object_get(mail, "headers");

	object_copy(ses->message_id, sizeof(ses->message_id), mail, "messageId");
	ses_copy_address(ses->source, object_text(mail, "source"));
	ses->sent_us = ses_moment(mail);
	read_tags(ses, json_object_get(mail, "tags"));
	for (size_t i = 0; i < json_array_size(list); i++)
		read_header(ses, json_array_get(list, i));
}
