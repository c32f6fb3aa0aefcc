/*
 * Any bytes as what a report says of one recipient: on the first line its
 * status, action, recipient, refuser and stage, then the text.  What comes of
 * it must be plain values, the same each time; hard, only of a refusal for
 * ever.
 *
 * Bytes that begin with "[" are a table of phrases as well: it is taken or
 * refused with the place, and finds what it finds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/classify.h"
#include "feedback/reading.h"
#include "feedback/bounce_reason.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { FIELDS = 5 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct evidence *evidence, const struct judgement *judgement)
{
	must(judgement->class == CLASS_NONE || judgement->class == CLASS_HARD ||
		judgement->class == CLASS_SOFT || judgement->class == CLASS_POLICY);
	must(bounce_reason_find(judgement->reason) == judgement->reason ||
		bounce_reason_find(judgement->reason) != NULL);
	must(memchr(judgement->status, '\0', STATUS_SIZE) != NULL);
	must(judgement->status[0] == '\0' || judgement->status[0] == '4' ||
		judgement->status[0] == '5');
	must(judgement->class != CLASS_HARD || strcmp(evidence->action, "delayed") != 0);
}

/* Cut the first line in its fields; returns where the text begins. */
static char *take_fields(char *text, const char *fields[FIELDS])
{
	char *end = strchr(text, '\n');

	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = "";
	if (end == NULL)
		return text;
	*end = '\0';
	for (size_t i = 0; i < FIELDS && text != NULL; i++) {
		fields[i] = text;
		text = strchr(text, '\t');
		if (text != NULL)
			*text++ = '\0';
	}
	return end + 1;
}

static void try_evidence(const struct classifier *classifier, char *text, size_t size)
{
	const char *fields[FIELDS];
	char *reason = take_fields(text, fields);
	struct evidence evidence = { .text = reason,
		.size = size - (size_t)(reason - text),
		.status = fields[0],
		.action = fields[1],
		.recipient = fields[2],
		.refuser = fields[3],
		.reporter = "",
		.stage = (enum smtp_stage)(
			(unsigned char)fields[4][0] % (STAGE_DATA + 1)) };
	struct judgement judgement, again;

	classify(classifier, &evidence, &judgement);
	check(&evidence, &judgement);
	classify(classifier, &evidence, &again);
	must(judgement.class == again.class && judgement.reason == again.reason &&
		strcmp(judgement.status, again.status) == 0);
}

static void try_table(const char *text, size_t size)
{
	struct evidence evidence = { text, size, "", "", "", "", "", STAGE_UNKNOWN };
	struct reading *reading = xmalloc(sizeof(*reading));
	struct error error = ERROR_NONE;
	struct phrases phrases;
	const struct row *row;

	phrases_init(&phrases);
	if (phrases_read(&phrases, "table", text, size, &error)) {
		must(phrases_build(&phrases, &error));
		reading_make(reading, &phrases, &evidence);
		row = reading_best(reading, PART_ALL);
		must(row == NULL || row->section < phrases.section_count);
	} else {
		must(strncmp(error.text, "table:", strlen("table:")) == 0);
	}
	phrases_clear(&phrases);
	free(reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct classifier *classifier;
	char *text = xmalloc(size + 1);

	if (classifier == NULL)
		classifier = classifier_new(NULL, NULL, NULL);
	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	if (text[0] == '[')
		try_table(text, size);
	try_evidence(classifier, text, size);
	free(text);
	return 0;
}
