#include "tests/store/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* The lists of recipients: suppressed, and verified. */

/* ---- suppressions ---- */

static struct suppression entry_for(
	const char *recipient, const char *scope, enum reason reason)
{
	struct suppression entry = { .reason = reason, .since_us = NOW };
	struct recipient known;

	if (recipient[0] == '@') {
		text_copy(entry.address, sizeof(entry.address), recipient);
		digest_of(contract_secret, recipient, entry.digest);
	} else {
		name_recipient(&known, recipient);
		text_copy(entry.address, sizeof(entry.address), known.address.text);
		text_copy(entry.digest, sizeof(entry.digest), known.digest);
	}
	text_copy(entry.scope, sizeof(entry.scope), scope);
	text_copy(entry.source, sizeof(entry.source), "command");
	return entry;
}

static enum change suppress(struct store *store, struct suppression entry)
{
	enum change change = CHANGE_UNCHANGED;
	struct error error = ERROR_NONE;

	if (!store_suppress(store, &entry, 1, NULL, &change, &error))
		fail_msg("%s", error.text);
	return change;
}

void test_suppressed_is_left_out(void **state)
{
	struct asking asking = { .limits = 1u << DAY,
		.recipients = { "a@x.example", "b@x.example" } };

	suppress(*state, entry_for("b@x.example", SCOPE_EVERYONE, REASON_HARD));
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_NONE);
	assert_int_equal(asking.facts.recipients[1].suppressed, REASON_HARD);
	assert_false(asking.facts.recipients[1].by_domain);
	assert_int_equal(asking.limit[DAY].wanted, 1);
	done(&asking);

	asking = ASKING(.limits = 1u << DAY, .recipients = { "b@x.example" });
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_int_equal(asking.limit[DAY].wanted, 0);
	assert_int_equal(asking.limit[DAY].used, 1);
	done(&asking);
	asking = ASKING(.limits = 1u << DAY, .recipients = { "b@x.example" },
		.suppressed_count = true);
	assert_true(charges(*state, asking));
	assert_int_equal(used(*state, DAY), 2);
}

void test_the_strongest_reason(void **state)
{
	static const struct {
		const char *name, *entry, *scope;
		enum reason reason, want;
		bool by_domain;
	} steps[] = {
		{ "another account's", "a@x.example", "other", REASON_COMPLAINT,
			REASON_NONE, false },
		{ "another domain", "@y.example", "*", REASON_COMPLAINT, REASON_NONE,
			false },
		{ "domain", "@x.example", "*", REASON_SOFT, REASON_SOFT, true },
		{ "equal", "a@x.example", "shop", REASON_SOFT, REASON_SOFT, false },
		{ "stronger", "@x.example", "shop", REASON_HARD, REASON_HARD, true },
		{ "weaker", "a@x.example", "*", REASON_MANUAL, REASON_HARD, true },
		{ "strongest", "a@x.example", "shop", REASON_COMPLAINT, REASON_COMPLAINT,
			false },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct asking asking = { .limits = 0 };

		suppress(*state,
			entry_for(steps[i].entry, steps[i].scope, steps[i].reason));
		ask(*state, &asking);
		CASE_EQUAL_INT(steps[i].name, asking.facts.recipients[0].suppressed,
			steps[i].want);
		CASE_EQUAL_INT(steps[i].name, asking.facts.recipients[0].by_domain,
			steps[i].by_domain);
		done(&asking);
	}
}

void test_suppressions_end(void **state)
{
	struct suppression entry = entry_for("a@x.example", SCOPE_EVERYONE, REASON_SOFT);
	struct asking asking = { .real_clock = true };
	bool found;

	entry.until_us = clock_now_us() - HOUR_US;
	suppress(*state, entry);
	ask(*state, &asking);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_NONE);
	done(&asking);
	assert_true(
		store_unsuppress(*state, entry.digest, entry.scope, NULL, &found, NULL));
	assert_false(found);

	entry.until_us = clock_now_us() + HOUR_US;
	assert_int_equal(suppress(*state, entry), CHANGE_ADDED);
	asking = ASKING(.real_clock = true);
	ask(*state, &asking);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_SOFT);
	done(&asking);
}

struct found_entries {
	size_t count, most;
	struct suppression last;
	struct store *ask_again;
};

static bool find_entry(const struct suppression *entry, void *context)
{
	struct found_entries *found = context;
	int64_t nothing;

	found->last = *entry;
	/* A visitor may ask the store. */
	assert_true(store_reset_limits(found->ask_again, "nobody", NULL, &nothing, NULL));
	return ++found->count < found->most;
}

