#pragma once

#include "cli/cli.h"
#include "setup/record.h"
#include "setup/setup.h"

/* Both tell what they do, change RECORD, and return how okite exits. */
int setup_apply(struct cli *cli, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan,
	struct setup_record *record, const char *record_path);
int setup_undo(struct cli *cli, const struct postfix *postfix,
	struct setup_record *record, const char *record_path);

/* Reload Postfix, and tell it; how okite exits. */
int setup_reload(struct cli *cli, const struct postfix *postfix);
