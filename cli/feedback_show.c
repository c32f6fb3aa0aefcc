#include "cli/feedback.h"

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "feedback/maillog.h"
#include "feedback/maillog_outcome.h"
#include "feedback/report.h"
#include "feedback/ses.h"
#include "feedback/sns.h"
#include "learning/proof.h"
#include "policy/message.h"

static bool have_secret(struct cli *cli)
{
	struct error error = ERROR_NONE;

	if (cli->secret != NULL)
		return true;
	if (cli->conf == NULL && !cli_configure(cli))
		return false;
	cli->secret = secret_read(cli->conf->secret_file, false, &error);
	if (cli->secret == NULL)
		fprintf(stderr, "okite: %s\n", error.text);
	return cli->secret != NULL;
}

/* A hidden recipient is the only one there was. */
static const char *token_state(const struct secret *secret, char *const *tokens,
	size_t token_count, const char *recipient)
{
	struct recipient known;
	struct address address;
	struct proof proof;

	if (token_count == 0)
		return "none";
	if (recipient[0] != '\0' && address_parse(&address, recipient, NULL) != NULL)
		return "invalid";
	if (recipient[0] != '\0')
		recipient_set(&known, &address, secret);
	proof_find(&proof, secret, tokens, token_count,
		recipient[0] != '\0' ? &known : NULL, clock_now_us());
	return proof.token == PROOF_VALID && proof.digest[0] != '\0' ? "valid"
								     : "invalid";
}

static bool show(
	struct feedback_sink *sink, const struct outcome *outcome, const char *token)
{
	const struct {
		const char *name, *text;
	} members[] = {
		{ "kind", outcome_kind_names[outcome->kind] },
		{ "class", outcome_class_names[outcome->class] },
		{ "recipient", outcome->recipient },
		{ "status", outcome->status },
		{ "action", outcome->action },
		{ "reason", outcome->reason },
		{ "diagnostic", outcome->diagnostic },
		{ "token", token },
	};
	json_t *object = json_object();

	if (sink->file != NULL)
		json_object_set_new(object, "file", value_of_text(sink->file));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(
			object, members[i].name, value_of_text(members[i].text));
	return output_json(&sink->cli->output, object);
}

/* None at all is shown as one of kind none.  The secret is read when the first token comes. */
static bool show_outcomes(struct feedback_sink *sink, const struct outcome *outcomes,
	size_t count, char *const *tokens, size_t token_count)
{
	static const struct outcome nothing = { .kind = KIND_NONE };

	if (token_count > 0 && !have_secret(sink->cli))
		return false;
	if (count == 0)
		return show(sink, &nothing, token_count > 0 ? "invalid" : "none");
	for (size_t i = 0; i < count; i++)
		if (!show(sink, &outcomes[i],
			    token_state(sink->cli->secret, tokens, token_count,
				    outcomes[i].recipient)))
			return false;
	return true;
}

static bool show_message(struct feedback_sink *sink, const char *bytes, size_t size)
{
	struct report report;
	bool good;

	report_parse(sink->classifier, bytes, size, &report);
	good = show_outcomes(
		sink, report.outcomes, report.count, report.tokens, report.token_count);
	report_clear(&report);
	return good;
}

/* SNS's envelope around an object of SES's, or that object alone. */
static bool show_sns(struct feedback_sink *sink, const char *bytes, size_t size)
{
	struct sns sns;
	struct ses ses;
	bool good;

	if (sns_read(&sns, bytes, size) == SNS_NO_ENVELOPE)
		(void)ses_read(&ses, bytes, size);
	else
		(void)ses_read(&ses, sns.message != NULL ? sns.message : "",
			sns.message != NULL ? strlen(sns.message) : 0);
	good = show_outcomes(sink, ses.outcomes, ses.count, ses.tokens, ses.token_count);
	ses_clear(&ses);
	sns_clear(&sns);
	return good;
}

static bool show_line(struct feedback_sink *sink, struct span line)
{
	const struct maillog_clock clock = { 0 };
	struct maillog event;
	struct outcome outcome;

	return !maillog_read(&event, &clock, line.text, line.size) ||
	       !maillog_outcome(sink->classifier, &event, &outcome) ||
	       show_outcomes(sink, &outcome, 1, NULL, 0);
}

static bool show_all(struct feedback_sink *sink)
{
	return output_flush(&sink->cli->output);
}

void sink_that_shows(struct feedback_sink *sink)
{
	sink->message = show_message;
	sink->sns = show_sns;
	sink->line = show_line;
	sink->pause = show_all;
}
