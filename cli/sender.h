#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/*
 * Entries on their way to the store, in their order, by a thread of its own:
 * while one batch is asked, the next is being read.
 */
struct sender;

/* What became of those that the store has answered for. */
struct sent {
	int64_t added, changed, unchanged;
};

struct sender *sender_new(struct store *store);
/* Room for the next entry; it counts once sender_add() is called.  NULL when the store failed. */
struct suppression *sender_room(struct sender *sender);
void sender_add(struct sender *sender);
/* Wait until all is sent, and free it.  False, with ERROR set, when the store failed. */
bool sender_finish(struct sender *sender, struct sent *sent, struct error *error);
