#pragma once

#include "base/clock.h"
#include "store/store.h"

/* How long a queue id is known: a day longer than Postfix keeps trying (maximal_queue_lifetime). */
#define QUEUED_US (6 * DAY_US)

/*
 * What a kind of store gives: one function for each of store/store.h, with
 * the same meaning.  A backend puts struct store first in its own struct.
 * Inside store/ only.
 */
struct store_backend {
	void (*close)(struct store *store);
	enum store_state (*probe)(struct store *store, struct error *error);

	void (*recall)(struct store *store, const char *account, struct account *record);
	int64_t (*clock_us)(struct store *store);
	void (*charge)(
		struct store *store, const struct demand *demand, struct facts *facts);
	bool (*finish)(struct store *store, const struct closing *closing, bool *returned,
		struct error *error);

	bool (*learn)(struct store *store, const struct lesson *lessons, size_t count,
		struct learned *learned, struct error *error);

	bool (*find_queued)(struct store *store, const char *node,
		const char *const *queue_ids, size_t count, struct queued *found,
		struct error *error);
	bool (*note_queued)(struct store *store, const char *node, const char *queue_id,
		const struct queued *queued, struct error *error);
	bool (*defer)(struct store *store, const char *node, const char *queue_id,
		const struct deferral *deferral, struct error *error);
	bool (*undefer)(struct store *store, const char *node, const char *queue_id,
		const char *recipient, struct error *error);
	bool (*each_deferral)(struct store *store, const char *node, const char *queue_id,
		deferral_visitor *visit, void *context, struct error *error);

	bool (*tally)(struct store *store, const char *const *names, size_t count,
		struct error *error);
	bool (*each_total)(struct store *store, total_visitor *visit, void *context,
		struct error *error);

	bool (*suppress)(struct store *store, const struct suppression *entries,
		size_t count, const struct event *event, enum change *changes,
		struct error *error);
	bool (*unsuppress)(struct store *store, const char *digest, const char *scope,
		const struct event *event, bool *found, struct error *error);
	bool (*find_suppressions)(struct store *store, const char *digest,
		const char *domain_digest, suppression_visitor *visit, void *context,
		struct error *error);
	bool (*each_suppression)(struct store *store, suppression_visitor *visit,
		void *context, struct error *error);

	bool (*verify)(struct store *store, const struct verified *entry, bool *changed,
		struct error *error);
	bool (*unverify)(struct store *store, const char *digest, bool *changed,
		struct error *error);
	bool (*each_verified)(struct store *store, verified_visitor *visit, void *context,
		struct error *error);

	bool (*account)(struct store *store, const char *name, struct account *record,
		bool *found, struct error *error);
	bool (*replace_account)(struct store *store, struct account *record,
		const struct event *event, bool *replaced, struct error *error);
	bool (*counters)(struct store *store, const char *account, int64_t from_us,
		struct counters *counters, struct error *error);
	bool (*each_account)(struct store *store, account_visitor *visit, void *context,
		struct error *error);
	bool (*reset_limits)(struct store *store, const char *account,
		const char *limit_name, int64_t *count, struct error *error);
	bool (*each_limit_key)(struct store *store, const char *account,
		const char *limit_name, limit_key_visitor *visit, void *context,
		struct error *error);

	bool (*record)(struct store *store, const struct event *events, size_t count,
		struct error *error);
	bool (*each_event)(struct store *store, const char *after, event_visitor *visit,
		void *context, struct error *error);

	void (*check)(struct store *store, health_visitor *visit, void *context);
};

struct store {
	const struct store_backend *backend;
};
