#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/usage.h"
#include "store/backend.h"

/*
 * The store in memory: for tests, and for one daemon without Redis.  Arrays
 * that are searched from end to end behind one mutex: small sizes only.
 * Inside store/ only; the functions below want the mutex held.
 */
enum { MEMORY_EVENTS_MAX = 10000 };

/* The state of one limit for one key; only what fits its kind and count is used. */
struct limit_state {
	char *key;
	struct rate_usage rate;
	struct quota_usage quota;
	struct distinct_usage distinct;
};

struct hour {
	int64_t start_us;
	struct counters counters;
};

/* Known by its record, or because it has sent (then the record's version is 0). */
struct memory_account {
	struct account record;
	struct hour *hours;
	size_t hour_count;
};

struct memory {
	struct store store;
	pthread_mutex_t mutex;
	struct limit_state *limits;
	size_t limit_count;
	struct memory_account *accounts;
	size_t account_count;
	struct suppression *suppressions;
	size_t suppression_count;
	struct verified *verified;
	size_t verified_count;
	struct event *events; /* a ring once it has MEMORY_EVENTS_MAX */
	size_t event_count;
	size_t first_event;
	int64_t last_event; /* its number: microseconds, made to grow */
};

static inline struct memory *memory_lock(struct store *store)
{
	struct memory *memory = (struct memory *)store;

	pthread_mutex_lock(&memory->mutex);
	return memory;
}

static inline void memory_unlock(struct memory *memory)
{
	pthread_mutex_unlock(&memory->mutex);
}

/* A copy for a visitor, which may ask the store again: it is visited without the mutex.
 */
void *memory_snapshot(const void *array, size_t count, size_t size);

/* store/memory.c */
struct memory_account *memory_account_find(const struct memory *memory, const char *name);
struct memory_account *memory_account_make(struct memory *memory, const char *name);
/* The record of NAME; version 0 where there is none. */
void memory_copy_record(
	const struct memory *memory, const char *name, struct account *record);
/* EVENT may be NULL: none. */
void memory_add_event(struct memory *memory, const struct event *event, int64_t now_us);
void limit_state_clear(struct limit_state *state);

/* store/memory_list.c */
/* The strongest reason that is on the list for DIGEST, for everyone or for ACCOUNT. */
enum reason memory_suppressed(const struct memory *memory, const char *digest,
	const char *account, int64_t now_us);
bool memory_verified(const struct memory *memory, const char *digest);
bool memory_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error);
bool memory_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error);
bool memory_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error);
bool memory_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error);
bool memory_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error);
bool memory_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error);
bool memory_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error);

/* store/memory_message.c */
void memory_charge(struct store *store, const struct demand *demand, struct facts *facts);
bool memory_finish(
	struct store *store, const struct closing *closing, struct error *error);
