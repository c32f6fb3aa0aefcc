/* Limits as people and programs see them: in explain, and in account show. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

void limit_values(const struct message *message, const struct recipient *recipient,
	struct field_values *values)
{
	char client[CLIENT_TEXT_SIZE] = "";
	const char *const texts[FIELD_COUNT] = {
		[FIELD_ACCOUNT] = message->account,
		[FIELD_LOGIN] = message->login,
		[FIELD_SENDER] = message->sender.text,
		[FIELD_SENDER_DOMAIN] = message->sender.domain,
		[FIELD_CLIENT] = client,
		[FIELD_RECIPIENT] = recipient->address.text,
		[FIELD_RECIPIENT_DOMAIN] = recipient->address.domain,
		[FIELD_EVERYONE] = "",
	};

	if (message->client.family != AF_UNSPEC)
		client_to_key(&message->client, client);
	for (unsigned field = 0; field < FIELD_COUNT; field++)
		text_copy(values->text[field], ADDRESS_SIZE, texts[field]);
}

/* "account=shop recipient_domain=gmail.com", or "everyone"; * is any. */
static void find_owner(const struct limit *limit, const struct field_values *values,
	char *owner, size_t size)
{
	size_t length = 0;

	text_copy(owner, size, field_names[FIELD_EVERYONE]);
	for (unsigned field = 0; field < FIELD_EVERYONE && length < size; field++) {
		const char *value = values->text[field];

		if ((limit->per & 1u << field) == 0)
			continue;
		length += (size_t)snprintf(owner + length, size - length, "%s%s=%s",
			length > 0 ? " " : "", field_names[field],
			value[0] != '\0' ? value : "*");
	}
}

static int64_t allowed(const struct limit_view *view)
{
	return view->limit->kind == LIMIT_RATE ? view->capacity.burst
					       : view->capacity.amount;
}

void limit_view_set(struct limit_view *view, const struct demand_limit *limit,
	const struct limit_fact *fact, const struct field_values *values)
{
	*view = (struct limit_view){
		.limit = limit->limit,
		.capacity = limit->capacity,
		.known = fact != NULL,
	};
	find_owner(view->limit, values, view->owner, sizeof(view->owner));
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
