#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/redis_link.h"
#include "tests/store/contract.h"
#include "tests/store/lessons.h"
#include "tests/support/redis_server.h"

/*
 * What the store leaves in Redis, seen from beside it: when keys end, what is
 * forgotten, and that a lesson which is refused leaves nothing.
 */

static struct redis_server *server;
struct secret *contract_secret;

static char empty[] = "", prefix[32];
static int prefixes;

static struct redis_settings settings_here(void)
{
	return (struct redis_settings){
		.url = (char *)(uintptr_t)redis_server_url(server),
		.user = empty,
		.password_file = empty,
		.prefix = prefix,
		.timeout_us = 10 * SECOND_US,
	};
}

static struct store *open_store(void)
{
	struct redis_settings settings = settings_here();
	struct error error = ERROR_NONE;
	struct store *store = store_open_redis(&settings, contract_secret, true, &error);

	if (store == NULL)
		fail_msg("%s", error.text);
	return store;
}

/* Each case has keys of its own. */
static int set_up(void **state)
{
	snprintf(prefix, sizeof(prefix), "keys%d:", ++prefixes);
	*state = open_store();
	return 0;
}

static int tear_down(void **state)
{
	store_close(*state);
	return 0;
}

/*
 * One command beside the store, on KEY behind the prefix, with up to two words
 * (NULL: no more); its answer as a number.
 */
static int64_t say(
	const char *command, const char *key, const char *word, const char *another)
{
	struct redis_settings settings = settings_here();
	struct error error = ERROR_NONE;
	struct link *link = link_open(&settings, contract_secret, true, &error);
	struct question question = QUESTION_NONE;
	char whole[512];
	int64_t answer;

	assert_non_null(link);
	snprintf(whole, sizeof(whole), "%s%s", prefix, key);
	question_words(&question, command, whole, word, another, NULL);
	if (link_ask(link, &question, &error) != LINK_ANSWERED)
		fail_msg("%s", error.text);
	assert_int_equal(question.replies[0]->type, REDIS_REPLY_INTEGER);
	answer = question.replies[0]->integer;
	question_clear(&question);
	link_close(link);
	return answer;
}

/* In seconds, or -1 without an end, or -2 where there is no such key. */
static int64_t life(const char *key)
{
	return say("TTL", key, NULL, NULL);
}

#define IDENTITY "00000000000000000000000000000001"
#define DIGEST "0123456789abcdef0123456789abcdef"

static struct lesson make_lesson(enum lesson_kind kind)
{
	return (struct lesson){ .kind = kind,
		.identity = IDENTITY,
		.account = "two words",
		.accepted_us = clock_now_us() - HOUR_US,
		.happened_us = clock_now_us() - HOUR_US,
		.entry = { .digest = DIGEST, .scope = "shop", .reason = REASON_SOFT },
		.row = 3,
		.event = { .kind = EVENT_BOUNCE } };
}

static void finish(struct store *store, const char *account, int64_t accepted_us)
{
	const struct closing closing = { .account = account,
		.node = "node",
		.queue_id = "4bXk2P1Zyz",
		.accepted = 1,
		.reporting = 1,
		.accepted_us = accepted_us };

	assert_true(store_finish(store, &closing, NULL, NULL));
}

/* Seconds that a test may take, and that a clock may be rounded by. */
enum { SLACK = 300, A_DAY = 86400 };

static void check_life(const char *key, int64_t seconds)
{
	int64_t left = life(key);

	if (left < seconds - SLACK || left > seconds)
		fail_msg("%s lives for %lld s, and should for %lld", key, (long long)left,
			(long long)seconds);
}

