#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "conf/conf.h"
#include "store/store.h"

/*
 * What a message is judged by: the configuration, the store and the secret
 * that were in force when it began.  A reload publishes a new one; a message
 * in hand keeps its own.  Holding and releasing may be done in any thread.
 */
struct backing; /* store and secret, kept over a reload that changes neither them nor certificates */

struct runtime {
	struct conf *conf;
	struct store *store;
	struct secret *secret;
	struct backing *backing;
	_Atomic int holders;
};

/*
 * Read PATH and open what it names.  What is the same as in PREVIOUS (may be
 * NULL) is shared with it.  NULL after every fault was logged.
 */
struct runtime *runtime_open(const char *path, const struct runtime *previous);

/* Make it the one in force; the one before is released. */
void runtime_publish(struct runtime *runtime);

/* The one in force, held. */
struct runtime *runtime_hold(void);
/* Whether RUNTIME is still in force: cheap, takes no lock. */
bool runtime_is_current(const struct runtime *runtime);
void runtime_release(struct runtime *runtime);
