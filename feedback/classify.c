#include "feedback/classify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/formats.h"
#include "feedback/phrases_text.h"
#include "feedback/reading.h"
#include "feedback/bounce_reason.h"
#include "feedback/status.h"

/*
 * Before the recipient was named, and after DATA, only a phrase that says so of
 * a user is about the recipient (RANK_CLEAR).  Another one, "x does not exist",
 * is about who sends (RANK_PHRASE), and a code is about anything.
 */
enum { RANK_CLEAR = 70, RANK_PHRASE = 46 };

/* Below it a finding leaves room for what stands around the innermost reply. */
enum { RANK_VAGUE = 30 };

struct classifier {
	struct formats *formats;
	struct phrases phrases;
};

static bool read_phrases(
	struct phrases *phrases, const struct table_file *own, struct error *error)
{
	return phrases_read(phrases, "phrases.txt", phrases_text,
		       sizeof(phrases_text) - 1, error) &&
	       (own == NULL || phrases_read(phrases, own->name, own->text.text,
				       own->text.size, error)) &&
	       phrases_build(phrases, error);
}

struct classifier *classifier_new(const struct table_file *own_formats,
	const struct table_file *own_phrases, struct error *error)
{
	struct classifier *classifier = xcalloc(1, sizeof(*classifier));

	phrases_init(&classifier->phrases);
	classifier->formats = formats_new(own_formats, error);
	if (classifier->formats != NULL &&
		read_phrases(&classifier->phrases, own_phrases, error))
		return classifier;
	classifier_free(classifier);
	return NULL;
}

void classifier_free(struct classifier *classifier)
{
	if (classifier == NULL)
		return;
	formats_free(classifier->formats);
	phrases_clear(&classifier->phrases);
	free(classifier);
}

const struct formats *classifier_formats(const struct classifier *classifier)
{
	return classifier->formats;
}

/* ---- what is known, from the best evidence to the worst ---- */

struct finding {
	enum outcome_class class;
	const char *reason;
	int rank;
};

static void offer(
	struct finding *finding, int rank, enum outcome_class class, const char *reason)
{
	if (rank <= finding->rank)
		return;
	finding->rank = rank;
	finding->class = class;
	finding->reason = reason;
}

/*
 * What a reply code alone says: hardly anything, but where it is about logging
 * in (RFC 4954): "535 unknown user" is the sender.  521 is said to networks, too.
 */
static const struct {
	int reply, rank;
	enum outcome_class class;
	const char *reason;
} replies[] = {
	{ 530, 86, CLASS_POLICY, "securityerror" },
	{ 535, 86, CLASS_POLICY, "securityerror" },
	{ 552, 10, CLASS_SOFT, "exceedlimit" },
	{ 556, 10, CLASS_HARD, "notaccept" }, /* RFC 7504: the domain takes no mail */
	{ 571, 10, CLASS_POLICY, "securityerror" },
};

/* Who was turned away before the recipient was named, or as the sender. */
static const char *const refused_at[] = {
	[STAGE_CONNECT] = "blocked",
	[STAGE_HELO] = "blocked",
	[STAGE_MAIL] = "rejected",
	[STAGE_DATA] = NULL,
};

enum { RANK_REPLY = 10, RANK_NOTHING = 1 };

static void offer_reply(struct finding *finding, const struct reading *reading)
{
	int reply = reading->codes.reply;
	const char *refused = refused_at[reading->stage];

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		if (replies[i].reply == reply)
			offer(finding, replies[i].rank, replies[i].class,
				replies[i].reason);
	if (reply >= 500 && refused != NULL)
		offer(finding, RANK_REPLY, CLASS_POLICY, refused);
	offer(finding, RANK_NOTHING, CLASS_SOFT, reply == 0 ? "undefined" : "onhold");
}

/*
 * Beside a reply that has no such code, 5.1.1 is but what the reporter made of 550:
 * any word of the reply says more.
 */
enum { RANK_MADE_UP = 14 };

