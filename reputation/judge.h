#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "conf/conf.h"
#include "store/store.h"

/*
 * The standing of an account, judged by what the store has of it and kept
 * there, with its event.  Threads may judge the same account at the same time,
 * here and on other nodes: who comes too late looks again, so every change is
 * made, told and logged once.
 */
struct judgement {
	char account[ACCOUNT_SIZE];
	enum standing before, after;
	int64_t time_us;
	struct counters counters; /* by which it was judged */
	struct rates rates;
};

/* What the account that RECORD is of has sent since its counters are looked at. */
bool judge_look(struct store *store, const struct reputation *reputation,
	const struct account *record, struct judgement *judgement, struct error *error);

/*
 * RECORD takes the standing AFTER at NOW_US.  Whose pause ends begins anew:
 * mail from before no longer counts.
 */
void judge_change(struct account *record, enum standing after, int64_t now_us);

/*
 * Judge the account and keep what comes of it.  A change goes to the log and,
 * by notify(), to the command that the configuration names.  False, with ERROR
 * set, when the store could not be asked, or others change the record all the
 * time: then it is to be judged again.
 */
bool judge_account(struct store *store, const struct conf *conf, const char *account,
	struct error *error);
