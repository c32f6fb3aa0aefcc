#pragma once

/*
 * Going to the background, the way that tells whether the start went well: the
 * program that was called ends only when the daemon serves, or with its exit
 * status when it does not.
 *
 * The fork comes first, before there is any thread: glibc looks up names in
 * threads of its own, which a later fork would lose.
 */

/* Returns in the daemon; the caller's process waits, and ends as the daemon says. */
void background_start(void);

/* The daemon serves: the caller's process ends with 0, and the terminal is let go. */
void background_ready(void);
