#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "store/remembered.h"
#include "tests/support/test.h"

static void remembers(void **state)
{
	struct remembered *remembered = remembered_new();
	struct account record = { .name = "shop", .version = 7, .plan = "sandbox" }, got;

	(void)state;
	remembered_get(remembered, "shop", &got);
	assert_string_equal(got.name, "shop");
	assert_int_equal(got.version, 0);
	remembered_put(remembered, &record);
	remembered_get(remembered, "shop", &got);
	assert_int_equal(got.version, 7);
	assert_string_equal(got.plan, "sandbox");
	remembered_get(remembered, "other", &got);
	assert_string_equal(got.name, "other");
	assert_int_equal(got.version, 0);
	remembered_free(remembered);
}

enum { WRITES = 20000 };

/* Records whose parts all say the same. */
static void *write_many(void *context)
{
	for (int64_t i = 1; i <= WRITES; i++) {
		struct account record = {
			.name = "shop", .version = i, .since_us = i, .plan_until_us = i
		};

		snprintf(record.note, sizeof(record.note), "%lld", (long long)i);
		remembered_put(context, &record);
	}
	return NULL;
}

static void never_gives_half_a_record(void **state)
{
	struct remembered *remembered = remembered_new();
	struct account got = { .version = 0 };
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_many, remembered), 0);
	while (got.version < WRITES) {
		char note[NOTE_SIZE];

		remembered_get(remembered, "shop", &got);
		assert_string_equal(got.name, "shop");
		if (got.version == 0)
			continue;
		snprintf(note, sizeof(note), "%lld", (long long)got.version);
		assert_string_equal(got.note, note);
		assert_int_equal(got.since_us, got.version);
		assert_int_equal(got.plan_until_us, got.version);
	}
	pthread_join(writer, NULL);
	remembered_free(remembered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers),
		cmocka_unit_test(never_gives_half_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
