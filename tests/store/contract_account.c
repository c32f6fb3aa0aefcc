#include "tests/store/contract.h"

#include <string.h>

#include "base/text.h"

/* Accounts and their counters, events, health. */

static bool collect_name(const char *name, void *context)
{
	strcat(context, name);
	strcat(context, " ");
	return true;
}

void test_finish_counts_what_was_sent(void **state)
{
	static const struct event event = { .kind = EVENT_REMOVED, .account = "shop" };
	const struct closing closing = { .account = "shop",
		.node = "node",
		.queue_id = "4bXk2P1Zyz",
		.accepted = 7,
		.events = &event,
		.event_count = 1 };
	struct counters counters;
	char names[200] = "";

	assert_true(store_finish(*state, &closing, NULL, NULL));
	assert_true(store_finish(*state, &closing, NULL, NULL));
	assert_true(
		store_counters(*state, "shop", clock_now_us() - DAY_US, &counters, NULL));
	assert_int_equal(counters.accepted, 14);
	assert_int_equal(
		counters.hard + counters.soft + counters.policy + counters.complaint, 0);
	assert_true(
		store_counters(*state, "shop", clock_now_us() + DAY_US, &counters, NULL));
	assert_int_equal(counters.accepted, 0);
	assert_true(store_counters(*state, "nobody", 0, &counters, NULL));
	assert_int_equal(counters.accepted, 0);
	assert_true(store_each_account(*state, collect_name, names, NULL));
	assert_string_equal(names, "shop ");
}

void test_account_record(void **state)
{
	struct account record, again;
	struct asking asking = { .limits = 1u << DAY };
	bool found, replaced;

	assert_true(store_account(*state, "shop", &record, &found, NULL));
	assert_false(found);
	assert_string_equal(record.name, "shop");
	assert_int_equal(record.version, 0);
	store_recall(*state, "shop", &again);
	assert_int_equal(again.version, 0);
	assert_string_equal(again.name, "shop");

	text_copy(record.plan, sizeof(record.plan), "sandbox");
	text_copy(record.note, sizeof(record.note), "two\nlines \"quoted\"");
	record.plan_until_us = NOW + 1;
	record.standing = STANDING_PAUSED;
	record.since_us = NOW;
	record.restarted_us = NOW - 1;
	record.paused_by_hand = true;
	record.pause_rejects = true;
	record.override_count = 2;
	record.overrides[0] = (struct override){ "day", "100/24h", NOW + 5 };
	record.overrides[1] = (struct override){ "pace", "none", 0 };
	assert_true(store_replace_account(*state, &record, NULL, &replaced, NULL));
	assert_true(replaced);
	assert_true(record.version > NOW);

	assert_true(store_account(*state, "shop", &again, &found, NULL));
	assert_true(found);
	assert_int_equal(again.version, record.version);
	assert_string_equal(again.name, "shop");
	assert_string_equal(again.plan, "sandbox");
	assert_string_equal(again.note, record.note);
	assert_int_equal(again.plan_until_us, NOW + 1);
	assert_int_equal(again.standing, STANDING_PAUSED);
	assert_int_equal(again.since_us, NOW);
	assert_int_equal(again.restarted_us, NOW - 1);
	assert_true(again.paused_by_hand);
	assert_true(again.pause_rejects);
	assert_int_equal(again.override_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(again.overrides[i].limit, record.overrides[i].limit);
		assert_string_equal(again.overrides[i].value, record.overrides[i].value);
		assert_int_equal(
			again.overrides[i].until_us, record.overrides[i].until_us);
	}

	/* A demand made from no record is stale now, and charges nothing. */
	ask(*state, &asking);
	assert_int_equal(asking.facts.status, FACTS_STALE);
	assert_int_equal(asking.facts.account.version, record.version);
	assert_string_equal(asking.facts.account.plan, "sandbox");
	assert_string_equal(asking.facts.account.name, "shop");
	assert_false(asking.facts.charged);
	done(&asking);
	store_recall(*state, "shop", &again);
	assert_int_equal(again.version, record.version);
	assert_int_equal(used_then(*state, DAY, ASKING(.version = record.version)), 0);
	assert_true(
		charges(*state, ASKING(.limits = 1u << DAY, .version = record.version)));
}

void test_account_without_record_is_stale_too(void **state)
{
	struct asking asking = { .version = 17, .account = "gone" };

	ask(*state, &asking);
	assert_int_equal(asking.facts.status, FACTS_STALE);
	assert_int_equal(asking.facts.account.version, 0);
	assert_string_equal(asking.facts.account.name, "gone");
	done(&asking);
}