void test_suppressions_merge(void **state)
{
	struct suppression entry = entry_for("a@x.example", "shop", REASON_HARD);
	struct found_entries found = { .most = 100, .ask_again = *state };

	text_copy(entry.note, sizeof(entry.note), "550 5.1.1 \"no\" \\ such\nuser");
	entry.until_us = clock_now_us() + DAY_US;
	assert_int_equal(suppress(*state, entry), CHANGE_ADDED);
	assert_int_equal(suppress(*state, entry), CHANGE_UNCHANGED);
	entry.reason = REASON_SOFT;
	assert_int_equal(suppress(*state, entry), CHANGE_UNCHANGED);
	entry.until_us = 0;
	assert_int_equal(suppress(*state, entry), CHANGE_CHANGED);
	entry.reason = REASON_COMPLAINT;
	entry.until_us = clock_now_us() + DAY_US;
	assert_int_equal(suppress(*state, entry), CHANGE_CHANGED);

	assert_true(store_find_suppressions(
		*state, entry.digest, "", find_entry, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.last.reason, REASON_COMPLAINT);
	assert_int_equal(found.last.until_us, 0);
	assert_int_equal(found.last.since_us, NOW);
	assert_string_equal(found.last.digest, entry.digest);
	assert_string_equal(found.last.address, "a@x.example");
	assert_string_equal(found.last.scope, "shop");
	assert_string_equal(found.last.source, "command");
	assert_string_equal(found.last.note, entry.note);
}

void test_suppressions_of_one_digest(void **state)
{
	const struct suppression everyone =
		entry_for("a@x.example", SCOPE_EVERYONE, REASON_HARD);
	struct found_entries found = { .most = 100, .ask_again = *state };
	bool there;

	suppress(*state, everyone);
	suppress(*state, entry_for("a@x.example", "shop", REASON_SOFT));
	suppress(*state, entry_for("a@x.example", "{w:eird}* [account]?", REASON_SOFT));
	suppress(*state, entry_for("b@x.example", "shop", REASON_SOFT));
	assert_true(store_find_suppressions(
		*state, everyone.digest, "", find_entry, &found, NULL));
	assert_int_equal(found.count, 3);

	assert_true(store_unsuppress(
		*state, everyone.digest, SCOPE_EVERYONE, NULL, &there, NULL));
	assert_true(there);
	assert_true(store_unsuppress(
		*state, everyone.digest, SCOPE_EVERYONE, NULL, &there, NULL));
	assert_false(there);
	assert_true(store_unsuppress(
		*state, everyone.digest, "{w:eird}* [account]?", NULL, &there, NULL));
	assert_true(there);
	found.count = 0;
	assert_true(store_find_suppressions(
		*state, everyone.digest, "", find_entry, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_string_equal(found.last.scope, "shop");
}

void test_suppressions_of_an_address_and_its_domain(void **state)
{
	struct found_entries found = { .most = 100, .ask_again = *state };
	struct suppression address = entry_for("a@x.example", "shop", REASON_HARD);
	struct suppression domain =
		entry_for("b@x.example", SCOPE_EVERYONE, REASON_MANUAL);
	struct suppression other = entry_for("c@x.example", "shop", REASON_SOFT);
	struct recipient recipient;

	name_recipient(&recipient, "a@x.example");
	text_copy(domain.digest, sizeof(domain.digest), recipient.domain_digest);
	/* Of each a digit, which is neither. */
	text_copy(other.digest, sizeof(other.digest), address.digest);
	memcpy(other.digest, domain.digest, sizeof(other.digest) / 2);
	suppress(*state, address);
	suppress(*state, domain);
	suppress(*state, other);
	assert_true(store_find_suppressions(
		*state, address.digest, domain.digest, find_entry, &found, NULL));
	assert_int_equal(found.count, 2);
	found.count = 0;
	assert_true(store_find_suppressions(
		*state, domain.digest, "", find_entry, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.last.reason, REASON_MANUAL);
}

void test_each_suppression(void **state)
{
	enum { MANY = 700 };
	struct suppression *entries = xcalloc(MANY, sizeof(*entries));
	enum change changes[MANY];
	struct found_entries found = { .most = 10 * MANY, .ask_again = *state };
	char address[64];

	for (int i = 0; i < MANY; i++) {
		snprintf(address, sizeof(address), "user%d@x.example", i % (MANY - 1));
		entries[i] = entry_for(address, SCOPE_EVERYONE, REASON_SOFT);
	}
	assert_true(store_suppress(*state, entries, MANY, NULL, changes, NULL));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
			changes[i], i < MANY - 1 ? CHANGE_ADDED : CHANGE_UNCHANGED);
	assert_true(store_each_suppression(*state, find_entry, &found, NULL));
	assert_in_range(found.count, MANY - 1, MANY + 100);
	found.count = 0;
	found.most = 5;
	assert_true(store_each_suppression(*state, find_entry, &found, NULL));
	assert_int_equal(found.count, 5);
	free(entries);
}

/* ---- verified recipients ---- */

static bool collect_address(const struct verified *entry, void *context)
{
	assert_int_equal(entry->since_us, NOW);
	strcat(context, entry->address);
	strcat(context, " ");
	return true;
}

static struct verified verified_for(const char *recipient)
{
	const struct suppression like = entry_for(recipient, "*", REASON_NONE);
	struct verified entry = { .since_us = NOW };

	text_copy(entry.digest, sizeof(entry.digest), like.digest);
	text_copy(entry.address, sizeof(entry.address), like.address);
	return entry;
}

void test_verified(void **state)
{
	const struct verified address = verified_for("a@x.example");
	const struct verified domain = verified_for("@y.example");
	struct asking asking = { .limits = 1u << DAY,
		.verified_wanted = true,
		.recipients = { "a@x.example", "z@y.example" } };
	char seen[200] = "";
	bool changed;

	assert_false(charges(*state, asking));
	assert_true(store_verify(*state, &address, &changed, NULL));
	assert_true(changed);
	assert_true(store_verify(*state, &address, &changed, NULL));
	assert_false(changed);
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_true(asking.facts.recipients[0].verified);
	assert_false(asking.facts.recipients[1].verified);
	done(&asking);
	asking.unverified_count = true;
	assert_true(charges(*state, asking));
	asking.unverified_count = false;
	assert_true(store_verify(*state, &domain, &changed, NULL));
	assert_true(charges(*state, asking));

	assert_true(store_each_verified(*state, collect_address, seen, NULL));
	assert_int_equal(strlen(seen), strlen("a@x.example @y.example "));
	assert_non_null(strstr(seen, "a@x.example "));
	assert_non_null(strstr(seen, "@y.example "));
	assert_true(store_unverify(*state, domain.digest, &changed, NULL));
	assert_true(changed);
	assert_true(store_unverify(*state, domain.digest, &changed, NULL));
	assert_false(changed);
	assert_false(charges(*state, asking));
}
