#include "learning/mail.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/report.h"

/* What the report is known by when it comes again: its Message-ID, else all of it. */
static char *name_report(const struct learner *learner, const struct report *report,
	const char *bytes, size_t size)
{
	char digest[DIGEST_TEXT_SIZE], *text;

	if (report->message_id[0] != '\0')
		return xstrdup(report->message_id);
	text = xasprintf("%.*s", (int)size, bytes);
	digest_of(learner_secret(learner), text, digest);
	free(text);
	return xstrdup(digest);
}

static void find_proof(const struct learner *learner, const struct report *report,
	const char *recipient, struct proof *proof)
{
	const struct secret *secret = learner_secret(learner);
	struct recipient known;
	struct address address;
	bool named =
		recipient[0] != '\0' && address_parse(&address, recipient, NULL) == NULL;

	*proof = (struct proof){ .token = report->token_count > 0 ? PROOF_INVALID
								  : PROOF_NONE };
	if (named)
		recipient_set(&known, &address, secret);
	if (named || recipient[0] == '\0')
		proof_find(proof, secret, report->tokens, report->token_count,
			named ? &known : NULL, store_clock_us(learner_store(learner)));
}

/*
 * A complaint whose recipient is made unreadable (RFC 6590): where only one was
 * written to, it is that one.
 */
static void see_through(const struct learner *learner, const struct report *report,
	struct outcome *outcome, struct proof *proof)
{
	struct proof hidden;

	if (outcome->kind != KIND_COMPLAINT || proof->token != PROOF_INVALID)
		return;
	find_proof(learner, report, "", &hidden);
	if (hidden.token != PROOF_VALID)
		return;
	outcome->recipient[0] = '\0';
	*proof = hidden;
}

void learn_mail(struct learner *learner, const struct classifier *classifier,
	const char *bytes, size_t size)
{
	static const struct outcome nothing = { .kind = KIND_NONE };
	struct report report;
	char *name;

	report_parse(classifier, bytes, size, &report);
	name = name_report(learner, &report, bytes, size);
	for (size_t i = 0; i < report.count || i == 0; i++) {
		struct outcome outcome = report.count > 0 ? report.outcomes[i] : nothing;
		struct news news = {
			.source = SOURCE_MESSAGE,
			.outcome = &outcome,
			.report = name,
			.unsubscribes = strncmp(report.feedback_type, "opt-out", 7) == 0,
		};

		find_proof(learner, &report, outcome.recipient, &news.proof);
		see_through(learner, &report, &outcome, &news.proof);
		news.one_of_several = news.proof.several;
		learner_take(learner, &news);
	}
	free(name);
	report_clear(&report);
}