void test_account_is_replaced_once(void **state)
{
	struct account mine = { .name = "shop" }, theirs = mine;
	bool replaced;
	int64_t version;
	char names[200] = "";

	assert_true(store_replace_account(*state, &mine, NULL, &replaced, NULL));
	assert_true(replaced);
	text_copy(theirs.note, sizeof(theirs.note), "lost");
	assert_true(store_replace_account(*state, &theirs, NULL, &replaced, NULL));
	assert_false(replaced);
	version = mine.version;
	assert_true(store_replace_account(*state, &mine, NULL, &replaced, NULL));
	assert_true(replaced);
	assert_true(mine.version > version);
	assert_true(store_account(*state, "shop", &mine, &replaced, NULL));
	assert_string_equal(mine.note, "");
	assert_true(store_each_account(*state, collect_name, names, NULL));
	assert_string_equal(names, "shop ");
}

void test_reset_limits(void **state)
{
	int64_t count;

	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS)));
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS, .account = "shop2")));
	assert_true(store_reset_limits(*state, "shop", "da", &count, NULL));
	assert_int_equal(count, 0);
	assert_true(store_reset_limits(*state, "shop", "day", &count, NULL));
	assert_int_equal(count, 1);
	assert_int_equal(used(*state, DAY), 0);
	assert_int_equal(used(*state, MAILS), 1);
	assert_true(store_reset_limits(*state, "shop", NULL, &count, NULL));
	assert_int_equal(count, 3);
	assert_int_equal(used(*state, MAILS), 0);
	assert_int_equal(used_then(*state, DAY, ASKING(.account = "shop2")), 1);
}

struct seen_keys {
	char text[400];
	size_t count, most;
};

static bool see_key(const char *key, void *context)
{
	struct seen_keys *seen = context;

	strcat(seen->text, key);
	strcat(seen->text, " ");
	return ++seen->count < seen->most;
}

static size_t count_keys(
	struct store *store, const char *account, const char *limit_name, size_t most)
{
	struct seen_keys seen = { .most = most };

	assert_true(
		store_each_limit_key(store, account, limit_name, see_key, &seen, NULL));
	return seen.count;
}

void test_each_limit_key(void **state)
{
	struct seen_keys day = { .most = 100 };

	assert_int_equal(count_keys(*state, "shop", NULL, 100), 0);
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS)));
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS, .account = "shop2")));
	assert_true(charges(*state, ASKING(.limits = 1u << DAY, .account = "s*")));
	/* A look leaves nothing behind. */
	assert_int_equal(used_then(*state, DAY, ASKING(.account = "other")), 0);
	assert_int_equal(count_keys(*state, "other", NULL, 100), 0);

	assert_int_equal(count_keys(*state, "shop", NULL, 100), LIMITS);
	assert_int_equal(count_keys(*state, "shop", NULL, 2), 2);
	assert_int_equal(count_keys(*state, "shop", "da", 100), 0);
	/* A * in a name is no wildcard. */
	assert_int_equal(count_keys(*state, "s*", NULL, 100), 1);
	assert_true(store_each_limit_key(*state, "shop", "day", see_key, &day, NULL));
	assert_string_equal(day.text, "{a:shop}:l:day:q24h ");
}

/* ---- events ---- */

struct seen_events {
	struct event last;
	size_t count, most;
	bool in_order;
};

static bool see_event(const struct event *event, void *context)
{
	struct seen_events *seen = context;

	/* The test records them with growing times. */
	seen->in_order = seen->in_order && event->time_us > seen->last.time_us &&
			 strcmp(event->id, seen->last.id) != 0;
	seen->last = *event;
	return ++seen->count < seen->most;
}

