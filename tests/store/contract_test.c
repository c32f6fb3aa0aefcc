#include <stdlib.h>

#include "base/memory.h"
#include "tests/store/contract.h"
#include "tests/support/redis_server.h"

/* The contract's cases over the store in memory, and over Redis where it is installed. */

struct secret *contract_secret;
static struct redis_server *server;
static int prefix_number;

static const struct CMUnitTest cases[] = {
#define ROW(name) cmocka_unit_test(name),
	CONTRACT(ROW)
#undef ROW
};
enum { CASES = sizeof(cases) / sizeof(*cases) };

static int open_memory(void **state)
{
	*state = store_open_memory();
	return 0;
}

/* Each case has keys of its own. */
static int open_redis(void **state)
{
	struct redis_settings settings = {
		.url = xstrdup(redis_server_url(server)),
		.user = xstrdup(""),
		.password_file = xstrdup(""),
		.prefix = xasprintf("case%d:", ++prefix_number),
		.timeout_us = 10 * SECOND_US,
	};
	struct error error = ERROR_NONE;

	*state = store_open_redis(&settings, contract_secret, true, &error);
	free(settings.url);
	free(settings.user);
	free(settings.password_file);
	free(settings.prefix);
	if (*state == NULL)
		print_error("%s\n", error.text);
	return *state == NULL;
}

static int close_store(void **state)
{
	store_close(*state);
	return 0;
}

static int run_cases(const char *name, CMFixtureFunction open)
{
	struct CMUnitTest tests[CASES];

	for (size_t i = 0; i < CASES; i++) {
		tests[i] = cases[i];
		tests[i].setup_func = open;
		tests[i].teardown_func = close_store;
	}
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

struct tail {
	size_t count;
	int64_t first_us, last_us;
};

static bool see_event(const struct event *event, void *context)
{
	struct tail *tail = context;

	if (tail->count++ == 0)
		tail->first_us = event->time_us;
	assert_true(event->time_us > tail->last_us);
	tail->last_us = event->time_us;
	return true;
}

/* Redis keeps more, and cuts when it likes. */
static void test_memory_forgets_old_events(void **state)
{
	struct event *events = xcalloc(12345, sizeof(*events));
	struct tail tail = { 0 };

	for (int i = 0; i < 12345; i++)
		events[i].time_us = NOW + i;
	assert_true(store_record(*state, events, 12345, NULL));
	assert_true(store_each_event(*state, NULL, see_event, &tail, NULL));
	assert_int_equal(tail.count, 10000);
	assert_int_equal(tail.first_us, NOW + 2345);
	assert_int_equal(tail.last_us, NOW + 12344);
	free(events);
}

int main(void)
{
	static const uint8_t bytes[SECRET_BYTES] = { 1, 2, 3 };
	const struct CMUnitTest memory_alone[] = { cmocka_unit_test_setup_teardown(
		test_memory_forgets_old_events, open_memory, close_store) };
	int failed;

	contract_secret = secret_new(bytes);
	failed = run_cases("memory", open_memory);
	failed += cmocka_run_group_tests_name("memory alone", memory_alone, NULL, NULL);
	server = redis_server_start();
	if (server != NULL)
		failed += run_cases("redis", open_redis);
	redis_server_stop(server);
	secret_free(contract_secret);
	return failed;
}
