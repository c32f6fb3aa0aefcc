#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/memory.h"

/* The two lists of recipients: suppressed, and verified for sandbox accounts. */

static bool has_ended(const struct suppression *entry, int64_t now_us)
{
	return entry->until_us != 0 && entry->until_us <= now_us;
}

struct suppression *memory_find_entry(
	const struct memory *memory, const char *digest, const char *scope)
{
	for (size_t i = 0; i < memory->suppression_count; i++) {
		struct suppression *entry = &memory->suppressions[i];

		if (strcmp(entry->digest, digest) == 0 &&
			strcmp(entry->scope, scope) == 0)
			return entry;
	}
	return NULL;
}

enum reason memory_suppressed(const struct memory *memory, const char *digest,
	const char *account, int64_t now_us)
{
	const char *const scopes[] = { SCOPE_EVERYONE, account };
	enum reason strongest = REASON_NONE;

	for (size_t i = 0; i < 2; i++) {
		const struct suppression *entry =
			memory_find_entry(memory, digest, scopes[i]);

		if (entry != NULL && !has_ended(entry, now_us) &&
			entry->reason > strongest)
			strongest = entry->reason;
	}
	return strongest;
}

enum change memory_merge(
	struct memory *memory, const struct suppression *new, int64_t now_us)
{
	struct suppression *old = memory_find_entry(memory, new->digest, new->scope);

	if (old != NULL && !has_ended(old, now_us))
		return suppression_merge(old, new) ? CHANGE_CHANGED : CHANGE_UNCHANGED;
	if (old == NULL) {
		memory->suppressions = xreallocarray(memory->suppressions,
			memory->suppression_count + 1, sizeof(*memory->suppressions));
		old = &memory->suppressions[memory->suppression_count++];
	}
	*old = *new;
	memory_count_total(memory, "suppressed:", reason_names[new->reason]);
	return CHANGE_ADDED;
}

bool memory_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error)
{
	struct memory *memory = memory_lock(store);
	int64_t now_us = clock_now_us();

	(void)error;
	for (size_t i = 0; i < count; i++) {
		changes[i] = memory_merge(memory, &entries[i], now_us);
		if (changes[i] != CHANGE_UNCHANGED)
			memory_add_event(memory, event, now_us);
	}
	memory_unlock(memory);
	return true;
}

bool memory_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error)
{
	struct memory *memory = memory_lock(store);
	struct suppression *entry = memory_find_entry(memory, digest, scope);
	int64_t now_us = clock_now_us();

	(void)error;
	*found = entry != NULL && !has_ended(entry, now_us);
	if (*found)
		memory_add_event(memory, event, now_us);
	if (entry != NULL)
		*entry = memory->suppressions[--memory->suppression_count];
	memory_unlock(memory);
	return true;
}

/* DIGEST NULL: all. */
static bool visit_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->suppression_count;
	int64_t now_us = clock_now_us();
	struct suppression *entries =
		memory_snapshot(memory->suppressions, count, sizeof(*entries));

	memory_unlock(memory);
	for (size_t i = 0; i < count; i++) {
		if (has_ended(&entries[i], now_us) ||
			(digest != NULL && strcmp(entries[i].digest, digest) != 0 &&
				strcmp(entries[i].digest, domain_digest) != 0))
			continue;
		if (!visit(&entries[i], context))
			break;
	}
	free(entries);
	return true;
}

bool memory_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error)
{
	(void)error;
	return visit_suppressions(store, digest, domain_digest, visit, context);
}

bool memory_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error)
{
	(void)error;
	return visit_suppressions(store, NULL, NULL, visit, context);
}

static struct verified *find_verified(const struct memory *memory, const char *digest)
{
	for (size_t i = 0; i < memory->verified_count; i++) {
		if (strcmp(memory->verified[i].digest, digest) == 0)
			return &memory->verified[i];
	}
	return NULL;
}

bool memory_verified(const struct memory *memory, const char *digest)
{
	return find_verified(memory, digest) != NULL;
}

bool memory_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error)
{
	struct memory *memory = memory_lock(store);
	struct verified *old = find_verified(memory, entry->digest);

	(void)error;
	*changed = old == NULL;
	if (old == NULL) {
		memory->verified = xreallocarray(memory->verified,
			memory->verified_count + 1, sizeof(*memory->verified));
		memory->verified[memory->verified_count++] = *entry;
	} else {
		text_copy(old->address, sizeof(old->address), entry->address);
	}
	memory_unlock(memory);
	return true;
}

bool memory_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error)
{
	struct memory *memory = memory_lock(store);
	struct verified *entry = find_verified(memory, digest);

	(void)error;
	*changed = entry != NULL;
	if (*changed)
		*entry = memory->verified[--memory->verified_count];
	memory_unlock(memory);
	return true;
}

bool memory_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->verified_count;
	struct verified *entries =
		memory_snapshot(memory->verified, count, sizeof(*entries));

	(void)error;
	memory_unlock(memory);
	for (size_t i = 0; i < count && visit(&entries[i], context); i++)
		continue;
	free(entries);
	return true;
}
