#include "setup/milters.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "setup/list.h"

void milters_read(struct milter_list *list, const char *value,
	const struct postfix *postfix, const struct setup_okite *okite)
{
	const char *next = value;
	struct list_item item;

	*list = (struct milter_list){ NULL, 0 };
	while (list_next(&next, &item)) {
		struct milter milter = { .start = (size_t)(item.start - value),
			.length = item.length,
			.text = list_item_text(&item) };

		milter_classify(&milter, postfix, okite);
		list->items =
			xreallocarray(list->items, list->count + 1, sizeof(*list->items));
		list->items[list->count++] = milter;
	}
}

void milters_clear(struct milter_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].text);
		free(list->items[i].called);
		free(list->items[i].action);
	}
	free(list->items);
	*list = (struct milter_list){ NULL, 0 };
}

const struct milter *milters_first(const struct milter_list *list, enum milter_kind kind)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == kind)
			return &list->items[i];
	return NULL;
}

bool milters_have_others(const struct milter_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].has_others)
			return true;
	return false;
}

/* Where okite stands, or belongs: an index of LIST, or its count for its end. */
static size_t place_in(const struct milter_list *list, bool *is_there)
{
	const struct milter *found = milters_first(list, MILTER_OKITE);

	if (found == NULL)
		found = milters_first(list, MILTER_OLD_OKITE);
	*is_there = found != NULL;
	if (found == NULL)
		found = milters_first(list, MILTER_SIGNS);
	return found != NULL ? (size_t)(found - list->items) : list->count;
}

void milters_place(const struct milter_list *list, struct milter_place *place)
{
	bool is_there;
	size_t here = place_in(list, &is_there);

	*place = (struct milter_place){ NULL, NULL, NULL };
	for (size_t i = 0; i < list->count; i++) {
		const struct milter *milter = &list->items[i];

		if (milter->kind == MILTER_REFUSES && i < here)
			place->behind = milter;
		else if (milter->kind == MILTER_REFUSES && place->too_late == NULL)
			place->too_late = milter;
		else if (milter->kind == MILTER_SIGNS && i >= here &&
			 place->before == NULL)
			place->before = milter;
	}
}

/* How much of VALUE is left without separators at its end. */
static size_t trimmed(const char *value)
{
	size_t length = strlen(value);

	while (length > 0 && strchr(" \t\r\n,", value[length - 1]) != NULL)
		length--;
	return length;
}

char *milters_with(const struct milter_list *list, const char *value, const char *entry)
{
	bool is_there;
	size_t here = place_in(list, &is_there);
	const struct milter *at = here < list->count ? &list->items[here] : NULL;

	if (at == NULL)
		return list->count == 0
			       ? xstrdup(entry)
			       : xasprintf("%.*s, %s", (int)trimmed(value), value, entry);
	if (is_there)
		return xasprintf("%.*s%s%s", (int)at->start, value, entry,
			value + at->start + at->length);
	return xasprintf("%.*s%s, %s", (int)at->start, value, entry, value + at->start);
}

static const char blanks[] = " \t\r\n";

/* ITEM of `{ ADDRESS, ITEM }` is `name=value` or `{ name = value }`. */
static char *pack_option(const char *item)
{
	char *packed = xstrdup(item), *to = packed;

	if (item[0] == '{')
		for (; *item != '\0'; item++)
			if (strchr(blanks, *item) == NULL ||
				(to > packed && strchr("{=", to[-1]) == NULL &&
					strchr("}=", item[strspn(item, blanks)]) == NULL))
				*to++ = *item;
	if (to > packed)
		*to = '\0';
	return packed;
}

/* An item of a list without blanks; NULL: it cannot be without. */
static char *pack_item(const char *item)
{
	char *inside = milter_braces(item), *packed, *longer;
	const char *next = inside;
	struct list_item each;

	if (inside ==
		NULL) /* in a condition, ${stress?{a b}:{c}}, a blank has a meaning */
		return strpbrk(item, blanks) == NULL ? xstrdup(item) : NULL;
	packed = xstrdup("{");
	while (list_next(&next, &each)) {
		char *text = list_item_text(&each), *option = pack_option(text);

		longer =
			xasprintf("%s%s%s", packed, packed[1] != '\0' ? "," : "", option);
		free(packed);
		free(text);
		free(option);
		packed = longer;
	}
	longer = xasprintf("%s}", packed);
	free(packed);
	free(inside);
	if (strpbrk(longer, blanks) == NULL)
		return longer;
	free(longer);
	return NULL;
}

char *milters_pack(const char *value)
{
	char *packed = xstrdup("");
	struct list_item item;

	while (packed != NULL && list_next(&value, &item)) {
		char *text = list_item_text(&item), *thin = pack_item(text),
		     *longer = NULL;

		if (thin != NULL)
			longer = xasprintf(
				"%s%s%s", packed, packed[0] != '\0' ? "," : "", thin);
		free(packed);
		free(text);
		free(thin);
		packed = longer;
	}
	return packed;
}

/* ---- taking it out again ---- */

static void read_names(struct names *names, const char *value)
{
	struct list_item item;

	*names = (struct names){ NULL, 0 };
	while (value != NULL && list_next(&value, &item))
		names_add(names, list_item_text(&item));
}

char *milters_without(const char *current, const char *before, const char *after)
{
	struct names old, ours;
	struct list_item item;
	char *left = xstrdup("");
	bool found = false;

	read_names(&old, before);
	read_names(&ours, after);
	while (list_next(&current, &item)) {
		char *text = list_item_text(&item), *longer;

		if (names_have(&ours, text) && !names_have(&old, text)) {
			found = true;
		} else {
			longer = xasprintf(
				"%s%s%s", left, left[0] != '\0' ? ", " : "", text);
			free(left);
			left = longer;
		}
		free(text);
	}
	names_clear(&old);
	names_clear(&ours);
	if (found)
		return left;
	free(left);
	return NULL;
}
