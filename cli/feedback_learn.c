/* okite feedback: what comes back is recorded, and told. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/feedback.h"
#include "learning/learner.h"
#include "learning/mail.h"
#include "learning/maillog.h"
#include "learning/sns.h"

struct learning_sink {
	struct feedback_sink sink; /* first */
	struct learner *learner;
	/* Lines that wait for more of them: a copy, one behind the other. */
	char *bytes;
	size_t size, room;
	size_t ends[LINES_MAX];
	size_t line_count;
};

/* ---- telling ---- */

static const char *const token_names[] = {
	[PROOF_NONE] = "none",
	[PROOF_INVALID] = "invalid",
	[PROOF_OLD] = "invalid",
	[PROOF_VALID] = "valid",
};

static void tell_object(struct feedback_sink *sink, const struct finding *finding)
{
	const struct outcome *outcome = &finding->outcome;
	const struct learned *learned = &finding->learned;
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "kind", outcome_kind_names[outcome->kind] },
		{ "class", outcome_class_names[outcome->class] },
		{ "recipient", outcome->recipient },
		{ "status", outcome->status },
		{ "action", outcome->action },
		{ "reason", outcome->reason },
		{ "diagnostic", outcome->diagnostic },
		{ "token", token_names[finding->token] },
		{ "source", source_names[finding->source] },
		{ "account", finding->account },
	};
	json_t *object = json_object();

	if (sink->file != NULL)
		json_object_set_new(object, "file", value_of_text(sink->file));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_set_new(object, texts[i].name, value_of_text(texts[i].text));
	json_object_set_new(object, "trusted", json_boolean(finding->trusted));
	json_object_set_new(object, "doubt",
		value_or_null(finding->doubt != NULL ? finding->doubt : ""));
	json_object_set_new(object, "repeated", json_boolean(learned->repeated));
	json_object_set_new(object, "counted", json_boolean(learned->counted));
	json_object_set_new(object, "suppressed",
		value_or_null(learned->change == CHANGE_UNCHANGED
				      ? ""
				      : scope_text(finding->scope)));
	output_json(&sink->cli->output, object);
}

/* "hard     ann@far.example  5.1.1 userunknown: suppressed for everyone, counted for shop" */
static void tell_line(struct feedback_sink *sink, const struct finding *finding)
{
	const struct outcome *outcome = &finding->outcome;
	const struct learned *learned = &finding->learned;
	char what[DIGEST_TEXT_SIZE + 2 * ACCOUNT_SIZE + 64] = "nothing to learn";

	if (finding->doubt != NULL)
		snprintf(what, sizeof(what), "not counted, %s", finding->doubt);
	else if (learned->repeated)
		snprintf(what, sizeof(what), "known already");
	else if (finding->taught)
		snprintf(what, sizeof(what), "%s%s%s%s%s",
			learned->change != CHANGE_UNCHANGED ? "suppressed for " : "",
			learned->change != CHANGE_UNCHANGED ? scope_text(finding->scope)
							    : "",
			learned->change != CHANGE_UNCHANGED ? ", " : "",
			learned->counted ? "counted for " : "counted for nobody",
			learned->counted ? finding->account : "");
	output_field(&sink->cli->output, outcome_class_names[outcome->class],
		"%s%s%s%s%s: %s",
		outcome->recipient[0] != '\0' ? outcome->recipient : "nobody named",
		outcome->status[0] != '\0' ? " " : "", outcome->status,
		outcome->reason[0] != '\0' ? " " : "", outcome->reason, what);
}

/* Deliveries in a log are most of it. */
static void tell(const struct finding *finding, void *context)
{
	struct feedback_sink *sink = context;

	if (finding->source == SOURCE_LOG && finding->outcome.kind == KIND_NONE)
		return;
	if (sink->cli->output.json)
		tell_object(sink, finding);
	else
		tell_line(sink, finding);
}

/* ---- taking ---- */

bool learn_lines(struct learning_sink *learning, const struct span *lines, size_t count,
	struct error *error)
{
	return learn_log(learning->learner, learning->sink.classifier, lines, count,
		       error) &&
	       learner_flush(learning->learner, error) &&
	       (output_flush(&learning->sink.cli->output) ||
		       error_set(error, "nobody reads what is told any more"));
}

static bool flush(struct learning_sink *learning)
{
	struct error error = ERROR_NONE;

	if (learner_flush(learning->learner, &error))
		return output_flush(&learning->sink.cli->output);
	(void)cli_away(&error);
	return false;
}

static bool learn_kept_lines(struct learning_sink *learning)
{
	struct error error = ERROR_NONE;
	struct span lines[LINES_MAX];
	size_t start = 0, count = learning->line_count;

	for (size_t i = 0; i < count; i++) {
		lines[i] = span_between(
			learning->bytes + start, learning->bytes + learning->ends[i]);
		start = learning->ends[i];
	}
	learning->size = 0;
	learning->line_count = 0;
	if (count == 0 || learn_lines(learning, lines, count, &error))
		return true;
	(void)cli_away(&error);
	return false;
}

static bool take_message(struct feedback_sink *sink, const char *bytes, size_t size)
{
	struct learning_sink *learning = (struct learning_sink *)sink;

	learn_mail(learning->learner, sink->classifier, bytes, size);
	return !learner_is_full(learning->learner) || flush(learning);
}

static bool take_sns(struct feedback_sink *sink, const char *bytes, size_t size)
{
	struct learning_sink *learning = (struct learning_sink *)sink;

	learn_sns(learning->learner, bytes, size);
	return !learner_is_full(learning->learner) || flush(learning);
}

static bool take_line(struct feedback_sink *sink, struct span line)
{
	struct learning_sink *learning = (struct learning_sink *)sink;

	if (learning->size + line.size > learning->room) {
		learning->room = 2 * (learning->size + line.size);
		learning->bytes = xrealloc(learning->bytes, learning->room);
	}
	if (line.size > 0)
		memcpy(learning->bytes + learning->size, line.text, line.size);
	learning->size += line.size;
	learning->ends[learning->line_count++] = learning->size;
	return learning->line_count < LINES_MAX || learn_kept_lines(learning);
}

static bool keep_all(struct feedback_sink *sink)
{
	struct learning_sink *learning = (struct learning_sink *)sink;

	return learn_kept_lines(learning) && flush(learning);
}

/* ---- the sink ---- */

struct learning_sink *sink_that_learns(
	struct cli *cli, const struct classifier *classifier)
{
	struct learning_sink *learning = xcalloc(1, sizeof(*learning));

	learning->sink = (struct feedback_sink){ take_message, take_sns, take_line,
		keep_all, cli, classifier, NULL };
	learning->learner =
		learner_new(cli->conf, cli->secret, cli->store, tell, learning);
	return learning;
}

struct feedback_sink *learning_sink(struct learning_sink *learning)
{
	return &learning->sink;
}

void learning_sink_free(struct learning_sink *learning)
{
	if (learning == NULL)
		return;
	learner_free(learning->learner);
	free(learning->bytes);
	free(learning);
}
