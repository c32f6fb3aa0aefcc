#pragma once

#include <stdint.h>

#include "base/clock.h"
#include "reputation/judge.h"

/*
 * The command of the configuration that is told of every change of standing
 * (reputation.notify).  Commands run one after the other, in a thread that the
 * first one starts, so nobody waits for them; how they fail is logged and
 * otherwise of no consequence.  Any thread may call this.
 */

/* Does not wait.  Where the configuration names no command it does nothing. */
void notify(const struct conf *conf, const struct judgement *judgement);

/* How long one command may take. */
#define NOTIFY_MAX_US (60 * SECOND_US)

/*
 * At the end of the program: wait for those that run or are to run, but no
 * longer than PATIENCE_US; what then still runs is killed.  Nothing can be
 * notified afterwards.
 */
void notify_finish(int64_t patience_us);
