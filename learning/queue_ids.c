#include "learning/queue_ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct known {
	char id[QUEUE_ID_SIZE];
	struct queued queued;
};

struct queue_ids {
	struct known *items; /* sorted by id, each once, after looking up */
	size_t count, room;
};

struct queue_ids *queue_ids_new(void)
{
	return xcalloc(1, sizeof(struct queue_ids));
}

void queue_ids_free(struct queue_ids *ids)
{
	if (ids == NULL)
		return;
	free(ids->items);
	free(ids);
}

void queue_ids_add(struct queue_ids *ids, struct span id)
{
	if (id.size == 0 || id.size >= QUEUE_ID_SIZE)
		return;
	if (ids->count == ids->room) {
		ids->room = ids->room == 0 ? 64 : 2 * ids->room;
		ids->items = xreallocarray(ids->items, ids->room, sizeof(*ids->items));
	}
	ids->items[ids->count] = (struct known){ .id = "" };
	memcpy(ids->items[ids->count++].id, id.text, id.size);
}

static int by_id(const void *a, const void *b)
{
	const struct known *left = a, *right = b;

	return strcmp(left->id, right->id);
}

static void sort(struct queue_ids *ids)
{
	size_t kept = 0;

	if (ids->count == 0)
		return;
	qsort(ids->items, ids->count, sizeof(*ids->items), by_id);
	for (size_t i = 1; i < ids->count; i++)
		if (strcmp(ids->items[kept].id, ids->items[i].id) != 0)
			ids->items[++kept] = ids->items[i];
	ids->count = kept + 1;
}

bool queue_ids_look_up(
	struct queue_ids *ids, struct store *store, const char *node, struct error *error)
{
	const char **names;
	struct queued *found;
	bool ok;

	sort(ids);
	names = xcalloc(ids->count, sizeof(*names));
	found = xcalloc(ids->count, sizeof(*found));
	for (size_t i = 0; i < ids->count; i++)
		names[i] = ids->items[i].id;
	ok = ids->count == 0 ||
	     store_find_queued(store, node, names, ids->count, found, error);
	for (size_t i = 0; ok && i < ids->count; i++)
		ids->items[i].queued = found[i];
	free(names);
	free(found);
	return ok;
}

static struct known *search(const struct queue_ids *ids, struct span id)
{
	struct known sought = { .id = "" };

	if (id.size == 0 || id.size >= QUEUE_ID_SIZE || ids->count == 0)
		return NULL;
	memcpy(sought.id, id.text, id.size);
	return bsearch(&sought, ids->items, ids->count, sizeof(*ids->items), by_id);
}

const struct queued *queue_ids_find(const struct queue_ids *ids, struct span id)
{
	const struct known *known = search(ids, id);

	return known != NULL && known->queued.account[0] != '\0' ? &known->queued : NULL;
}

void queue_ids_set(struct queue_ids *ids, struct span id, const struct queued *queued)
{
	struct known *known = search(ids, id);

	if (known != NULL)
		known->queued = *queued;
}
