#pragma once

#include <stddef.h>

#include "feedback/prose.h"
#include "feedback/span.h"

/*
 * The recipients that a report names in its text, by the shapes of its
 * format: those of lists, else those behind a label, else the one behind
 * "deliver ... to", else those of a session.
 */
struct listed {
	struct span mailbox;
	struct span
		original;  /* "(expanded from <...>)": the address that was written to */
	struct span below; /* what is said of it, down to the next one */
};

/* GUESSED is set when nothing of that was found, and these are but any addresses of the text. */
size_t listing_read(
	const struct prose *prose, struct listed *list, size_t room, bool *guessed);

/* The reason that a report gives for all it lists; empty for none. */
struct span listing_cause(const struct prose *prose);
