/* Limits as people and programs see them: in explain, and in account show. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

/* What the field is here; "*" where the message or the recipient is made up. */
static const char *owner_value(enum field field, const struct message *message,
	const struct recipient *recipient, char client[CLIENT_TEXT_SIZE])
{
	const char *value = "";

	if (field == FIELD_ACCOUNT)
		value = message->account;
	else if (field == FIELD_LOGIN)
		value = message->login;
	else if (field == FIELD_SENDER)
		value = message->sender.text;
	else if (field == FIELD_SENDER_DOMAIN)
		value = message->sender.domain;
	else if (field == FIELD_CLIENT && message->client.family != AF_UNSPEC)
		value = client_to_key(&message->client, client);
	else if (field == FIELD_RECIPIENT && recipient != NULL)
		value = recipient->address.text;
	else if (field == FIELD_RECIPIENT_DOMAIN && recipient != NULL)
		value = recipient->address.domain;
	return value[0] != '\0' ? value : "*";
}

/* "account=shop recipient_domain=gmail.com", or "everyone". */
static void find_owner(const struct limit *limit, const struct message *message,
	const struct recipient *recipient, char *owner, size_t size)
{
	char client[CLIENT_TEXT_SIZE];
	size_t length = 0;

	text_copy(owner, size, field_names[FIELD_EVERYONE]);
	for (unsigned field = 0; field < FIELD_EVERYONE && length < size; field++) {
		if ((limit->per & 1u << field) == 0)
			continue;
		length += (size_t)snprintf(owner + length, size - length, "%s%s=%s",
			length > 0 ? " " : "", field_names[field],
			owner_value(field, message, recipient, client));
	}
}

static int64_t allowed(const struct limit_view *view)
{
	return view->limit->kind == LIMIT_RATE ? view->capacity.burst
					       : view->capacity.amount;
}

void limit_view_set(struct limit_view *view, const struct demand_limit *limit,
	const struct limit_fact *fact, const struct message *message,
	const struct recipient *recipient)
{
	*view = (struct limit_view){
		.limit = limit->limit,
		.capacity = limit->capacity,
		.known = fact != NULL,
	};
	find_owner(view->limit, message, recipient, view->owner, sizeof(view->owner));
	if (fact == NULL)
		return;
	view->used = fact->used;
	view->frees_us = fact->frees_us;
	view->never = fact->full && fact->wanted > allowed(view);
}

json_t *limit_views_to_json(const struct limit_view *views, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct limit_view *view = &views[i];
		bool lifted = view->capacity.lifted;
		json_t *object = json_object();
		char capacity[64];

		json_object_set_new(object, "name", value_of_text(view->limit->name));
		json_object_set_new(object, "key", value_of_text(view->owner));
		json_object_set_new(object, "used",
			view->known ? json_integer(view->used) : json_null());
		json_object_set_new(object, "allowed",
			lifted ? json_null() : json_integer(allowed(view)));
		json_object_set_new(object, "window",
			lifted ? json_null() : value_of_span(view->capacity.window_us));
		json_object_set_new(object, "frees_in",
			view->known && !view->never ? value_of_span(view->frees_us)
						    : json_null());
		json_object_set_new(object, "capacity",
			value_of_text(capacity_to_text(
				&view->capacity, capacity, sizeof(capacity))));
		json_array_append_new(list, object);
	}
	return list;
}

static void frees_text(const struct limit_view *view, char *to, size_t size)
{
	if (!view->known)
		text_copy(to, size, view->capacity.lifted ? "" : "?");
	else if (view->never)
		text_copy(to, size, "never");
	else if (view->frees_us == 0)
		text_copy(to, size, "now");
	else
		span_text(to, size, view->frees_us);
}

static void used_text(const struct limit_view *view, char *to, size_t size)
{
	if (view->capacity.lifted)
		text_copy(to, size, "no limit");
	else if (view->known)
		snprintf(to, size, "%" PRId64 "/%" PRId64, view->used, allowed(view));
	else
		snprintf(to, size, "?/%" PRId64, allowed(view));
}

void limit_views_print(
	struct output *output, const struct limit_view *views, size_t count)
{
	static const char *const headings[] = {
		"LIMIT",
		"OF",
		"USED",
		"CAPACITY",
		"ONE MORE FITS",
		NULL,
	};
	struct table table;

	table_init(&table, output, headings);
	table.indent = 4;
	table.right = 1u << 2;
	for (size_t i = 0; i < count; i++) {
		char used[64], capacity[64], frees[SPAN_TEXT_SIZE];

		used_text(&views[i], used, sizeof(used));
		frees_text(&views[i], frees, sizeof(frees));
		capacity_to_text(&views[i].capacity, capacity, sizeof(capacity));
		table_row(&table, (const char *const[]){ views[i].limit->name,
					  views[i].owner, used, capacity, frees });
	}
	table_finish(&table);
}
