#include "policy/limit.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/message.h"

const char *const field_names[FIELD_COUNT] = {
	[FIELD_ACCOUNT] = "account",
	[FIELD_LOGIN] = "login",
	[FIELD_SENDER] = "sender",
	[FIELD_SENDER_DOMAIN] = "sender_domain",
	[FIELD_CLIENT] = "client",
	[FIELD_RECIPIENT] = "recipient",
	[FIELD_RECIPIENT_DOMAIN] = "recipient_domain",
	[FIELD_EVERYONE] = "everyone",
};

const char *const limit_action_names[] = {
	[LIMIT_TEMPFAIL] = "tempfail",
	[LIMIT_REJECT] = "reject",
	[LIMIT_HOLD] = "hold",
	[LIMIT_OBSERVE] = "observe",
};

static void condition_clear(struct condition *condition)
{
	if (condition->patterns != NULL)
		for (size_t i = 0; i < condition->count; i++)
			free(condition->patterns[i]);
	free(condition->patterns);
	free(condition->networks);
}

void limit_clear(struct limit *limit)
{
	for (size_t i = 0; i < limit->when_count; i++)
		condition_clear(&limit->when[i]);
	free(limit->when);
	free(limit->reply);
	*limit = (struct limit){ 0 };
}

static void condition_copy(struct condition *to, const struct condition *from)
{
	*to = (struct condition){ .field = from->field, .count = from->count };
	if (from->networks != NULL) {
		to->networks = xcalloc(from->count, sizeof(*to->networks));
		memcpy(to->networks, from->networks, from->count * sizeof(*to->networks));
	}
	if (from->patterns != NULL) {
		to->patterns = xcalloc(from->count, sizeof(*to->patterns));
		for (size_t i = 0; i < from->count; i++)
			to->patterns[i] = xstrdup(from->patterns[i]);
	}
}

void limit_copy(struct limit *to, const struct limit *from)
{
	*to = *from;
	to->reply = from->reply == NULL ? NULL : xstrdup(from->reply);
	to->when = from->when_count == 0 ? NULL
					 : xcalloc(from->when_count, sizeof(*to->when));
	for (size_t i = 0; i < from->when_count; i++)
		condition_copy(&to->when[i], &from->when[i]);
}

/* The value of FIELD for this recipient of this message; "" where it has none. */
static const char *field_value(enum field field, const struct message *message,
	const struct recipient *recipient, char client[CLIENT_TEXT_SIZE])
{
	switch (field) {
	case FIELD_ACCOUNT:
		return message->account;
	case FIELD_LOGIN:
		return message->login;
	case FIELD_SENDER:
		return message->sender.text;
	case FIELD_SENDER_DOMAIN:
		return message->sender.domain;
	case FIELD_CLIENT:
		if (message->client.family == AF_UNSPEC)
			return "";
		return client_to_key(&message->client, client);
	case FIELD_RECIPIENT:
		return recipient->address.text;
	case FIELD_RECIPIENT_DOMAIN:
		return recipient->address.domain;
	case FIELD_EVERYONE:
	case FIELD_COUNT:
		break;
	}
	return "*";
}

static bool condition_holds(const struct condition *condition,
	const struct message *message, const struct recipient *recipient)
{
	char client[CLIENT_TEXT_SIZE];
	const char *value;

	if (condition->field == FIELD_CLIENT) {
		for (size_t i = 0; i < condition->count; i++)
			if (network_contains(&condition->networks[i], &message->client))
				return true;
		return false;
	}
	value = field_value(condition->field, message, recipient, client);
	for (size_t i = 0; i < condition->count; i++)
		if (text_matches(condition->patterns[i], value))
			return true;
	return false;
}

static bool has_field(enum field field, const struct message *message,
	const struct recipient *recipient)
{
	if (field == FIELD_CLIENT)
		return message->client.family != AF_UNSPEC;
	return *field_value(field, message, recipient, NULL) != '\0';
}

bool limit_applies(const struct limit *limit, const struct message *message,
	const struct recipient *recipient)
{
	for (unsigned field = 0; field < FIELD_COUNT; field++)
		if ((limit->per & 1u << field) != 0 &&
			!has_field(field, message, recipient))
			return false;
	for (size_t i = 0; i < limit->when_count; i++)
		if (!condition_holds(&limit->when[i], message, recipient))
			return false;
	return true;
}

/*
 * Foreign text must not look like the parts of a key: a login "x}:account"
 * would otherwise name the record of the account "x".
 */
