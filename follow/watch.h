#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Waiting until something happens in a folder.  It is an accelerator: where
 * the system tells nothing (another machine writes to a network's file
 * system, there are no watches left), the time runs out and the caller looks.
 */
struct watch;

/* NAME: only files of FOLDER that begin so are of interest. */
struct watch *watch_open(const char *folder, const char *name);
/* A further folder, with all its files; the same one may be added again. */
void watch_add(struct watch *watch, const char *folder);
void watch_close(struct watch *watch);

/*
 * Until something has happened since the last wait, or LONGEST_US are over, or
 * a signal of base/interrupt.h comes, also one that came just before.
 */
void watch_wait(struct watch *watch, int64_t longest_us);
