#include "tests/store/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Whose message a queue id is, who waits; totals. */

static const struct {
	const char *node, *id, *account;
} messages[] = {
	{ "node", "4bXk2P1Zyz", "shop" },
	{ "node", "A1B2C3D4E5", "two words" },
	{ "node", "4bXk2P1Zyzz", "{odd}* [a]:d 7" },
	{ "other", "4bXk2P1Zyz", "b@x.example" },
	{ "node", "u7NB3kvT012345", " " },
};
enum { MESSAGES = sizeof(messages) / sizeof(*messages) };

static void send_mail(struct store *store, const char *node, const char *id,
	const char *account, int64_t accepted_us)
{
	const struct closing closing = { .account = account,
		.node = node,
		.queue_id = id,
		.accepted = 1,
		.accepted_us = accepted_us };

	assert_true(store_finish(store, &closing, NULL, NULL));
}

static struct queued find(struct store *store, const char *node, const char *id)
{
	struct queued queued = { .accepted_us = -1 };
	struct error error = ERROR_NONE;

	if (!store_find_queued(store, node, &id, 1, &queued, &error))
		fail_msg("%s", error.text);
	return queued;
}

void test_queue_ids(void **state)
{
	const char *const ids[] = { "4bXk2P1Zyz", "unknown", "A1B2C3D4E5", "" };
	struct queued found[4];

	for (size_t i = 0; i < MESSAGES; i++)
		send_mail(*state, messages[i].node, messages[i].id, messages[i].account,
			NOW + (int64_t)i);
	for (size_t i = 0; i < MESSAGES; i++) {
		struct queued queued = find(*state, messages[i].node, messages[i].id);

		CASE_EQUAL_TEXT(messages[i].id, queued.account, messages[i].account);
		CASE_EQUAL_INT(messages[i].id, queued.accepted_us - NOW, i);
	}
	assert_true(store_find_queued(*state, "node", ids, 4, found, NULL));
	assert_string_equal(found[0].account, "shop");
	assert_string_equal(found[1].account, "");
	assert_int_equal(found[1].accepted_us, 0);
	assert_string_equal(found[2].account, "two words");
	assert_string_equal(found[3].account, "");
	assert_true(store_find_queued(*state, "node", NULL, 0, NULL, NULL));

	/* Without a time it is now; what was given back was not sent. */
	send_mail(*state, "node", "now", "shop", 0);
	assert_in_range(find(*state, "node", "now").accepted_us,
		clock_now_us() - 60 * SECOND_US, clock_now_us() + SECOND_US);
	/* A clock that is ahead is as wrong as in the token. */
	send_mail(*state, "node", "ahead", "shop",
		clock_now_us() / DAY_US * DAY_US + 9 * DAY_US);
	assert_int_equal(find(*state, "node", "ahead").accepted_us,
		clock_now_us() / DAY_US * DAY_US + 9 * DAY_US);
	assert_true(store_finish(*state,
		&(struct closing){
			.account = "shop", .node = "node", .queue_id = "refused" },
		NULL, NULL));
	assert_string_equal(find(*state, "node", "refused").account, "");
}

void test_queue_ids_that_are_noted(void **state)
{
	const struct queued first = { "two {words}", NOW + 1,
		"00112233445566778899aabbccddeeff" },
			    second = { "b", NOW + 2, "*" };
	const struct queued nobody = { "", NOW + 3, "*" };

	assert_true(store_note_queued(*state, "node", "behind", &first, NULL));
	assert_string_equal(find(*state, "node", "behind").account, "two {words}");
	assert_int_equal(find(*state, "node", "behind").accepted_us, NOW + 1);
	/* What is noted of it stays, but a message that the milter sees is that one. */
	assert_true(store_note_queued(*state, "node", "behind", &second, NULL));
	assert_string_equal(find(*state, "node", "behind").account, "two {words}");
	send_mail(*state, "node", "behind", "shop", NOW + 4);
	assert_string_equal(find(*state, "node", "behind").account, "shop");
	assert_true(store_note_queued(*state, "node", "other", &nobody, NULL));
	assert_string_equal(find(*state, "node", "other").account, "");
	assert_int_equal(find(*state, "node", "other").accepted_us, 0);
}

/* ---- deferrals ---- */

static struct deferral deferral_of(const char *recipient, const char *text)
{
	struct deferral deferral = { .status = "4.2.2", .refuser = "mx.x.example" };

	text_copy(deferral.recipient, sizeof(deferral.recipient), recipient);
	text_copy(deferral.text, sizeof(deferral.text), text);
	return deferral;
}

static void defer(struct store *store, const char *id, const struct deferral *deferral)
{
	struct error error = ERROR_NONE;

	if (!store_defer(store, "node", id, deferral, &error))
		fail_msg("%s", error.text);
}

struct seen_deferrals {
	size_t count, most;
	struct deferral last;
	const char *wanted; /* NULL: any */
};

static bool see_deferral(const struct deferral *deferral, void *context)
{
	struct seen_deferrals *seen = context;

	if (seen->wanted != NULL && strcmp(seen->wanted, deferral->recipient) != 0)
		return true;
	seen->last = *deferral;
	return ++seen->count < seen->most;
}

