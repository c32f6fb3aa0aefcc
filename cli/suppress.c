/* okite suppress add, remove, show, list: the entries one by one. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

static const char *const headings[] = {
	"ADDRESS",
	"REASON",
	"SCOPE",
	"SINCE",
	"UNTIL",
	"SOURCE",
	"NOTE",
	NULL,
};

const char *scope_text(const char *scope)
{
	return strcmp(scope, SCOPE_EVERYONE) == 0 ? "everyone" : scope;
}

json_t *suppression_to_json(const struct suppression *entry)
{
	bool everyone = strcmp(entry->scope, SCOPE_EVERYONE) == 0;
	json_t *object = json_object();

	json_object_set_new(object, "address", value_or_null(entry->address));
	json_object_set_new(object, "digest", value_of_text(entry->digest));
	json_object_set_new(object, "reason", value_of_text(reason_names[entry->reason]));
	json_object_set_new(object, "scope", value_of_text(scope_text(entry->scope)));
	/* An account may be called "everyone". */
	json_object_set_new(
		object, "account", everyone ? json_null() : value_of_text(entry->scope));
	json_object_set_new(object, "since", value_of_moment(entry->since_us));
	json_object_set_new(object, "until", value_of_moment(entry->until_us));
	json_object_set_new(object, "source", value_of_text(entry->source));
	json_object_set_new(object, "note", value_of_text(entry->note));
	return object;
}

static void entry_row(struct table *table, const struct suppression *entry)
{
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	clock_to_text(until, sizeof(until), entry->until_us);
	table_row(
		table, (const char *const[]){
			       entry->address[0] != '\0' ? entry->address : entry->digest,
			       reason_names[entry->reason],
			       scope_text(entry->scope),
			       clock_to_text(since, sizeof(since), entry->since_us),
			       until[0] != '\0' ? until : "never",
			       entry->source,
			       entry->note,
		       });
}

/* The answer to a change: "added bob@example.com (hard)". */
static void tell_change(struct cli *cli, const char *change, const struct target *target,
	const char *scope)
{
	const char *name = target->address[0] != '\0' ? target->address : target->digest;
	char printable[2 * ADDRESS_SIZE];
	json_t *object;

	if (!cli->output.json) {
		fprintf(cli->output.to, "%s %s for %s\n", change,
			text_printable(printable, sizeof(printable), name),
			strcmp(scope, SCOPE_EVERYONE) == 0 ? "everyone" : scope);
		return;
	}
	object = json_object();
	json_object_set_new(object, "change", value_of_text(change));
	json_object_set_new(object, "address", value_or_null(target->address));
	json_object_set_new(object, "digest", value_of_text(target->digest));
	json_object_set_new(object, "scope", value_of_text(scope_text(scope)));
	output_json(&cli->output, object);
}

/* What is recorded with a change of the list. */
static void make_event(const struct cli *cli, enum event_kind kind,
	const struct target *target, const char *scope, struct event *event)
{
	bool known = target->address[0] != '\0' && cli->conf->store_addresses;

	*event = (struct event){ .kind = kind };
	if (strcmp(scope, SCOPE_EVERYONE) != 0)
		text_copy(event->account, sizeof(event->account), scope);
	text_copy(event->recipient, sizeof(event->recipient),
		known ? target->address : target->digest);
	text_copy(event->detail, sizeof(event->detail), "by command");
}

/* The scope that --account names; everyone without it. */
static bool read_scope(const struct arguments *arguments, char scope[ACCOUNT_SIZE])
{
	if (arguments->account == NULL)
		return text_copy(scope, ACCOUNT_SIZE, SCOPE_EVERYONE);
	return account_name(scope, arguments->account);
}

/* --expire into UNTIL_US, which is left alone without it. */
static bool read_end(const char *text, int64_t *until_us)
{
	if (text == NULL)
		return true;
	if (strcmp(text, "never") == 0) {
		*until_us = 0;
		return true;
	}
	return moment_parse(text, 1, until_us) && *until_us > clock_now_us();
}

int run_suppress_add(struct cli *cli)
{
	static const char *const changes[] = { "unchanged", "changed", "added" };
	const struct arguments *arguments = &cli->arguments;
	const char *reason = arguments->reason != NULL ? arguments->reason : "manual";
	const char *note = arguments->note != NULL ? arguments->note : "";
	struct suppression entry = { .reason = reason_from_text(reason) };
	int64_t now_us = clock_now_us(), until_us = 0;
	enum change change = CHANGE_UNCHANGED;
	struct error error = ERROR_NONE;
	struct target target;
	struct event event;
	const char *fault;
	int status;

	if (entry.reason == REASON_NONE)
		return cli_usage(cli,
			"--reason is hard, soft, complaint, unsubscribe or manual, not "
			"\"%s\"",
			reason);
	if (!read_scope(arguments, entry.scope))
		return cli_usage(cli, "--account is empty or too long");
	if (!read_end(arguments->expire, &until_us))
		return cli_usage(cli, "--expire is a time like 14d, or never, not \"%s\"",
			arguments->expire);
	if (!text_copy(entry.note, sizeof(entry.note), note))
		return cli_usage(cli, "--note is longer than %d bytes", NOTE_SIZE - 1);
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	fault = target_parse(&target, arguments->operands[0], cli->secret);
	if (fault != NULL)
		return cli_usage(cli, "%s: %s", arguments->operands[0], fault);
	text_copy(entry.digest, sizeof(entry.digest), target.digest);
	text_copy(entry.source, sizeof(entry.source), "command");
	if (cli->conf->store_addresses)
		text_copy(entry.address, sizeof(entry.address), target.address);
	entry.since_us = now_us;
	entry.until_us = arguments->expire != NULL
				 ? until_us
				 : suppression_end(cli->conf, entry.reason, now_us);
	make_event(cli, EVENT_SUPPRESSED, &target, entry.scope, &event);
	snprintf(event.detail, sizeof(event.detail), "%s, by command%s%s", reason,
		note[0] != '\0' ? ": " : "", note);
	if (!store_suppress(cli->store, &entry, 1, &event, &change, &error))
		return cli_away(&error);
	tell_change(cli, changes[change], &target, entry.scope);
	return CLI_YES;
}

