#pragma once

#include "base/clock.h"
#include "store/store.h"
#include "tests/support/test.h"

/*
 * The contract of store/store.h as cases, each run over every kind of store:
 * a case gets an empty store as its state.
 */
#define CONTRACT(CASE)                                                                   \
	CASE(test_ready)                                                                 \
	CASE(test_rate_fills_and_regrows)                                                \
	CASE(test_quota_fills_and_frees)                                                 \
	CASE(test_messages_count_once)                                                   \
	CASE(test_distinct_counts_recipients_once)                                       \
	CASE(test_all_limits_or_none)                                                    \
	CASE(test_beyond)                                                                \
	CASE(test_a_look_changes_nothing)                                                \
	CASE(test_accounts_share_nothing)                                                \
	CASE(test_the_clock_of_the_store)                                                \
	CASE(test_refund)                                                                \
	CASE(test_refund_adds_up)                                                        \
	CASE(test_refund_of_a_mention)                                                   \
	CASE(test_refund_twice_is_not_below_zero)                                        \
	CASE(test_finish_counts_what_was_sent)                                           \
	CASE(test_suppressed_is_left_out)                                                \
	CASE(test_the_strongest_reason)                                                  \
	CASE(test_suppressions_end)                                                      \
	CASE(test_suppressions_merge)                                                    \
	CASE(test_suppressions_of_one_digest)                                            \
	CASE(test_suppressions_of_an_address_and_its_domain)                             \
	CASE(test_each_suppression)                                                      \
	CASE(test_verified)                                                              \
	CASE(test_account_record)                                                        \
	CASE(test_account_without_record_is_stale_too)                                   \
	CASE(test_account_is_replaced_once)                                              \
	CASE(test_reset_limits)                                                          \
	CASE(test_each_limit_key)                                                        \
	CASE(test_events)                                                                \
	CASE(test_events_come_with_their_change)                                         \
	CASE(test_lessons_by_kind)                                                       \
	CASE(test_lessons_count_by_time)                                                 \
	CASE(test_lessons_count_in_their_hour)                                           \
	CASE(test_hard_ones_are_told_after_weaker)                                       \
	CASE(test_repetitions_change_nothing)                                            \
	CASE(test_many_lessons_in_one_question)                                          \
	CASE(test_finish_tells_what_came_back)                                           \
	CASE(test_finish_counts_in_the_hour_of_the_token)                                \
	CASE(test_a_restart_begins_anew)                                                 \
	CASE(test_threads_learn_it_once)                                                 \
	CASE(test_soft_bounces_in_a_row)                                                 \
	CASE(test_deliveries_end_rows)                                                   \
	CASE(test_rows_of_one)                                                           \
	CASE(test_ends_double)                                                           \
	CASE(test_ends_double_after_the_end)                                             \
	CASE(test_deliveries_end_the_doubling)                                           \
	CASE(test_what_is_over_changes_nothing)                                          \
	CASE(test_nothing_happens_in_the_future)                                         \
	CASE(test_lessons_merge_into_the_list)                                           \
	CASE(test_events_of_lessons)                                                     \
	CASE(test_quiet_lessons)                                                         \
	CASE(test_lessons_without_a_digest)                                              \
	CASE(test_queue_ids)                                                             \
	CASE(test_queue_ids_that_are_noted)                                              \
	CASE(test_deferrals)                                                             \
	CASE(test_deferrals_of_another_message)                                          \
	CASE(test_deferrals_have_a_bound)                                                \
	CASE(test_totals)                                                                \
	CASE(test_totals_of_the_list)                                                    \
	CASE(test_standings)                                                             \
	CASE(test_each_account)                                                          \
	CASE(test_check)                                                                 \
	CASE(test_threads_share_a_quota)

#define DECLARE(name) void name(void **state);
CONTRACT(DECLARE)
#undef DECLARE

#define NOW (INT64_C(1700000000) * SECOND_US)

extern struct secret *contract_secret;

/* The limits of the cases; all by account. */
enum { PACE, DAY, NEW, MAILS, LIMITS };
extern const struct limit contract_limits[LIMITS];
#define ALL_LIMITS ((1u << LIMITS) - 1)

/* One question, and its answer. */
struct asking {
	const char *account; /* NULL: "shop" */
	int64_t version;
	int64_t now_us;		   /* 0: NOW */
	bool real_clock;	   /* instead of now_us */
	const char *recipients[4]; /* NULL: a@x.example */
	unsigned limits;	   /* bits; every recipient has them all */
	enum beyond beyond;
	bool look_only, verified_wanted, suppressed_count, unverified_count;
	int64_t pending;
	/* in between and afterwards */
	struct recipient known[4];
	struct message message;
	struct demand demand;
	struct facts facts;
	struct limit_fact limit[LIMITS]; /* of facts, by limit */
};
#define ASKING(...) ((struct asking){ __VA_ARGS__ })

/* The charges stay in asking->message; done() forgets it all. */
void ask(struct store *store, struct asking *asking);
void done(struct asking *asking);
/* Only the demand of it, to be changed before it is asked. */
void make_demand(struct asking *asking);

bool charges(struct store *store, struct asking asking);
/* What is used of the limit at NOW, or when ASKING says. */
int64_t used(struct store *store, size_t limit);
int64_t used_then(struct store *store, size_t limit, struct asking asking);
/* The message was not sent. */
void refund(struct store *store, const struct message *message);

void name_recipient(struct recipient *recipient, const char *text);
