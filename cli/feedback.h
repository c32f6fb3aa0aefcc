#pragma once

#include "cli/cli.h"
#include "feedback/outcome.h"

/* Where okite feedback shows what it understood: one JSON object for each recipient. */
struct showing {
	struct cli *cli;
	const char *file; /* NULL: the standard input */
};

/*
 * COUNT outcomes of one report, whose returned message had TOKENS; none at
 * all is shown as one of kind none.  The secret is read when the first token
 * comes.  False, and stderr has the reason, when that fails, or when nobody
 * reads what is shown.
 */
bool show_outcomes(struct showing *showing, const struct outcome *outcomes, size_t count,
	char *const *tokens, size_t token_count);
