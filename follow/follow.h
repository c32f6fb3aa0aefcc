#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feedback/span.h"

/*
 * Following a log that grows, through rotation and restarts; what is in it is
 * the reader's business.  It gives batches of whole lines, and where the reader
 * has kept one it notes the place in a file of the state folder.  So, whenever
 * it is killed, no line is missed, and those of the last batch may come again.
 *
 * At the very first start it begins where the log does.  Rotation may rename
 * the log or copy and empty it, and leave what it likes in the log's folder
 * under names that begin with the log's own: see follow/rotation.h.  While
 * the log is not there it waits.  For one thread.
 */
struct follow;

/* A whole sentence for the postmaster: what was lost or left out, what is waited for. */
typedef void follow_notice(const char *text, void *context);

/*
 * NULL, with ERROR set, where PATH is no log that can be followed, or is
 * followed already.  NOTICE may be called by any function below.
 */
struct follow *follow_open(const char *path, const char *state_dir, follow_notice *notice,
	void *context, struct error *error);
void follow_close(struct follow *follow);

enum follow_result {
	FOLLOW_LINES,
	FOLLOW_IDLE, /* nothing now: follow_wait() */
	FOLLOW_FAILED,
};

/*
 * The next lines, at most 500 and 256 KiB, without their ends; any bytes can be
 * in them.  They live until the next call.  Where they are not kept they come
 * again.
 */
enum follow_result follow_next(struct follow *follow, const struct span **lines,
	size_t *count, struct error *error);

/* The lines that were given last will not be asked for again. */
bool follow_keep(struct follow *follow, struct error *error);

/* Until there may be more, a signal of base/interrupt.h comes, or LONGEST_US are over. */
void follow_wait(struct follow *follow, int64_t longest_us);

/* How many lines were left out as longer than 32 KiB, since it was opened. */
uint64_t follow_skipped(const struct follow *follow);
