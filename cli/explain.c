/* okite explain: the message that is asked about, and how the answer is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/explain.h"

/* ---- the answer ---- */

static const char *outcome(const struct verdict *verdict)
{
	return verdict_names[verdict->observed ? VERDICT_ACCEPT : verdict->kind];
}

static bool is_refused(const struct verdict *verdict)
{
	return !verdict->observed &&
	       (verdict->kind == VERDICT_TEMPFAIL || verdict->kind == VERDICT_REJECT);
}

/* What the client is told: nothing of what is only observed, or held. */
static const char *told_reply(const struct verdict *verdict, char *reply, size_t size)
{
	const struct verdict accepted = { .code = 0 };

	return verdict_reply(is_refused(verdict) ? verdict : &accepted, reply, size);
}

static const char not_outgoing[] = "not outgoing: okite passes it untouched";

static void tell_json(const struct explanation *explanation, const struct answer *answer)
{
	const struct verdict *verdict = &answer->verdict;
	char reply[REPLY_SIZE + 32];
	json_t *object = json_object();

	json_object_set_new(
		object, "recipient", value_of_text(answer->recipient.address.text));
	json_object_set_new(object, "verdict", value_of_text(outcome(verdict)));
	json_object_set_new(object, "rule", value_of_text(verdict->rule));
	json_object_set_new(object, "reply",
		value_of_text(told_reply(verdict, reply, sizeof(reply))));
	json_object_set_new(object, "limits",
		limit_views_to_json(answer->limits, answer->limit_count));
	json_object_set_new(object, "observed", json_boolean(verdict->observed));
	json_object_set_new(
		object, "account", value_of_text(explanation->message.account));
	if (verdict->observed) {
		json_object_set_new(
			object, "would_be", value_of_text(verdict_names[verdict->kind]));
		json_object_set_new(object, "would_reply",
			value_of_text(verdict_reply(verdict, reply, sizeof(reply))));
	}
	if (!explanation->message.outgoing)
		json_object_set_new(object, "note", value_of_text(not_outgoing));
	output_json(&explanation->cli->output, object);
}

static void tell_person(
	const struct explanation *explanation, const struct answer *answer)
{
	struct output *output = &explanation->cli->output;
	const struct verdict *verdict = &answer->verdict;
	char printable[2 * ADDRESS_SIZE], reply[REPLY_SIZE + 32], safe[2 * sizeof(reply)];

	fprintf(output->to, "%s: %s",
		text_printable(
			printable, sizeof(printable), answer->recipient.address.text),
		outcome(verdict));
	if (verdict->rule[0] != '\0')
		fprintf(output->to, ", rule %s", verdict->rule);
	if (verdict->observed)
		fprintf(output->to, " (only observed, else %s)",
			verdict_names[verdict->kind]);
	putc('\n', output->to);
	if (!explanation->message.outgoing) {
		fprintf(output->to, "    %s\n", not_outgoing);
		return;
	}
	/* Of mail that is held, for which the client is told 250, the words say why. */
	if (verdict->kind == VERDICT_HOLD && verdict->text[0] != '\0')
		text_copy(reply, sizeof(reply), verdict->text);
	else
		verdict_reply(verdict, reply, sizeof(reply));
	fprintf(output->to, "    %s\n", text_printable(safe, sizeof(safe), reply));
	limit_views_print(output, answer->limits, answer->limit_count);
}

static int tell_answers(const struct explanation *explanation)
{
	int status = CLI_YES;

	for (size_t i = 0; i < explanation->count; i++) {
		const struct answer *answer = &explanation->answers[i];

		if (explanation->cli->output.json)
			tell_json(explanation, answer);
		else
			tell_person(explanation, answer);
		if (is_refused(&answer->verdict))
			status = CLI_NO;
	}
	return status;
}

/* ---- the message ---- */

static int read_envelope(struct explanation *explanation)
{
	struct cli *cli = explanation->cli;
	const struct arguments *arguments = &cli->arguments;
	struct message *message = &explanation->message;
	const char *client = arguments->client != NULL ? arguments->client : "127.0.0.1";
	const char *fault;

	if (arguments->from == NULL || arguments->to.count == 0)
		return cli_usage(cli, "--from and --to are needed");
	fault = address_parse(&message->sender, arguments->from, NULL);
	if (fault == NULL && message->sender.text[0] != '\0' &&
		message->sender.domain[0] == '\0')
		fault = "a sender has a domain, like user@example.com, or is <>";
	if (fault != NULL)
		return cli_usage(cli, "--from %s: %s", arguments->from, fault);
	if (arguments->login != NULL && !account_name(message->login, arguments->login))
		return cli_usage(cli, "--login is empty or too long");
	if (arguments->local && (arguments->login != NULL || arguments->client != NULL))
		return cli_usage(cli, "--local has neither a login nor a client");
	if (!arguments->local && !client_from_text(&message->client, client))
		return cli_usage(cli, "--client %s is no IP address", client);
	if (arguments->size != NULL && !text_to_bytes(arguments->size, &message->size))
		return cli_usage(cli,
			"--size is a number of bytes like 20000 or 10M, not \"%s\"",
			arguments->size);
	message->from_sendmail = arguments->local;
	message->judged_whole = arguments->local;
	return CLI_YES;
}

/* The addresses of --to, and those that stand alone behind them. */
static int read_recipients(struct explanation *explanation)
{
	const struct arguments *arguments = &explanation->cli->arguments;
	size_t named = arguments->to.count;

	explanation->count = named + arguments->operand_count;
	explanation->answers = xcalloc(explanation->count, sizeof(*explanation->answers));
	for (size_t i = 0; i < explanation->count; i++) {
		const char *text = i < named ? arguments->to.items[i]
					     : arguments->operands[i - named];
		struct address address;
		const char *fault = address_parse(&address, text, NULL);

		if (fault == NULL && address.domain[0] == '\0')
			fault = "a recipient has a domain, like user@example.com";
		if (fault != NULL)
			return cli_usage(explanation->cli, "--to %s: %s", text, fault);
		recipient_set(&explanation->answers[i].recipient, &address,
			explanation->cli->secret);
	}
	return CLI_YES;
}

static int explain(struct explanation *explanation)
{
	struct cli *cli = explanation->cli;
	struct message *message = &explanation->message;
	bool found, ok = true;

	policy_classify(&cli->conf->policy, message);
	if (message->outgoing) {
		ok = store_account(cli->store, message->account, &explanation->account,
			     &found, &explanation->error) &&
		     (message->judged_whole ? explanation_find_whole(explanation)
					    : explanation_find_each(explanation));
	}
	return ok ? tell_answers(explanation) : cli_away(&explanation->error);
}

int run_explain(struct cli *cli)
{
	struct explanation explanation = { .cli = cli };
	int status = read_envelope(&explanation);

	if (status == CLI_YES)
		status = cli_open(cli);
	if (status == CLI_YES)
		status = read_recipients(&explanation);
	if (status == CLI_YES)
		status = explain(&explanation);
	for (size_t i = 0; i < explanation.count; i++)
		free(explanation.answers[i].limits);
	for (size_t i = 0; i < explanation.use_count; i++)
		free(explanation.uses[i].key);
	free(explanation.answers);
	free(explanation.uses);
	message_clear(&explanation.message);
	return status;
}