void test_events(void **state)
{
	struct event events[3] = { 0 };
	struct seen_events seen = { .most = 2, .in_order = true };
	char after[EVENT_ID_SIZE];

	for (int i = 0; i < 3; i++) {
		events[i].kind = EVENT_REFUSED;
		events[i].time_us = NOW + i;
	}
	events[2] = (struct event){ .kind = EVENT_RESTORED,
		.time_us = NOW + 2,
		.account = "shop",
		.recipient = "a@x.example",
		.sender = "s@x.example",
		.rule = "day",
		.verdict = "tempfail",
		.reply = "451 4.7.1 \"later\"\r\n",
		.queue_id = "4bXk2P1Zyz",
		.detail = "used=8/8" };
	assert_true(store_each_event(*state, NULL, see_event, &seen, NULL));
	assert_int_equal(seen.count, 0);
	assert_true(store_record(*state, events, 3, NULL));
	assert_true(store_each_event(*state, NULL, see_event, &seen, NULL));
	assert_int_equal(seen.count, 2);
	text_copy(after, sizeof(after), seen.last.id);
	seen.most = 100;
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 3);
	assert_true(seen.in_order);
	assert_int_equal(seen.last.kind, EVENT_RESTORED);
	assert_string_equal(seen.last.account, "shop");
	assert_string_equal(seen.last.recipient, "a@x.example");
	assert_string_equal(seen.last.sender, "s@x.example");
	assert_string_equal(seen.last.rule, "day");
	assert_string_equal(seen.last.verdict, "tempfail");
	assert_string_equal(seen.last.reply, events[2].reply);
	assert_string_equal(seen.last.queue_id, "4bXk2P1Zyz");
	assert_string_equal(seen.last.detail, "used=8/8");
	text_copy(after, sizeof(after), seen.last.id);
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 3);

	events[0].time_us = 0;
	assert_true(store_record(*state, events, 1, NULL));
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 4);
	assert_in_range(seen.last.time_us, clock_now_us() - 60 * SECOND_US,
		clock_now_us() + SECOND_US);
}

static bool count_event(const struct event *event, void *context)
{
	(void)event;
	++*(int *)context;
	return true;
}

static int count_events(struct store *store)
{
	int count = 0;

	assert_true(store_each_event(store, NULL, count_event, &count, NULL));
	return count;
}

/* Neither is without the other, and what changes nothing is no event. */
void test_events_come_with_their_change(void **state)
{
	static const struct event event = { .kind = EVENT_SUPPRESSED, .account = "shop" };
	struct suppression entry = { .reason = REASON_HARD,
		.digest = "0123456789abcdef0123456789abcdef",
		.scope = SCOPE_EVERYONE };
	struct account record = { .name = "shop", .note = "new" }, old = record;
	struct seen_events seen = { .most = 1, .in_order = true };
	enum change change;
	bool done;

	assert_true(store_suppress(*state, &entry, 1, &event, &change, NULL));
	assert_int_equal(change, CHANGE_ADDED);
	assert_int_equal(count_events(*state), 1);
	assert_true(store_suppress(*state, &entry, 1, &event, &change, NULL));
	assert_int_equal(change, CHANGE_UNCHANGED);
	assert_int_equal(count_events(*state), 1);
	entry.reason = REASON_COMPLAINT;
	assert_true(store_suppress(*state, &entry, 1, &event, &change, NULL));
	assert_int_equal(change, CHANGE_CHANGED);
	assert_int_equal(count_events(*state), 2);
	assert_true(store_suppress(*state, &entry, 1, NULL, &change, NULL));

	assert_true(store_unsuppress(
		*state, entry.digest, SCOPE_EVERYONE, &event, &done, NULL));
	assert_true(done);
	assert_int_equal(count_events(*state), 3);
	assert_true(store_unsuppress(
		*state, entry.digest, SCOPE_EVERYONE, &event, &done, NULL));
	assert_false(done);
	assert_int_equal(count_events(*state), 3);

	assert_true(store_replace_account(*state, &record, &event, &done, NULL));
	assert_true(done);
	assert_int_equal(count_events(*state), 4);
	assert_true(store_replace_account(*state, &old, &event, &done, NULL));
	assert_false(done);
	assert_int_equal(count_events(*state), 4);
	assert_true(store_account(*state, "shop", &record, &done, NULL));
	assert_string_equal(record.note, "new");

	assert_true(store_each_event(*state, NULL, see_event, &seen, NULL));
	assert_int_equal(seen.last.kind, EVENT_SUPPRESSED);
	assert_string_equal(seen.last.account, "shop");
	assert_in_range(seen.last.time_us, clock_now_us() - 60 * SECOND_US,
		clock_now_us() + SECOND_US);
}

static void count_finding(int level, const char *where, const char *text, void *context)
{
	assert_in_range(level, 0, 2);
	assert_true(where[0] != '\0' && text[0] != '\0');
	++*(int *)context;
}

void test_check(void **state)
{
	int findings = 0;

	store_check(*state, count_finding, &findings);
	assert_true(findings > 0);
}
