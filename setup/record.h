#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "setup/file.h"
#include "setup/setup.h"

/*
 * What --apply changed, in a file of state_dir, so that --undo can take back
 * exactly that.  It is written before anything is changed.
 */
struct setup_record {
	char *folder;  /* Postfix's */
	char *address; /* where okited listened, in Postfix's form */
	struct setup_record_file {
		char *path; /* NULL: not touched */
		struct bytes
			before; /* no data: not known, since others changed it between */
		struct bytes after;
	} files[SETUP_FILE_COUNT];
	struct setup_plan steps; /* before and after are as the files have them */
};

/* Its name in STATE_DIR, for the Postfix of FOLDER; to be freed. */
char *setup_record_path(const char *state_dir, const char *folder);

/*
 * Read it.  Where there is none, RECORD has no folder, which is no failure.
 * The user okite may write to state_dir: only a file of our own is believed.
 */
bool setup_record_read(
	struct setup_record *record, const char *path, struct error *error);
bool setup_record_write(
	const struct setup_record *record, const char *path, struct error *error);
bool setup_record_remove(const char *path, struct error *error);
void setup_record_clear(struct setup_record *record);

/* FILE goes from BEFORE to AFTER now. */
void setup_record_file(struct setup_record *record, enum setup_file file,
	const char *path, const struct bytes *before, const struct bytes *after);
void setup_record_step(struct setup_record *record, const struct setup_step *step);
