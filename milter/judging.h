#pragma once

#include <stdbool.h>

/*
 * Beside the path of a message: a thread judges the accounts that were named,
 * each at most once a second, by the configuration that is then in force.
 * Where Redis does not answer it goes on asking until it does.
 */
bool judging_start(void);

/* Of any thread; never waits.  Where too many wait it is forgotten: the next message names it again. */
void judging_add(const char *account);

/* Ends the thread, once that is done which it is about. */
void judging_stop(void);
