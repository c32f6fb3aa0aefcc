#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/buffer.h"
#include "feedback/formats.h"
#include "feedback/mail.h"

/*
 * What a report says to people: the text of its parts, one after the other,
 * in UTF-8, HTML made text; without lines that quote ("> "), for what
 * somebody cites is not said by him.  And where the texts of the table of
 * formats stand in it.
 */
enum { PROSE_MAX = 256 << 10, PLACES_MAX = 1000 };

struct place {
	uint32_t from, to; /* in the text */
	uint16_t word;
};

struct prose {
	const struct formats *formats;
	struct buffer text;
	size_t end; /* behind it stands what was returned, where that was pasted in */
	struct place places[PLACES_MAX];
	size_t count;
	size_t format; /* that was seen */
};

void prose_read(
	struct prose *prose, const struct formats *formats, const struct mail *mail);
void prose_clear(struct prose *prose);

/* The report's own words. */
struct span prose_words(const struct prose *prose);

/* Is there such a mark, of the format that was seen or of any? */
bool prose_marks(const struct prose *prose, const struct place *place, enum mark mark);

/* The first such place at or after FROM, before TO; NULL for none. */
const struct place *prose_find(
	const struct prose *prose, enum mark mark, size_t from, size_t to);
