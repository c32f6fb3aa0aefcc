#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "setup/file.h"
#include "setup/setup.h"

/* main.cf, master.cf and okite.conf, as they are and as they will be. */
struct setup_change {
	char *path;
	struct bytes now;
	struct bytes new; /* no data: stays as it is */
};

struct setup_changes {
	struct setup_change files[SETUP_FILE_COUNT];
};

/* Read all three. */
bool setup_changes_read(struct setup_changes *changes, const struct postfix *postfix,
	const char *conf_path, struct error *error);
/*
 * Put the new files in place: each in one step, all of them or, unless the disk
 * fails in that moment, none.  It is seen to it that nobody changed one meanwhile,
 * and that okited would take the new okite.conf.
 */
bool setup_changes_install(struct setup_changes *changes, struct error *error);
void setup_changes_clear(struct setup_changes *changes);

/* What `internal_domains` looks like in okite.conf, with the comment that names us. */
char *setup_okite_block(const struct setup_step *step);
/* CONF with BLOCK at its end. */
struct bytes setup_okite_append(const struct bytes *conf, const char *block);
/* CONF without BLOCK; no data where it is not in there. */
struct bytes setup_okite_cut(const struct bytes *conf, const char *block);

/* Tell Postfix, if it runs, that its configuration is another. */
bool postfix_reload(const struct postfix *postfix, bool *runs, struct error *error);