/* A target of show and remove: a digest does as well. */
static const char *find_target(struct cli *cli, struct target *target)
{
	const char *text = cli->arguments.operands[0];

	if (target_from_digest(target, text))
		return NULL;
	return target_parse(target, text, cli->secret);
}

int run_suppress_remove(struct cli *cli)
{
	struct error error = ERROR_NONE;
	char scope[ACCOUNT_SIZE];
	struct target target;
	struct event event;
	const char *fault;
	bool found;
	int status;

	if (!read_scope(&cli->arguments, scope))
		return cli_usage(cli, "--account is empty or too long");
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	fault = find_target(cli, &target);
	if (fault != NULL)
		return cli_usage(cli, "%s: %s", cli->arguments.operands[0], fault);
	make_event(cli, EVENT_UNSUPPRESSED, &target, scope, &event);
	if (!store_unsuppress(cli->store, target.digest, scope, &event, &found, &error))
		return cli_away(&error);
	if (!found)
		return cli_no("%s is not suppressed for %s", cli->arguments.operands[0],
			scope_text(scope));
	tell_change(cli, "removed", &target, scope);
	return CLI_YES;
}

/* A walk over entries: which of them are wanted, and where they go. */
struct listing {
	struct output *output;
	struct table table;
	const char *pattern; /* lower case, or NULL */
	enum reason reason;  /* REASON_NONE: any */
	int64_t since_us;
	const char *scope; /* NULL: any */
	size_t shown;
};

static bool is_wanted(const struct listing *listing, const struct suppression *entry)
{
	const char *name = entry->address[0] != '\0' ? entry->address : entry->digest;

	return (listing->reason == REASON_NONE || entry->reason == listing->reason) &&
	       entry->since_us >= listing->since_us &&
	       (listing->scope == NULL || strcmp(entry->scope, listing->scope) == 0) &&
	       (listing->pattern == NULL || text_matches(listing->pattern, name));
}

static bool show_entry(const struct suppression *entry, void *context)
{
	struct listing *listing = context;

	if (!is_wanted(listing, entry))
		return true;
	listing->shown++;
	if (listing->output->json)
		return output_json(listing->output, suppression_to_json(entry));
	entry_row(&listing->table, entry);
	return output_good(listing->output);
}

int run_suppress_show(struct cli *cli)
{
	struct listing listing = { .output = &cli->output };
	struct error error = ERROR_NONE;
	struct target target;
	const char *fault;
	int status = cli_open(cli);
	bool ok;

	if (status != CLI_YES)
		return status;
	fault = find_target(cli, &target);
	if (fault != NULL)
		return cli_usage(cli, "%s: %s", cli->arguments.operands[0], fault);
	table_init(&listing.table, &cli->output, headings);
	ok = store_find_suppressions(cli->store, target.digest, target.domain_digest,
		show_entry, &listing, &error);
	table_finish(&listing.table);
	if (!ok)
		return cli_away(&error);
	if (listing.shown == 0)
		return cli_no("%s is not suppressed", cli->arguments.operands[0]);
	return CLI_YES;
}

int run_suppress_list(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct listing listing = { .output = &cli->output };
	char scope[ACCOUNT_SIZE], pattern[ADDRESS_SIZE];
	struct error error = ERROR_NONE;
	int status;
	bool ok;

	if (arguments->reason != NULL) {
		listing.reason = reason_from_text(arguments->reason);
		if (listing.reason == REASON_NONE)
			return cli_usage(
				cli, "there is no reason \"%s\"", arguments->reason);
	}
	if (arguments->since != NULL &&
		!moment_parse(arguments->since, -1, &listing.since_us))
		return cli_usage(cli,
			"--since is a time like 7d or 2026-11-24, not \"%s\"",
			arguments->since);
	if (!read_scope(arguments, scope))
		return cli_usage(cli, "--account is empty or too long");
	if (arguments->account != NULL)
		listing.scope = scope;
	if (arguments->operand_count > 0) {
		if (!text_copy(pattern, sizeof(pattern), arguments->operands[0]))
			return cli_usage(cli, "the pattern is longer than any address");
		text_lower(pattern);
		listing.pattern = pattern;
	}
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	table_init(&listing.table, &cli->output, headings);
	ok = store_each_suppression(cli->store, show_entry, &listing, &error);
	table_finish(&listing.table);
	return ok ? CLI_YES : cli_away(&error);
}
