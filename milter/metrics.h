#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/verdict.h"

/*
 * Counters for Prometheus, served by libmicrohttpd in a thread of its own.
 * Counting takes no lock; labels are verdicts and rules, never an account or
 * an address.
 */
void metrics_message(enum verdict_kind kind);
/* RULE "" is an accepted recipient. */
void metrics_recipient(enum verdict_kind kind, const char *rule);
void metrics_store(int64_t spent_us, bool answered);
void metrics_degraded(bool degraded);

/* Serve on ADDRESS ("127.0.0.1:9896").  False, with ERROR set, when that cannot be. */
bool metrics_start(const char *address, struct error *error);
void metrics_stop(void);