static struct seen_deferrals see(struct store *store, const char *id, const char *wanted)
{
	struct seen_deferrals seen = { .most = 10000, .wanted = wanted };

	assert_true(store_each_deferral(store, "node", id, see_deferral, &seen, NULL));
	return seen;
}

void test_deferrals(void **state)
{
	struct deferral waits =
		deferral_of("a@x.example", "mailbox \"full\"\r\nsecond\n");
	struct seen_deferrals seen;

	/* Of a queue id that nobody knows nothing is kept. */
	defer(*state, "4bXk2P1Zyz", &waits);
	send_mail(*state, "node", "4bXk2P1Zyz", "shop", NOW);
	send_mail(*state, "node", "4bXk2P1Zyy", "shop", NOW);
	assert_int_equal(see(*state, "4bXk2P1Zyz", NULL).count, 0);

	defer(*state, "4bXk2P1Zyz", &waits);
	waits = deferral_of("b {c}:d@x.example", "later");
	waits.status[0] = waits.refuser[0] = '\0';
	defer(*state, "4bXk2P1Zyz", &waits);
	assert_int_equal(see(*state, "4bXk2P1Zyz", NULL).count, 2);
	assert_int_equal(see(*state, "4bXk2P1Zyy", NULL).count, 0);
	seen = see(*state, "4bXk2P1Zyz", "a@x.example");
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.status, "4.2.2");
	assert_string_equal(seen.last.refuser, "mx.x.example");
	assert_string_equal(seen.last.text, "mailbox \"full\"\r\nsecond\n");
	seen = see(*state, "4bXk2P1Zyz", "b {c}:d@x.example");
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.status, "");
	assert_string_equal(seen.last.refuser, "");
	assert_string_equal(seen.last.text, "later");

	/* The last reason is the one that counts. */
	waits = deferral_of("a@x.example", "");
	defer(*state, "4bXk2P1Zyz", &waits);
	seen = see(*state, "4bXk2P1Zyz", "a@x.example");
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.text, "");
	assert_int_equal(see(*state, "4bXk2P1Zyz", NULL).count, 2);

	assert_true(store_undefer(*state, "node", "4bXk2P1Zyy", "a@x.example", NULL));
	assert_true(store_undefer(*state, "node", "4bXk2P1Zyz", "c@x.example", NULL));
	assert_true(store_undefer(*state, "node", "4bXk2P1Zyz", "", NULL));
	assert_int_equal(see(*state, "4bXk2P1Zyz", NULL).count, 2);
	assert_true(store_undefer(*state, "node", "4bXk2P1Zyz", "a@x.example", NULL));
	seen = see(*state, "4bXk2P1Zyz", NULL);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.recipient, "b {c}:d@x.example");
	waits = deferral_of("", "nobody");
	defer(*state, "4bXk2P1Zyz", &waits);
	assert_int_equal(see(*state, "4bXk2P1Zyz", NULL).count, 1);
}

/* Postfix gives a short queue id again. */
void test_deferrals_of_another_message(void **state)
{
	struct deferral waits = deferral_of("a@x.example", "full");

	send_mail(*state, "node", "A1B2C3D4E5", "shop", NOW);
	defer(*state, "A1B2C3D4E5", &waits);
	send_mail(*state, "node", "A1B2C3D4E5", "shop", NOW + 1);
	assert_int_equal(see(*state, "A1B2C3D4E5", NULL).count, 0);
	waits = deferral_of("b@x.example", "full");
	defer(*state, "A1B2C3D4E5", &waits);
	assert_int_equal(see(*state, "A1B2C3D4E5", NULL).count, 1);
	assert_int_equal(see(*state, "A1B2C3D4E5", "a@x.example").count, 0);
}

void test_deferrals_have_a_bound(void **state)
{
	struct seen_deferrals seen = { .most = 3 };
	struct deferral waits;
	char recipient[64];

	send_mail(*state, "node", "4bXk2P1Zyz", "shop", NOW);
	for (int i = 0; i <= DEFERRALS_MAX; i++) {
		snprintf(recipient, sizeof(recipient), "user%d@x.example", i);
		waits = deferral_of(recipient, "full");
		defer(*state, "4bXk2P1Zyz", &waits);
		if (i >= DEFERRALS_MAX - 1)
			assert_int_equal(
				see(*state, "4bXk2P1Zyz", NULL).count, DEFERRALS_MAX);
	}
	assert_int_equal(see(*state, "4bXk2P1Zyz", recipient).count, 0);
	/* One that is known may say something else, and one that goes makes room. */
	waits = deferral_of("user0@x.example", "gone");
	defer(*state, "4bXk2P1Zyz", &waits);
	assert_string_equal(
		see(*state, "4bXk2P1Zyz", "user0@x.example").last.text, "gone");
	assert_true(store_undefer(*state, "node", "4bXk2P1Zyz", "user0@x.example", NULL));
	waits = deferral_of(recipient, "full");
	defer(*state, "4bXk2P1Zyz", &waits);
	assert_int_equal(see(*state, "4bXk2P1Zyz", recipient).count, 1);
	assert_true(store_each_deferral(
		*state, "node", "4bXk2P1Zyz", see_deferral, &seen, NULL));
	assert_int_equal(seen.count, 3);
}