static void keys_end(void **state)
{
	const struct deferral waits = { .recipient = "a@x.example" };
	struct lesson lesson = make_lesson(LESSON_SOFT);

	finish(*state, "shop", 0);
	check_life("{a:shop}:sent", 31 * A_DAY);
	check_life("{q:node:4bXk2P1Zyz}", 6 * A_DAY);
	assert_true(store_defer(*state, "node", "4bXk2P1Zyz", &waits, NULL));
	check_life("{q:node:4bXk2P1Zyz}:d", 6 * A_DAY);
	assert_true(store_note_queued(*state, "node", "behind",
		&(struct queued){ "shop", clock_now_us(), "*" }, NULL));
	check_life("{q:node:behind}", 6 * A_DAY);

	learn(*state, &lesson);
	check_life("{f:" IDENTITY "}", 31 * A_DAY);
	check_life("{a:two%20words}:sent", 31 * A_DAY);
	check_life("{r:" DIGEST "}:b:shop", 30 * A_DAY - 3600);

	lesson.identity[0] = '\0';
	lesson.kind = LESSON_HARD;
	lesson.expire_us = 10 * DAY_US;
	learn(*state, &lesson);
	check_life("{r:" DIGEST "}:s:shop", 10 * A_DAY - 3600);
	check_life("{r:" DIGEST "}:b:shop", 40 * A_DAY - 3600);
	/* What is known of it still does not end sooner. */
	lesson.kind = LESSON_SOFT;
	lesson.happened_us -= 2 * DAY_US;
	learn(*state, &lesson);
	check_life("{r:" DIGEST "}:b:shop", 40 * A_DAY - 3600);
	lesson.kind = LESSON_DELIVERED;
	lesson.happened_us = 0;
	learn(*state, &lesson);
	assert_int_equal(life("{r:" DIGEST "}:b:shop"), -2);
	assert_int_equal(life("{r:" DIGEST "}:s:shop") > 0, true);
	assert_int_equal(life("accounts"), -1);
}

/* Lessons that change nothing leave no keys. */
static void nothing_is_left_of_nothing(void **state)
{
	struct lesson lesson = make_lesson(LESSON_DELIVERED);

	lesson.quiet = true;
	learn(*state, &lesson);
	lesson.identity[0] = '\0';
	lesson.kind = LESSON_POLICY;
	lesson.accepted_us = 0;
	learn(*state, &lesson);
	assert_int_equal(life("{r:" DIGEST "}:b:shop"), -2);
	assert_int_equal(life("{r:" DIGEST "}:s:shop"), -2);
	assert_int_equal(life("{a:two%20words}:sent"), -2);
	assert_int_equal(life("accounts"), -2);
	assert_int_equal(life("events"), -2);
	assert_int_equal(life("totals"), -2);
	check_life("{f:" IDENTITY "}", 31 * A_DAY);
}

static bool collect_name(const char *name, void *context)
{
	strcat(strcat(context, name), "|");
	return true;
}

static void accounts_are_forgotten(void **state)
{
	char names[200] = "";

	finish(*state, "shop", 0);
	finish(*state, "{odd}* [a]", 0);
	assert_int_equal(say("ZCARD", "accounts", NULL, NULL), 2);
	/* As its end of life does. */
	assert_int_equal(say("DEL", "{a:shop}:sent", NULL, NULL), 1);
	assert_int_equal(say("ZCARD", "accounts", NULL, NULL), 2);
	assert_true(store_each_account(*state, collect_name, names, NULL));
	assert_string_equal(names, "{odd}* [a]|");
	assert_int_equal(say("ZCARD", "accounts", NULL, NULL), 1);
	/* Or when somebody else begins an hour, where nobody walks. */
	say("ZADD", "accounts", "1", "old");
	finish(*state, "new", 0);
	assert_int_equal(say("ZCARD", "accounts", NULL, NULL), 2);
}

/* The path of a message writes it once an hour. */
static void accounts_are_noted_with_an_hour(void **state)
{
	const int64_t hour_us = clock_now_us() / HOUR_US * HOUR_US - 2 * HOUR_US;

	finish(*state, "shop", hour_us);
	assert_int_equal(say("DEL", "accounts", NULL, NULL), 1);
	finish(*state, "shop", hour_us + HOUR_US - 1);
	assert_int_equal(life("accounts"), -2);
	finish(*state, "shop", hour_us + HOUR_US);
	assert_int_equal(say("ZCARD", "accounts", NULL, NULL), 1);
}

