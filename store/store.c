#include "store/store.h"

#include "store/backend.h"

const char *const event_names[EVENT_KIND_COUNT] = {
	[EVENT_REFUSED] = "refused",
	[EVENT_REMOVED] = "removed",
	[EVENT_BOUNCE] = "bounce",
	[EVENT_COMPLAINT] = "complaint",
	[EVENT_UNSUBSCRIBE] = "unsubscribe",
	[EVENT_DELIVERED] = "delivered",
	[EVENT_SUPPRESSED] = "suppressed",
	[EVENT_UNSUPPRESSED] = "unsuppressed",
	[EVENT_WARNED] = "warned",
	[EVENT_PAUSED] = "paused",
	[EVENT_RESUMED] = "resumed",
	[EVENT_HEALTHY] = "healthy",
	[EVENT_DEGRADED] = "degraded",
	[EVENT_RESTORED] = "restored",
};

void store_close(struct store *store)
{
	if (store != NULL)
		store->backend->close(store);
}

enum store_state store_probe(struct store *store, struct error *error)
{
	return store->backend->probe(store, error);
}

void store_recall(struct store *store, const char *account, struct account *record)
{
	store->backend->recall(store, account, record);
}

int64_t store_clock_us(struct store *store)
{
	return store->backend->clock_us(store);
}

void store_charge(struct store *store, const struct demand *demand, struct facts *facts)
{
	store->backend->charge(store, demand, facts);
}

bool store_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error)
{
	return store->backend->finish(store, closing, returned, error);
}

bool store_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error)
{
	return store->backend->learn(store, lessons, count, learned, error);
}

bool store_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error)
{
	return store->backend->find_queued(store, node, queue_ids, count, found, error);
}

bool store_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error)
{
	if (queued->account[0] == '\0')
		return true;
	return store->backend->note_queued(store, node, queue_id, queued, error);
}

bool store_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *deferral, struct error *error)
{
	if (deferral->recipient[0] == '\0')
		return true;
	return store->backend->defer(store, node, queue_id, deferral, error);
}

bool store_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error)
{
	if (*recipient == '\0')
		return true;
	return store->backend->undefer(store, node, queue_id, recipient, error);
}

bool store_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error)
{
	return store->backend->each_deferral(
		store, node, queue_id, visit, context, error);
}

bool store_tally(
	struct store *store, const char *const *names, size_t count, struct error *error)
{
	return store->backend->tally(store, names, count, error);
}

bool store_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error)
{
	return store->backend->each_total(store, visit, context, error);
}

bool store_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error)
{
	return store->backend->suppress(store, entries, count, event, changes, error);
}

bool store_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error)
{
	return store->backend->unsuppress(store, digest, scope, event, found, error);
}

bool store_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error)
{
	return store->backend->find_suppressions(
		store, digest, domain_digest, visit, context, error);
}

bool store_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error)
{
	return store->backend->each_suppression(store, visit, context, error);
}

bool store_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error)
{
	return store->backend->verify(store, entry, changed, error);
}

bool store_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error)
{
	return store->backend->unverify(store, digest, changed, error);
}

bool store_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error)
{
	return store->backend->each_verified(store, visit, context, error);
}

bool store_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error)
{
	return store->backend->account(store, name, record, found, error);
}

bool store_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error)
{
	return store->backend->replace_account(store, record, event, replaced, error);
}

bool store_counters(struct store *store, const char *account, int64_t from_us,
	struct counters *counters, struct error *error)
{
	return store->backend->counters(store, account, from_us, counters, error);
}

bool store_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error)
{
	return store->backend->each_account(store, visit, context, error);
}

bool store_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error)
{
	return store->backend->reset_limits(store, account, limit_name, count, error);
}

bool store_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error)
{
	return store->backend->each_limit_key(
		store, account, limit_name, visit, context, error);
}

bool store_record(struct store *store, const struct event *events, size_t count,
	struct error *error)
{
	return store->backend->record(store, events, count, error);
}

bool store_each_event(struct store *store, const char *after, event_visitor *visit,
	void *context, struct error *error)
{
	return store->backend->each_event(store, after, visit, context, error);
}

void store_check(struct store *store, health_visitor *visit, void *context)
{
	store->backend->check(store, visit, context);
}
