#pragma once

#include "cli/cli.h"

/* What is told of an account, in a list or alone. */
struct overview {
	char name[ACCOUNT_SIZE];
	char plan[PLAN_NAME_SIZE];
	char note[NOTE_SIZE];
	enum standing standing;
	int64_t since_us;
	struct counters counters;
	double bounce_rate, bounce_rate_low, complaint_rate, complaint_rate_low;
};

bool overview_make(struct cli *cli, const struct account *record,
	struct overview *overview, struct error *error);
json_t *overview_to_json(const struct overview *overview);

/* RECORD as one line of `account list --json`: how a change is answered. */
int account_tell(struct cli *cli, const struct account *record);
