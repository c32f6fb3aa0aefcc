#include "learning/learner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "reputation/judge.h"

enum { BATCH = 256 };

struct learner {
	const struct conf *conf;
	const struct secret *secret;
	struct store *store;
	finding_visitor *tell;
	void *context;
	struct finding *findings;
	size_t count, room;
	struct lesson *lessons; /* of those findings that teach, in their order */
	size_t lesson_count, lesson_room;
};

struct learner *learner_new(const struct conf *conf, const struct secret *secret,
	struct store *store, finding_visitor *tell, void *context)
{
	struct learner *learner = xcalloc(1, sizeof(*learner));

	learner->conf = conf;
	learner->secret = secret;
	learner->store = store;
	learner->tell = tell;
	learner->context = context;
	return learner;
}

void learner_free(struct learner *learner)
{
	if (learner == NULL)
		return;
	free(learner->findings);
	free(learner->lessons);
	free(learner);
}

const struct conf *learner_conf(const struct learner *learner)
{
	return learner->conf;
}

const struct secret *learner_secret(const struct learner *learner)
{
	return learner->secret;
}

struct store *learner_store(const struct learner *learner)
{
	return learner->store;
}

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room == 0 ? 16 : 2 * *room;
	return xreallocarray(array, *room, size);
}

void learner_take(struct learner *learner, const struct news *news)
{
	struct finding *finding;
	struct lesson *lesson;

	learner->findings = grow(learner->findings, learner->count, &learner->room,
		sizeof(*learner->findings));
	learner->lessons = grow(learner->lessons, learner->lesson_count,
		&learner->lesson_room, sizeof(*learner->lessons));
	finding = &learner->findings[learner->count++];
	lesson = &learner->lessons[learner->lesson_count];
	*finding = (struct finding){
		.source = news->source,
		.outcome = *news->outcome,
		.token = news->proof.token,
		.trusted = news->doubt == NULL &&
			   (news->believed || news->proof.token == PROOF_VALID),
	};
	finding->taught = lesson_make(
		lesson, news, learner->conf, learner->secret, &finding->doubt);
	if (!finding->taught)
		return;
	learner->lesson_count++;
	text_copy(finding->account, sizeof(finding->account), lesson->account);
	text_copy(finding->scope, sizeof(finding->scope), lesson->entry.scope);
}

bool learner_is_full(const struct learner *learner)
{
	return learner->count >= BATCH;
}

static bool keep(struct learner *learner, struct error *error)
{
	struct learned *learned = xcalloc(learner->lesson_count, sizeof(*learned));
	bool ok = store_learn(
		learner->store, learner->lessons, learner->lesson_count, learned, error);
	size_t next = 0;

	for (size_t i = 0; ok && i < learner->count; i++)
		if (learner->findings[i].taught)
			learner->findings[i].learned = learned[next++];
	free(learned);
	return ok;
}

/* Was the account of this lesson judged for one before? */
static bool is_judged(const struct learner *learner, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if ((learner->lessons[i].kind == LESSON_HARD ||
			    learner->lessons[i].kind == LESSON_COMPLAINT) &&
			strcmp(learner->lessons[i].account,
				learner->lessons[index].account) == 0)
			return true;
	return false;
}

/* Repetitions too: whoever told it first may have been killed before this. */
static bool judge(struct learner *learner, struct error *error)
{
	bool ok = true;

	for (size_t i = 0; ok && i < learner->lesson_count; i++) {
		const struct lesson *lesson = &learner->lessons[i];

		if (lesson->account[0] != '\0' &&
			(lesson->kind == LESSON_HARD ||
				lesson->kind == LESSON_COMPLAINT) &&
			!is_judged(learner, i))
			ok = judge_account(
				learner->store, learner->conf, lesson->account, error);
	}
	return ok;
}

/* The names of totals: store/store.h. */
static bool tally(struct learner *learner, struct error *error)
{
	char **names = xcalloc(learner->count, sizeof(*names));
	bool ok;

	for (size_t i = 0; i < learner->count; i++) {
		const struct finding *finding = &learner->findings[i];

		names[i] =
			finding->learned.repeated
				? xasprintf("repeated:%s", source_names[finding->source])
				: xasprintf("feedback:%s:%s:%s:%s",
					  outcome_kind_names[finding->outcome.kind],
					  outcome_class_names[finding->outcome.class],
					  source_names[finding->source],
					  finding->trusted ? "yes" : "no");
	}
	ok = store_tally(
		learner->store, (const char *const *)names, learner->count, error);
	for (size_t i = 0; i < learner->count; i++)
		free(names[i]);
	free(names);
	return ok;
}

bool learner_flush(struct learner *learner, struct error *error)
{
	bool ok = learner->count == 0 || (keep(learner, error) && judge(learner, error) &&
						 tally(learner, error));

	for (size_t i = 0; ok && i < learner->count; i++)
		learner->tell(&learner->findings[i], learner->context);
	learner->count = 0;
	learner->lesson_count = 0;
	return ok;
}
