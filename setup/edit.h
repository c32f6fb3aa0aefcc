#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "setup/file.h"
#include "setup/setup.h"

/*
 * Editing main.cf and master.cf as postconf(1) does, but in a copy, so that
 * what comes out is known, and can be recorded, before it takes its place.
 */
enum setup_how { EDIT_SET, EDIT_UNSET, EDIT_SET_SERVICE, EDIT_UNSET_SERVICE, EDIT_COUNT };

struct setup_edit {
	char *folder; /* of the copy, for us alone */
	struct names edits[EDIT_COUNT];
};

bool setup_edit_open(struct setup_edit *edit, const struct bytes *main,
	const struct bytes *master, struct error *error);
/* WHAT, which is used up, is NAME=VALUE or NAME, with SERVICE/ in front for master.cf. */
void setup_edit_add(struct setup_edit *edit, enum setup_how how, char *what);
/* Do all that, and read what came out. */
bool setup_edit_result(struct setup_edit *edit, struct bytes *main, struct bytes *master,
	struct error *error);
void setup_edit_close(struct setup_edit *edit);
