#pragma once

#include <stdbool.h>

#include "cli/cli.h"

/* What the command line says, before it is known whether the command takes it. */
enum { OPTIONS_MAX = 32 };

struct given {
	bool options[OPTIONS_MAX];
	bool json, help, version;
	char fault[256]; /* "": all could be read */
};

/*
 * Read all of the command line into CLI: options may stand anywhere, and what
 * is none becomes its operands.  It goes on after a fault, since the usage
 * line to show depends on the command, which may stand behind it.
 */
void options_read(int argc, char **argv, struct cli *cli, struct given *given);

/* The name of an option that was given but does not stand in USAGE; NULL: there is none.
 */
const char *options_misfit(const struct given *given, const char *usage);