static void offer_status(struct finding *finding, const struct reading *reading)
{
	const struct status_row *row = status_find(reading->codes.status);
	bool made_up = reading->codes.reply != 0 && reading->outer_status;

	if (row == NULL)
		return;
	offer(finding,
		made_up && row->class == CLASS_HARD && row->rank > RANK_MADE_UP
			? RANK_MADE_UP
			: row->rank,
		row->class, row->reason);
}

static void offer_phrase(
	struct finding *finding, const struct reading *reading, enum reading_part part)
{
	const struct row *row = reading_best(reading, part);
	const struct section *section;

	if (row == NULL)
		return;
	section = &reading->phrases->sections[row->section];
	offer(finding, section->rank, section->class, section->reason);
}

/*
 * What the innermost server said comes first, in words or by a code that says
 * something; only then what others wrote around it.
 */
static void find(struct finding *finding, const struct reading *reading)
{
	offer_phrase(finding, reading, PART_INNER);
	if (reading->inner_status)
		offer_status(finding, reading);
	if (finding->rank < RANK_VAGUE)
		offer_phrase(finding, reading, PART_ALL);
	offer_status(finding, reading);
	offer_reply(finding, reading);
}

/* ---- the guards ---- */

/* Refused for now: by the reply, or where there is none by the status. */
static bool is_temporary(const struct reading *reading)
{
	if (reading->codes.reply != 0)
		return reading->codes.reply < 500;
	return reading->codes.status[0] == '4';
}

static bool is_action(const struct evidence *evidence, const char *action)
{
	return strcasecmp(evidence->action, action) == 0;
}

static bool is_success(const struct evidence *evidence)
{
	return is_action(evidence, "delivered") || is_action(evidence, "relayed") ||
	       is_action(evidence, "expanded") ||
	       (evidence->status[0] == '2' && !is_action(evidence, "failed"));
}

static bool is_about_message(const struct reading *reading)
{
	return reading->stage == STAGE_MAIL || reading->stage == STAGE_DATA ||
	       reading->stage == STAGE_CONNECT || reading->stage == STAGE_HELO;
}

/*
 * That a domain does not exist is found out at home, without a reply; some
 * then write "4.0.0" (Gmail), which is no more than a slip.
 */
static bool is_about_domain(const struct finding *finding, const struct reading *reading)
{
	return reading->codes.reply == 0 && codes_say_nothing(reading->codes.status) &&
	       (strcmp(finding->reason, "hostunknown") == 0 ||
		       strcmp(finding->reason, "notaccept") == 0);
}

/* "5.7.1 the domain does not exist" is not said of the recipient's. */
static bool is_about_us(const struct finding *finding, const struct reading *reading)
{
	return finding->rank >= RANK_PHRASE && strlen(reading->codes.status) > 3 &&
	       memcmp(reading->codes.status + 1, ".7.", 3) == 0;
}

static void guard(struct finding *finding, const struct reading *reading)
{
	if (finding->class != CLASS_HARD)
		return;
	if (finding->rank < RANK_CLEAR &&
		(is_about_message(reading) || is_about_us(finding, reading))) {
		finding->class = finding->rank >= RANK_PHRASE ? CLASS_POLICY : CLASS_SOFT;
		finding->reason = finding->rank >= RANK_PHRASE ? "rejected" : "onhold";
	} else if (is_action(reading->evidence, "delayed") ||
		   (is_temporary(reading) && !is_about_domain(finding, reading))) {
		finding->class = CLASS_SOFT;
	}
}

void classify(const struct classifier *classifier, const struct evidence *evidence,
	struct judgement *judgement)
{
	struct finding finding = { .rank = 0 };
	struct reading reading;

	reading_make(&reading, &classifier->phrases, evidence);
	find(&finding, &reading);
	guard(&finding, &reading);
	if (is_success(evidence)) {
		finding.class = CLASS_NONE;
		finding.reason = "delivered";
	}
	judgement->class = finding.class;
	judgement->reason = finding.reason;
	memcpy(judgement->status, reading.codes.status, sizeof(judgement->status));
}
