#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "feedback/span.h"
#include "store/store.h"

/*
 * The queue ids that some lines of a log name, asked of the store at once.
 * Add them all, look them up, then find; what is too long for an id, or empty,
 * is left out.
 */
struct queue_ids;

struct queue_ids *queue_ids_new(void);
void queue_ids_free(struct queue_ids *ids);
void queue_ids_add(struct queue_ids *ids, struct span id);
bool queue_ids_look_up(struct queue_ids *ids, struct store *store, const char *node,
	struct error *error);

/* NULL where the store does not know whose message it is. */
const struct queued *queue_ids_find(const struct queue_ids *ids, struct span id);
/* Of an id that was added. */
void queue_ids_set(struct queue_ids *ids, struct span id, const struct queued *queued);
