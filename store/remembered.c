#include "store/remembered.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/*
 * A table of slots, each with a sequence number: odd while it is written.  A
 * reader copies word by word and takes the copy only when the number was even
 * and the same before and after (a seqlock; H.-J. Boehm, "Can seqlocks get
 * along with programming language memory models?", 2012).
 */
enum {
	SLOTS = 1024,
	WAYS = 4, /* places that one name may have: names that collide do not push each other out */
	WORDS = (sizeof(struct account) + sizeof(uint64_t) - 1) / sizeof(uint64_t),
};

struct slot {
	atomic_uint sequence;
	_Atomic uint64_t words[WORDS];
};

struct remembered {
	pthread_mutex_t writing;
	unsigned turn; /* under the lock */
	struct slot slots[SLOTS];
};

struct remembered *remembered_new(void)
{
	struct remembered *remembered = xcalloc(1, sizeof(*remembered));

	pthread_mutex_init(&remembered->writing, NULL);
	return remembered;
}

void remembered_free(struct remembered *remembered)
{
	if (remembered == NULL)
		return;
	pthread_mutex_destroy(&remembered->writing);
	free(remembered);
}

/* The first of the places of NAME, by FNV-1a: names need only be spread. */
static size_t first_slot(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return hash % (SLOTS / WAYS) * WAYS;
}

/* False when the slot is empty, is being written, or is another's. */
static bool read_slot(const struct slot *slot, const char *name, struct account *record)
{
	uint64_t words[WORDS];
	unsigned before = atomic_load_explicit(&slot->sequence, memory_order_acquire);

	if (before == 0 || before % 2 == 1)
		return false;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
	if (atomic_load_explicit(&slot->sequence, memory_order_relaxed) != before)
		return false;
	memcpy(record, words, sizeof(*record));
	return strcmp(record->name, name) == 0;
}

void remembered_get(
	const struct remembered *remembered, const char *name, struct account *record)
{
	const struct slot *slots = &remembered->slots[first_slot(name)];

	for (size_t i = 0; i < WAYS; i++)
		if (read_slot(&slots[i], name, record))
			return;
	*record = (struct account){ .version = 0 };
	text_copy(record->name, sizeof(record->name), name);
}

static void write_slot(struct slot *slot, const struct account *record)
{
	uint64_t words[WORDS] = { 0 };

	memcpy(words, record, sizeof(*record));
	atomic_fetch_add_explicit(&slot->sequence, 1, memory_order_acquire);
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
	atomic_fetch_add_explicit(&slot->sequence, 1, memory_order_release);
}

void remembered_put(struct remembered *remembered, const struct account *record)
{
	struct slot *slots = &remembered->slots[first_slot(record->name)], *place = NULL;
	struct account old;

	pthread_mutex_lock(&remembered->writing);
	for (size_t i = 0; i < WAYS && place == NULL; i++)
		if (read_slot(&slots[i], record->name, &old) || slots[i].sequence == 0)
			place = &slots[i];
	/* All are others': one of them, in turn, is forgotten. */
	if (place == NULL)
		place = &slots[remembered->turn++ % WAYS];
	write_slot(place, record);
	pthread_mutex_unlock(&remembered->writing);
}
