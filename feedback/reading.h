#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/codes.h"
#include "feedback/phrases.h"

/*
 * What one text was found to say: which phrases, which of them within the
 * reply of the innermost server, the codes, and the stage it was refused at.
 */
enum { READING_SIZE = 16 << 10 };

struct reading {
	const struct phrases *phrases;
	const struct evidence *evidence;
	char text[READING_SIZE]; /* folded */
	size_t size;
	size_t inner; /* where the innermost reply begins in it */
	struct seen seen;
	struct codes
		codes; /* of the innermost reply, then of all, then of the report's fields */
	bool inner_status; /* the status was within the innermost reply */
	bool outer_status; /* the best code is none of the text, but of the report's fields */
	enum smtp_stage stage;
};

void reading_make(struct reading *reading, const struct phrases *phrases,
	const struct evidence *evidence);

/* The row that says most of all the text, or of the innermost reply; NULL when there is none. */
enum reading_part { PART_ALL, PART_INNER };
const struct row *reading_best(const struct reading *reading, enum reading_part part);
