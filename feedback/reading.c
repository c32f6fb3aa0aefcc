#include "feedback/reading.h"

#include <string.h>

#include "base/text.h"
#include "feedback/fold.h"

/* The refusing host and the domain of the recipient: only names are looked for in these. */
static void find_names(struct reading *reading, const char *name)
{
	char folded[DOMAIN_MAX + 1];
	size_t size = fold(folded, sizeof(folded), name, strlen(name));

	phrases_find_names(reading->phrases, folded, size, &reading->seen);
}

static bool holds(const struct reading *reading, const struct condition *condition)
{
	char reply[4];

	switch (condition->kind) {
	case CONDITION_FROM:
	case CONDITION_WITH:
		return reading->seen.ends[condition->pattern] != 0;
	case CONDITION_WITHOUT:
		return reading->seen.ends[condition->pattern] == 0;
	case CONDITION_BY:
		return strcmp(reading->evidence->reporter, condition->prefix) == 0;
	case CONDITION_AT:
		return reading->stage == condition->stage;
	case CONDITION_STATUS:
		return strncmp(reading->codes.status, condition->prefix,
			       strlen(condition->prefix)) == 0;
	case CONDITION_REPLY:
		reply[0] = (char)('0' + reading->codes.reply / 100);
		reply[1] = (char)('0' + reading->codes.reply / 10 % 10);
		reply[2] = (char)('0' + reading->codes.reply % 10);
		reply[3] = '\0';
		return strncmp(reply, condition->prefix, strlen(condition->prefix)) == 0;
	}
	return false;
}

static bool all_hold(const struct reading *reading, const struct section *section)
{
	for (size_t i = 0; i < section->condition_count; i++)
		if (!holds(reading, &section->conditions[i]))
			return false;
	return true;
}

/* ---- what every row under [inner] and [stage X] is for ---- */

static const struct section *section_of(
	const struct reading *reading, const struct row *row)
{
	return &reading->phrases->sections[row->section];
}

static void find_place(struct reading *reading)
{
	const struct phrases *phrases = reading->phrases;
	size_t latest = 0;

	for (size_t i = 0; i < reading->seen.count; i++) {
		uint16_t pattern = reading->seen.patterns[i];
		size_t end = reading->seen.ends[pattern],
		       row = phrases->patterns[pattern].row;

		for (; row != NO_ROW; row = phrases->rows[row].next) {
			const struct section *section =
				section_of(reading, &phrases->rows[row]);

			if (section->kind == SECTION_INNER && end > reading->inner)
				reading->inner = end;
			if (section->kind == SECTION_STAGE && end > latest &&
				reading->evidence->stage == STAGE_UNKNOWN) {
				latest = end;
				reading->stage = section->stage;
			}
		}
	}
}

/* ---- codes ---- */

/* "5.1.0": another code, from further out, may say more. */
static bool is_general(const char *status)
{
	size_t length = strlen(status);

	return length == 0 || strcmp(status + length - 2, ".0") == 0;
}

static void find_codes(struct reading *reading)
{
	const char *status = reading->evidence->status;
	struct codes *codes = &reading->codes, outer;

	codes_find(reading->text + reading->inner, codes);
	reading->inner_status = codes->status[0] != '\0';
	if (reading->inner > 0 && codes->reply == 0 && codes->status[0] == '\0')
		codes_find(reading->text, codes);
	if (!is_general(codes->status))
		return;
	codes_find(status, &outer);
	if (outer.status[0] == '\0' ||
		(codes->status[0] != '\0' && is_general(outer.status)))
		return;
	memcpy(codes->status, outer.status, sizeof(codes->status));
	reading->outer_status = true;
}

void reading_make(struct reading *reading, const struct phrases *phrases,
	const struct evidence *evidence)
{
	const char *at = strrchr(evidence->recipient, '@');

	reading->phrases = phrases;
	reading->evidence = evidence;
	reading->inner = 0;
	reading->outer_status = false;
	reading->stage = evidence->stage;
	seen_init(&reading->seen, phrases);
	/* Longer ones quote something; what is folded is hardly longer than it was. */
	reading->size = fold(reading->text, sizeof(reading->text), evidence->text,
		evidence->size < READING_SIZE ? evidence->size : READING_SIZE);
	phrases_find(phrases, reading->text, reading->size, &reading->seen);
	find_names(reading, evidence->refuser);
	find_names(reading, at == NULL ? "" : at + 1);
	find_place(reading);
	find_codes(reading);
}

/* ---- the best row ---- */

struct choice {
	const struct row *row;
	int rank;
	size_t length; /* the longer phrase says more */
};

/* Of two that are as good, the later row: a table of one's own comes last. */
static bool is_better(const struct choice *one, const struct choice *two)
{
	if (two->row == NULL || one->rank != two->rank)
		return two->row == NULL || one->rank > two->rank;
	if (one->length != two->length)
		return one->length > two->length;
	return one->row > two->row;
}

static void consider(
	const struct reading *reading, const struct row *row, struct choice *best)
{
	const struct phrases *phrases = reading->phrases;
	const struct section *section = section_of(reading, row);
	struct choice choice = { row, section->rank,
		phrases->patterns[row->pattern].length };

	if (section->kind != SECTION_REASON)
		return;
	if (is_better(&choice, best) && all_hold(reading, section))
		*best = choice;
}

const struct row *reading_best(const struct reading *reading, enum reading_part part)
{
	const struct phrases *phrases = reading->phrases;
	size_t start = part == PART_INNER ? reading->inner : 0;
	struct choice best = { .row = NULL };

	for (size_t i = 0; i < reading->seen.count; i++) {
		uint16_t pattern = reading->seen.patterns[i];
		size_t row = phrases->patterns[pattern].row;

		if (reading->seen.ends[pattern] <= start)
			continue;
		for (; row != NO_ROW; row = phrases->rows[row].next)
			consider(reading, &phrases->rows[row], &best);
	}
	return best.row;
}
