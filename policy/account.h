#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/limit.h"

/*
 * What is remembered of an account beside what the configuration says: its
 * plan, its standing, overrides of its limits.  Most accounts have no record;
 * then version is 0.  Flat, so that it can be copied and remembered whole.
 */
enum {
	ACCOUNT_SIZE = 256, /* with its end; a longer login is refused */
	PLAN_NAME_SIZE = 33,
	OVERRIDES_MAX = 16,
	OVERRIDE_TEXT_SIZE = 32,
	NOTE_SIZE = 256,
};

enum standing {
	STANDING_HEALTHY,
	STANDING_WARNED,
	STANDING_PAUSED,
	STANDING_REINSTATED,
	STANDING_COUNT,
};
extern const char *const standing_names[STANDING_COUNT];

struct override {
	char limit[LIMIT_NAME_SIZE];
	char value[OVERRIDE_TEXT_SIZE]; /* as `okite account set --limit NAME=VALUE` took
					   it */
	int64_t until_us;		/* 0: for good */
};

struct account {
	char name[ACCOUNT_SIZE];
	int64_t version;	   /* grows with every change; 0: there is no record */
	char plan[PLAN_NAME_SIZE]; /* "": as the configuration says */
	int64_t plan_until_us;	   /* 0: for good */
	enum standing standing;
	int64_t since_us;     /* of that standing */
	int64_t restarted_us; /* mail from before does not count; 0: all does */
	bool paused_by_hand;  /* only `okite account resume` ends it */
	bool pause_rejects;   /* paused by hand with --reject */
	char note[NOTE_SIZE];
	struct override overrides[OVERRIDES_MAX];
	size_t override_count;
};
