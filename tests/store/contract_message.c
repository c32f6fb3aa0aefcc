#include "tests/store/contract.h"

#include <pthread.h>

/* The path of a message: what is charged, and what is given back. */

void test_ready(void **state)
{
	struct error error = ERROR_NONE;

	assert_int_equal(store_probe(*state, &error), STORE_READY);
}

void test_rate_fills_and_regrows(void **state)
{
	struct asking asking = { .limits = 1u << PACE };

	for (int i = 0; i < 5; i++)
		assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_true(asking.limit[PACE].full);
	assert_int_equal(asking.limit[PACE].used, 5);
	assert_int_equal(asking.limit[PACE].wanted, 1);
	assert_int_equal(asking.limit[PACE].frees_us, 60 * SECOND_US);
	assert_int_equal(asking.facts.now_us, NOW);
	assert_int_equal(asking.message.charge_count, 0);
	done(&asking);

	asking = ASKING(.limits = 1u << PACE, .now_us = NOW + 60 * SECOND_US - 1000);
	assert_false(charges(*state, asking));
	asking.now_us = NOW + 60 * SECOND_US;
	assert_true(charges(*state, asking));
}

void test_quota_fills_and_frees(void **state)
{
	struct asking four = { .limits = 1u << DAY,
		.recipients = {
			"a@x.example", "b@x.example", "c@x.example", "d@x.example" } };
	struct asking one = { .limits = 1u << DAY };

	assert_true(charges(*state, four));
	assert_true(charges(*state, four));
	ask(*state, &one);
	assert_false(one.facts.charged);
	assert_int_equal(one.limit[DAY].used, 8);
	assert_in_range(one.limit[DAY].frees_us, DAY_US, DAY_US + DAY_US / 96);
	four.now_us = NOW + one.limit[DAY].frees_us;
	done(&one);
	assert_int_equal(used_then(*state, DAY, ASKING(.now_us = four.now_us - 1)), 8);
	assert_true(charges(*state, four));
}

void test_messages_count_once(void **state)
{
	struct asking two = { .limits = 1u << MAILS,
		.recipients = { "a@x.example", "b@x.example" } };

	ask(*state, &two);
	assert_true(two.facts.charged);
	assert_int_equal(two.limit[MAILS].wanted, 1);
	assert_int_equal(two.message.charge_count, 1);
	assert_int_equal(two.message.charges[0].amount, 1);
	done(&two);
	assert_int_equal(used(*state, MAILS), 1);
}

void test_distinct_counts_recipients_once(void **state)
{
	struct asking asking = { .limits = 1u << NEW,
		.recipients = { "a@x.example", "b@x.example" } };

	assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_int_equal(asking.limit[NEW].wanted, 0);
	assert_int_equal(asking.limit[NEW].previous_us, NOW);
	/* Only the first goes back: of the others the store does not tell. */
	assert_int_equal(asking.message.charge_count, 1);
	done(&asking);
	assert_int_equal(used(*state, NEW), 2);

	asking = ASKING(.limits = 1u << NEW,
		.recipients = { "c@x.example", "d@x.example" },
		.now_us = NOW + SECOND_US);
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_int_equal(asking.limit[NEW].frees_us, DAY_US - SECOND_US);
	done(&asking);
}

void test_all_limits_or_none(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	for (size_t i = 0; i < LIMITS; i++) {
		assert_int_equal(asking.limit[i].full, i == MAILS);
		assert_false(asking.limit[i].charged);
	}
	done(&asking);
	assert_int_equal(used(*state, DAY), 2);
	assert_int_equal(used(*state, PACE), 2);
}

void test_beyond(void **state)
{
	struct asking asking = { .limits = 1u << MAILS | 1u << DAY };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	asking.beyond = BEYOND_OBSERVE;
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_true(asking.limit[MAILS].full);
	assert_false(asking.limit[MAILS].charged);
	assert_true(asking.limit[DAY].charged);
	done(&asking);
	assert_int_equal(used(*state, MAILS), 2);
	assert_int_equal(used(*state, DAY), 3);

	asking = ASKING(.limits = 1u << MAILS | 1u << DAY, .beyond = BEYOND_CHARGE);
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_true(asking.limit[MAILS].full);
	assert_true(asking.limit[MAILS].charged);
	done(&asking);
	assert_int_equal(used(*state, MAILS), 3);
	assert_int_equal(used(*state, DAY), 4);
}

void test_a_look_changes_nothing(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS, .look_only = true };

	for (int i = 0; i < 3; i++) {
		ask(*state, &asking);
		assert_int_equal(asking.facts.status, FACTS_KNOWN);
		assert_false(asking.facts.charged);
		for (size_t j = 0; j < LIMITS; j++)
			assert_int_equal(asking.limit[j].used, 0);
		done(&asking);
	}
	asking.pending = 2;
	ask(*state, &asking);
	assert_int_equal(asking.limit[DAY].used, 2);
	assert_true(asking.limit[MAILS].full);
	done(&asking);
}

