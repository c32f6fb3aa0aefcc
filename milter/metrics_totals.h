#pragma once

#include <stdio.h>

/*
 * The part of the metrics that all nodes have in common: what came back, the
 * list, the accounts.  One question to the store; where it has no answer,
 * nothing is written.
 */
void metrics_write_totals(FILE *out);
