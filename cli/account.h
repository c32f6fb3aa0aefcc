#pragma once

#include "cli/cli.h"

/* What is told of an account, in a list or alone. */
struct overview {
	char name[ACCOUNT_SIZE];
	char plan[PLAN_NAME_SIZE];
	char note[NOTE_SIZE];
	enum standing standing;
	int64_t since_us;
	int64_t restarted_us; /* 0: never */
	struct counters counters;
	struct rates rates;
	double danger; /* how near to its pause the nearer rate is: 1 has come to it */
};

bool overview_make(struct cli *cli, const struct account *record,
	struct overview *overview, struct error *error);
json_t *overview_to_json(const struct overview *overview);

/*
 * The account's limits, in the order of its plan.  One that is counted by more
 * than the account has a view for each of its states, up to a bound: so many
 * more are left out.
 */
struct left_out {
	const struct limit *limit;
	size_t count;
};
struct account_limits {
	struct limit_view *views;
	size_t count;
	struct left_out *left_out;
	size_t left_out_count;
};

/* RECORD is read again where it has changed since. */
bool account_limits_look(struct cli *cli, struct account *record,
	struct account_limits *limits, struct error *error);
void account_limits_clear(struct account_limits *limits);

/* RECORD as one line of `account list --json`: how a change is answered. */
int account_tell(struct cli *cli, const struct account *record);
