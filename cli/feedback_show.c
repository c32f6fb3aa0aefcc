#include "cli/feedback.h"

#include <string.h>

#include "base/secret.h"
#include "policy/message.h"
#include "policy/token.h"

static void print_complaint(const char *complaint, void *context)
{
	(void)context;
	fprintf(stderr, "okite: %s\n", complaint);
}

/* Nothing else of the configuration is wanted, so a report without a token needs none. */
static bool have_secret(struct cli *cli)
{
	struct error error = ERROR_NONE;

	if (cli->secret != NULL)
		return true;
	if (cli->conf == NULL)
		cli->conf = conf_read(cli->conf_path, print_complaint, NULL);
	if (cli->conf == NULL)
		return false;
	cli->secret = secret_read(cli->conf->secret_file, false, &error);
	if (cli->secret == NULL)
		fprintf(stderr, "okite: %s\n", error.text);
	return cli->secret != NULL;
}

/* Is it about mail to this recipient?  A hidden one is the only one there was. */
static bool covers(
	const struct token *token, const struct secret *secret, const char *recipient)
{
	struct address address;
	struct recipient known;
	uint8_t digest[DIGEST_BYTES];

	if (recipient[0] == '\0')
		return token->recipient_count == 1;
	if (address_parse(&address, recipient, NULL) != NULL)
		return false;
	recipient_set(&known, &address, secret);
	if (!digest_from_text(known.digest, digest))
		return false;
	for (size_t i = 0; i < token->recipient_count; i++)
		if (memcmp(token->recipients[i], digest, sizeof(digest)) == 0)
			return true;
	return false;
}

static const char *token_state(const struct secret *secret, char *const *tokens,
	size_t token_count, const char *recipient)
{
	struct token token;

	for (size_t i = 0; i < token_count; i++)
		if (token_read(&token, secret, tokens[i]) &&
			covers(&token, secret, recipient))
			return "valid";
	return token_count > 0 ? "invalid" : "none";
}

static bool show(
	struct showing *showing, const struct outcome *outcome, const char *token)
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

	if (showing->file != NULL)
		json_object_set_new(object, "file", value_of_text(showing->file));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(
			object, members[i].name, value_of_text(members[i].text));
	return output_json(&showing->cli->output, object);
}

bool show_outcomes(struct showing *showing, const struct outcome *outcomes, size_t count,
	char *const *tokens, size_t token_count)
{
	static const struct outcome nothing = { .kind = KIND_NONE };

	if (token_count > 0 && !have_secret(showing->cli))
		return false;
	if (count == 0)
		return show(showing, &nothing, token_count > 0 ? "invalid" : "none");
	for (size_t i = 0; i < count; i++)
		if (!show(showing, &outcomes[i],
			    token_state(showing->cli->secret, tokens, token_count,
				    outcomes[i].recipient)))
			return false;
	return true;
}
