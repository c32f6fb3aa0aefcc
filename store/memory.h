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
	bool returned; /* one of these has what came back */
};

/* The identity of a lesson that was learned. */
struct memory_learned {
	char identity[DIGEST_TEXT_SIZE];
	int64_t until_us;
	int strength;
};

struct memory_row {
	char digest[DIGEST_TEXT_SIZE];
	char scope[ACCOUNT_SIZE];
	struct row row;
};

/* A queue id: NODE and its own. */
struct memory_queue {
	char node[256];
	char id[QUEUE_ID_SIZE];
};
struct memory_queued {
	struct memory_queue queue;
	struct queued what;
	int64_t until_us;
};
struct memory_deferral {
	struct memory_queue queue;
	int64_t accepted_us; /* of the message that had the queue id then */
	struct deferral what;
};

struct memory_total {
	char name[128];
	int64_t value;
};

struct memory {
	struct store store;
	pthread_mutex_t mutex;
	struct limit_state *limits;
	size_t limit_count;
	struct memory_account *accounts;
	size_t account_count;
	struct memory_learned *learned;
	size_t learned_count;
	struct memory_row *rows;
	size_t row_count;
	struct memory_queued *queued;
	size_t queued_count;
	struct memory_deferral *deferrals;
	size_t deferral_count;
	struct memory_total *totals;
	size_t total_count;
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
/* EVENT may be NULL: none. */
void memory_add_event(struct memory *memory, const struct event *event, int64_t now_us);
void limit_state_clear(struct limit_state *state);

/* store/memory_account.c */
struct memory_account *memory_account_find(const struct memory *memory, const char *name);
struct memory_account *memory_account_make(struct memory *memory, const char *name);
/* The record of NAME; version 0 where there is none. */
void memory_copy_record(
	const struct memory *memory, const char *name, struct account *record);
bool memory_account_is_known(const struct memory_account *account);
/* The counters of the hour in which a message was accepted. */
struct counters *memory_hour(
	struct memory *memory, const char *name, int64_t time_us, int64_t now_us);
void memory_recall(struct store *store, const char *name, struct account *record);
bool memory_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error);
bool memory_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error);
bool memory_counters(struct store *store, const char *name, int64_t from_us,
	struct counters *counters, struct error *error);
bool memory_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error);
bool memory_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error);
bool memory_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error);

/* store/memory_list.c */
/* The strongest reason that is on the list for DIGEST, for everyone or for ACCOUNT. */
enum reason memory_suppressed(const struct memory *memory, const char *digest,
	const char *account, int64_t now_us);
bool memory_verified(const struct memory *memory, const char *digest);
/* What the list has, also where it has ended; NULL for nothing. */
struct suppression *memory_find_entry(
	const struct memory *memory, const char *digest, const char *scope);
enum change memory_merge(
	struct memory *memory, const struct suppression *new, int64_t now_us);
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
bool memory_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error);

/* store/memory_learn.c, store/memory_queued.c, store/memory_total.c */
void memory_keep_queued(struct memory *memory, const char *node, const char *queue_id,
	const struct queued *what, int64_t now_us);
/* One more of the total that is named by both together. */
void memory_count_total(struct memory *memory, const char *head, const char *tail);
bool memory_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error);

bool memory_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error);
bool memory_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error);
bool memory_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *deferral, struct error *error);
bool memory_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error);
bool memory_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error);

bool memory_tally(
	struct store *store, const char *const *names, size_t count, struct error *error);
bool memory_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error);