/* Hours older than all windows go when another begins, and the mark with the last that has some. */
static void old_hours_go(void **state)
{
	static const char key[] = "{a:two%20words}:sent";
	const int64_t hour = clock_now_us() / HOUR_US;
	struct lesson lesson = make_lesson(LESSON_COMPLAINT);
	char kept[64], gone[64], lost[64];

	snprintf(kept, sizeof(kept), "%" PRId64 ":accepted", hour - 31 * 24 + 1);
	snprintf(gone, sizeof(gone), "%" PRId64 ":accepted", hour - 31 * 24 - 1);
	snprintf(lost, sizeof(lost), "%" PRId64 ":hard", hour - 31 * 24 - 1);
	say("HSET", key, kept, "5");
	say("HSET", key, gone, "5");
	say("HSET", key, lost, "5");
	say("HSET", key, "returned", "1");
	finish(*state, "two words", 0);
	assert_int_equal(say("HEXISTS", key, kept, NULL), 1);
	assert_int_equal(say("HEXISTS", key, gone, NULL), 0);
	assert_int_equal(say("HEXISTS", key, lost, NULL), 0);
	assert_int_equal(say("HEXISTS", key, "returned", NULL), 0);

	learn(*state, &lesson);
	assert_int_equal(say("HEXISTS", key, "returned", NULL), 1);
	finish(*state, "two words", clock_now_us() - 9 * HOUR_US);
	assert_int_equal(say("HEXISTS", key, "returned", NULL), 1);
}

/* Where an event is refused, nothing is changed. */
static void refused_lessons_leave_nothing(void **state)
{
	struct lesson lesson = make_lesson(LESSON_HARD);
	struct learned learned;
	struct error error = ERROR_NONE;

	lesson.expire_us = DAY_US;
	/* What is no stream takes no event. */
	assert_int_equal(say("SADD", "events", "a", NULL), 1);
	assert_false(store_learn(*state, &lesson, 1, &learned, &error));
	assert_non_null(strstr(error.text, "WRONGTYPE"));
	assert_int_equal(life("{f:" IDENTITY "}"), -2);
	assert_int_equal(life("{r:" DIGEST "}:b:shop"), -2);
	assert_int_equal(life("{r:" DIGEST "}:s:shop"), -2);
	assert_int_equal(life("{a:two%20words}:sent"), -2);
	assert_int_equal(life("accounts"), -2);
	assert_int_equal(life("totals"), -2);
	/* It may be asked again. */
	assert_int_equal(say("DEL", "events", NULL, NULL), 1);
	assert_false(learn(*state, &lesson).repeated);
}

/* Each with a connection of its own, as processes have, and Redis alone between them. */
static void processes_learn_it_once(void **state)
{
	struct store *stores[4] = { *state, open_store(), open_store(), open_store() };

	race_to_learn(stores, 4);
	for (size_t i = 1; i < 4; i++)
		store_close(stores[i]);
}

/* What automake takes for a test that was skipped. */
enum { SKIPPED = 77 };

int main(void)
{
	static const uint8_t bytes[SECRET_BYTES] = { 1, 2, 3 };
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(keys_end),
		CASE(nothing_is_left_of_nothing),
		CASE(accounts_are_forgotten),
		CASE(accounts_are_noted_with_an_hour),
		CASE(old_hours_go),
		CASE(refused_lessons_leave_nothing),
		CASE(processes_learn_it_once),
	};
#undef CASE
	int failed;

	server = redis_server_start();
	if (server == NULL)
		return SKIPPED;
	contract_secret = secret_new(bytes);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	redis_server_stop(server);
	secret_free(contract_secret);
	return failed;
}