static char *append_escaped(char *to, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		if (isalnum(*c) || strchr("@._+=-/*", *c) != NULL) {
			*to++ = (char)*c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[*c >> 4];
		*to++ = hex[*c & 15];
	}
	return to;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The reverse, of LENGTH bytes.  False where that is not what append_escaped() wrote, or
 * does not fit. */
static bool unescape(char *to, size_t size, const char *from, size_t length)
{
	const char *end = from + length;
	size_t used = 0;

	for (; from < end && used + 1 < size; from++) {
		int value = (unsigned char)*from;

		if (*from == '%') {
			if (end - from < 3 || hex_value(from[1]) < 0 ||
				hex_value(from[2]) < 0)
				return false;
			value = hex_value(from[1]) << 4 | hex_value(from[2]);
			from += 2;
		}
		to[used++] = (char)value;
	}
	to[used] = '\0';
	return from == end && strlen(to) == used;
}

/* "{a:ACCOUNT}", for everything that one account owns. */
static char *append_owner(char *to, const char *account)
{
	to = stpcpy(to, "{a:");
	to = append_escaped(to, account);
	return stpcpy(to, "}");
}

char *account_key_owner(const char *account)
{
	char *key = xmalloc(3 * strlen(account) + sizeof("{a:}"));

	*append_owner(key, account) = '\0';
	return key;
}

const char *account_key_read(const char *key, char *account, size_t size)
{
	static const char begin[] = "{a:";
	const char *name, *end = strchr(key, '}');

	if (strncmp(key, begin, strlen(begin)) != 0 || end == NULL)
		return NULL;
	name = key + strlen(begin);
	return unescape(account, size, name, (size_t)(end - name)) ? end + 1 : NULL;
}

/* Another kind of count, of other things, or in another window, is another state. */
static char *append_kind(
	char *to, const struct limit *limit, const struct capacity *capacity)
{
	const char *kind = limit->kind == LIMIT_RATE	    ? ":r"
			   : limit->count == COUNT_DISTINCT ? ":d"
							    : ":q";

	to = stpcpy(to, kind);
	if (limit->count == COUNT_MESSAGES)
		to = stpcpy(to, "m");
	if (limit->kind == LIMIT_RATE)
		return to;
	text_from_duration(to, 24, capacity->window_us);
	return to + strlen(to);
}

char *limit_key(const struct limit *limit, const struct capacity *capacity,
	const struct message *message, const struct recipient *recipient)
{
	bool owned = (limit->per & 1u << FIELD_ACCOUNT) != 0;
	char buffer[FIELD_COUNT * 3 * ADDRESS_SIZE + 256], *end = buffer;
	char client[CLIENT_TEXT_SIZE];

	end = owned ? append_owner(end, message->account) : stpcpy(end, "{l");
	end = stpcpy(end, owned ? ":l:" : ":");
	end = append_escaped(end, limit->name);
	end = append_kind(end, limit, capacity);
	for (unsigned field = FIELD_ACCOUNT + 1; field < FIELD_COUNT; field++) {
		if ((limit->per & 1u << field) == 0 || field == FIELD_EVERYONE)
			continue;
		end = stpcpy(end, ":");
		/* Keys are seen by whoever may look into Redis: no recipients there. */
		end = append_escaped(
			end, field == FIELD_RECIPIENT
				     ? recipient->digest
				     : field_value(field, message, recipient, client));
	}
	end = stpcpy(end, owned ? "" : "}");
	return xstrdup(buffer);
}

/* The next part of a key, up to its colon or the end; AT moves behind it. */
static bool take_value(const char **at, char *value, size_t size)
{
	size_t length;

	if (**at != ':')
		return false;
	length = strcspn(*at + 1, ":");
	if (!unescape(value, size, *at + 1, length))
		return false;
	*at += 1 + length;
	return true;
}

bool limit_key_values(const struct limit *limit, const struct capacity *capacity,
	const char *key, struct field_values *values)
{
	char begin[3 * LIMIT_NAME_SIZE + 32] = ":l:", *end = begin + strlen(begin);
	const char *at;

	*values = (struct field_values){ .text = { "" } };
	*append_kind(append_escaped(end, limit->name), limit, capacity) = '\0';
	at = account_key_read(key, values->text[FIELD_ACCOUNT], ADDRESS_SIZE);
	if (at == NULL || strncmp(at, begin, strlen(begin)) != 0)
		return false;
	at += strlen(begin);
	for (unsigned field = FIELD_ACCOUNT + 1; field < FIELD_EVERYONE; field++)
		if ((limit->per & 1u << field) != 0 &&
			!take_value(&at, values->text[field], ADDRESS_SIZE))
			return false;
	return *at == '\0';
}

char *limit_key_prefix(const char *account, const char *limit_name)
{
	char *owner = account_key_owner(account);
	char *prefix = limit_name == NULL ? xasprintf("%s:l:", owner)
					  : xasprintf("%s:l:%s:", owner, limit_name);

	free(owner);
	return prefix;
}

bool capacity_parse(struct capacity *capacity, const char *text)
{
	int64_t amount, window_us;

	if (strcmp(text, "none") == 0) {
		capacity->lifted = true;
		return true;
	}
	if (!text_to_ratio(text, &amount, &window_us))
		return false;
	capacity->lifted = false;
	capacity->amount = amount;
	capacity->window_us = window_us;
	return true;
}

char *capacity_to_text(const struct capacity *capacity, char *text, size_t size)
{
	char window[32];

	if (capacity->lifted) {
		text_copy(text, size, "none");
		return text;
	}
	text_from_duration(window, sizeof(window), capacity->window_us);
	/* "14/s", not "14/1s". */
	snprintf(text, size, "%" PRId64 "/%s", capacity->amount,
		window[0] == '1' && isalpha((unsigned char)window[1]) ? window + 1
								      : window);
	return text;
}
