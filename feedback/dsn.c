#include "feedback/dsn.h"

#include <string.h>

#include "feedback/header.h"

enum dsn_field {
	DSN_ORIGINAL,
	DSN_FINAL,
	DSN_ACTUAL,
	DSN_ACTION,
	DSN_STATUS,
	DSN_REMOTE,
	DSN_DIAGNOSTIC,
	DSN_REPORTER,
	DSN_FIELD_COUNT,
};

static const struct {
	const char *name;
	enum dsn_field field;
} field_names[] = {
	{ "Final-Recipient", DSN_FINAL },
	{ "Original-Recipient", DSN_ORIGINAL },
	{ "X-Actual-Recipient", DSN_ACTUAL },
	{ "Action", DSN_ACTION },
	{ "Status", DSN_STATUS },
	{ "Remote-MTA", DSN_REMOTE },
	{ "Diagnostic-Code", DSN_DIAGNOSTIC },
	{ "Reporting-MTA", DSN_REPORTER },
};

static enum dsn_field field_of(struct span name)
{
	for (size_t i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++)
		if (span_is(name, field_names[i].name))
			return field_names[i].field;
	return DSN_FIELD_COUNT;
}

struct dsn dsn_of(struct span text)
{
	return (struct dsn){ .reporter = { "", 0 }, .text = text };
}

static struct span *place_of(
	struct dsn *dsn, struct dsn_group *group, enum dsn_field field)
{
	struct span *const places[DSN_FIELD_COUNT] = {
		[DSN_ORIGINAL] = &group->original,
		[DSN_FINAL] = &group->final,
		[DSN_ACTUAL] = &group->actual,
		[DSN_ACTION] = &group->action,
		[DSN_STATUS] = &group->status,
		[DSN_REMOTE] = &group->remote,
		[DSN_DIAGNOSTIC] = &group->diagnostic,
		[DSN_REPORTER] = &dsn->reporter,
	};

	return places[field];
}

static bool is_group(const struct dsn_group *group)
{
	bool recipient = group->final.size > 0 || group->original.size > 0 ||
			 group->actual.size > 0;

	return (recipient &&
		       (group->action.size > 0 || group->status.size > 0 ||
			       group->diagnostic.size > 0 || group->final.size > 0)) ||
	       (group->action.size > 0 && group->status.size > 0);
}

/* Does the field begin another recipient, where no empty line said so? */
static bool begins_another(const struct dsn_group *group, enum dsn_field field)
{
	if (field == DSN_FINAL)
		return group->final.size > 0;
	if (field == DSN_ORIGINAL)
		return group->original.size > 0 && group->final.size > 0;
	return false;
}

bool dsn_next(struct dsn *dsn, struct dsn_group *group)
{
	struct header_field field;
	struct span before;

	*group = (struct dsn_group){ { "", 0 }, { "", 0 }, { "", 0 }, { "", 0 },
		{ "", 0 }, { "", 0 }, { "", 0 } };
	for (;;) {
		enum dsn_field which;
		struct span *place;

		before = dsn->text;
		if (!field_next(&dsn->text, &field))
			return is_group(group);
		if (field.name.size == 0) {
			/* In prose, and in what is sent as one field a paragraph, groups go on. */
			if (is_group(group) &&
				group->status.size + group->action.size > 0)
				return true;
			continue;
		}
		which = field_of(field.name);
		if (which == DSN_FIELD_COUNT)
			continue;
		if (begins_another(group, which) && is_group(group)) {
			dsn->text = before;
			return true;
		}
		field.value = span_trim(field.value);
		place = place_of(dsn, group, which);
		/* Of two diagnoses the one that says more. */
		if (place->size == 0 ||
			(which == DSN_DIAGNOSTIC && field.value.size > place->size))
			*place = field.value;
	}
}