void test_accounts_share_nothing(void **state)
{
	struct asking asking = { .limits = 1u << MAILS };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	assert_false(charges(*state, asking));
	asking.account = "other";
	assert_true(charges(*state, asking));
}

void test_the_clock_of_the_store(void **state)
{
	struct asking asking = { .limits = 1u << DAY, .real_clock = true };
	int64_t before = clock_now_us();

	ask(*state, &asking);
	/* Redis tells the time in steps of its own, some milliseconds late. */
	assert_in_range(
		asking.facts.now_us, before - SECOND_US, clock_now_us() + SECOND_US);
	assert_true(asking.facts.charged);
	done(&asking);
}

void test_refund(void **state)
{
	struct asking kept = { .limits = ALL_LIMITS }, gone = kept;

	assert_true(charges(*state, kept));
	gone.now_us = NOW + HOUR_US / 2;
	gone.recipients[0] = "b@x.example";
	ask(*state, &gone);
	refund(*state, &gone.message);
	done(&gone);
	assert_int_equal(used(*state, DAY), 1);
	assert_int_equal(used(*state, MAILS), 1);
	assert_int_equal(used(*state, NEW), 1);
	/* A rate regrows by itself: 30 minutes after the first it is the second that
	 * counts. */
	assert_int_equal(used_then(*state, PACE, ASKING(.now_us = NOW + HOUR_US / 2)), 1);
	/* The bucket that was charged got it: the rest leaves with the first message. */
	assert_int_equal(
		used_then(*state, MAILS, ASKING(.now_us = NOW + HOUR_US + HOUR_US / 90)),
		0);
}

/* A message of several recipients: what it was charged adds up, and all of it goes back.
 */
void test_refund_adds_up(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS };
	const char *const recipients[] = { "a@x.example", "b@x.example", "a@x.example" };

	assert_true(charges(*state, ASKING(.limits = 1u << DAY | 1u << NEW)));
	for (int i = 0; i < 3; i++) {
		asking.recipients[0] = recipients[i];
		asking.limits = i == 0 ? ALL_LIMITS : 1u << DAY | 1u << NEW;
		asking.now_us = NOW + (i + 1) * SECOND_US;
		ask(*state, &asking);
		assert_true(asking.facts.charged);
		facts_clear(&asking.facts);
		demand_clear(&asking.demand);
	}
	/* The day's bucket, the mail, and two who were mentioned. */
	assert_int_equal(asking.message.charge_count, 4);
	refund(*state, &asking.message);
	done(&asking);
	assert_int_equal(used(*state, DAY), 1);
	assert_int_equal(used(*state, MAILS), 0);
	/* The mention before the message is the one that counts again. */
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US - 1)), 1);
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US)), 0);
}

void test_refund_of_a_mention(void **state)
{
	struct asking first = { .limits = 1u << NEW }, second = first;

	assert_true(charges(*state, first));
	second.now_us = NOW + HOUR_US;
	ask(*state, &second);
	refund(*state, &second.message);
	done(&second);
	/* It is the first mention again that counts. */
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US - 1)), 1);
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US)), 0);
}

void test_refund_twice_is_not_below_zero(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS };

	ask(*state, &asking);
	refund(*state, &asking.message);
	refund(*state, &asking.message);
	done(&asking);
	assert_int_equal(used(*state, DAY), 0);
	assert_int_equal(used(*state, NEW), 0);
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS)));
	assert_int_equal(used(*state, DAY), 1);
}

/* ---- many at once ---- */

static void *charge_often(void *context)
{
	struct asking asking = { .limits = 1u << DAY | 1u << PACE };
	intptr_t charged = 0;

	for (int i = 0; i < 50; i++) {
		make_demand(&asking);
		/* The rate is the wider one here. */
		asking.demand.limits[0].capacity.burst = 1000;
		facts_init(&asking.facts, &asking.demand);
		store_charge(context, &asking.demand, &asking.facts);
		charged += asking.facts.charged;
		done(&asking);
	}
	return (void *)charged;
}

void test_threads_share_a_quota(void **state)
{
	enum { THREADS = 6 };
	pthread_t threads[THREADS];
	void *charged;
	intptr_t total = 0;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, charge_often, *state), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &charged), 0);
		total += (intptr_t)charged;
	}
	assert_int_equal(total, contract_limits[DAY].capacity.amount);
	assert_int_equal(used(*state, DAY), contract_limits[DAY].capacity.amount);
}
