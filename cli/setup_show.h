#pragma once

#include "cli/output.h"
#include "setup/setup.h"

/* What is planned, or was done, as lines for a shell or as JSON. */
void setup_show_plan(struct output *output, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan, bool done);

/* A sentence: a comment among the lines; in JSON an object {"step": KIND, "message"}. */
void setup_show_note(struct output *output, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What became of a step that was taken back. */
void setup_show_undone(struct output *output, const struct setup_step *step, bool done,
	const char *outcome);

/* TEXT as one word of a shell; to be freed. */
char *shell_quoted(const char *text);

/* What STEP adds to a file, or sets, in its own words: "internal_domains = [ ... ];". */
char *setup_okite_line(const struct setup_step *step);
