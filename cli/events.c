/* okite events: what was refused and why, what came back. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "cli/cli.h"

enum { FOLLOW_MS = 500 };

struct listing {
	struct output *output;
	struct table table;
	const char *account; /* NULL: of all */
	int64_t since_us;
	char last[EVENT_ID_SIZE]; /* "": none was seen */
};

static bool show_json(struct output *output, const struct event *event)
{
	const struct {
		const char *name, *text;
	} members[] = {
		{ "event", event_names[event->kind] },
		{ "account", event->account },
		{ "recipient", event->recipient },
		{ "sender", event->sender },
		{ "rule", event->rule },
		{ "verdict", event->verdict },
		{ "reply", event->reply },
		{ "queue_id", event->queue_id },
		{ "detail", event->detail },
	};
	json_t *object = json_object();

	json_object_set_new(object, "time", value_of_moment(event->time_us));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set_new(
			object, members[i].name, value_of_text(members[i].text));
	return output_json(output, object);
}

/* What a table has room for: the reply says the most where there is one. */
static void show_row(struct table *table, const struct event *event)
{
	char time[CLOCK_TEXT_SIZE];

	table_row(table, (const char *const[]){
				 clock_to_text(time, sizeof(time), event->time_us),
				 event_names[event->kind],
				 event->account,
				 event->sender,
				 event->recipient,
				 event->verdict,
				 event->rule,
				 event->queue_id,
				 event->reply[0] != '\0' ? event->reply : event->detail,
			 });
}

static bool show_event(const struct event *event, void *context)
{
	struct listing *listing = context;

	text_copy(listing->last, sizeof(listing->last), event->id);
	if (event->time_us < listing->since_us ||
		(listing->account != NULL &&
			strcmp(listing->account, event->account) != 0))
		return !interrupt_came();
	if (listing->output->json)
		show_json(listing->output, event);
	else
		show_row(&listing->table, event);
	return output_good(listing->output) && !interrupt_came();
}

/* Wait for half a second, a signal, or the end of the reader.  False: stop. */
static bool wait_a_while(const struct output *output)
{
	struct pollfd reader = { .fd = fileno(output->to) };

	if (interrupt_came())
		return false;
	return poll(&reader, 1, FOLLOW_MS) == 0;
}

static bool show_events(struct cli *cli, struct listing *listing, struct error *error)
{
	do {
		const char *after = listing->last[0] != '\0' ? listing->last : NULL;

		if (!store_each_event(cli->store, after, show_event, listing, error))
			return false;
		table_flush(&listing->table);
		output_flush(&cli->output);
	} while (cli->arguments.follow && output_good(&cli->output) &&
		 wait_a_while(&cli->output));
	return true;
}

int run_events(struct cli *cli)
{
	static const char *const headings[] = {
		"TIME",
		"EVENT",
		"ACCOUNT",
		"SENDER",
		"RECIPIENT",
		"VERDICT",
		"RULE",
		"QUEUE ID",
		"REPLY OR DETAIL",
		NULL,
	};
	const struct arguments *arguments = &cli->arguments;
	struct listing listing = { .output = &cli->output };
	struct error error = ERROR_NONE;
	char account[ACCOUNT_SIZE];
	int status;
	bool ok;

	if (arguments->account != NULL && !account_name(account, arguments->account))
		return cli_usage(cli, "--account is empty or too long");
	if (arguments->since != NULL &&
		!moment_parse(arguments->since, -1, &listing.since_us))
		return cli_usage(cli,
			"--since is a time like 7d or 2026-11-24, not \"%s\"",
			arguments->since);
	listing.account = arguments->account != NULL ? account : NULL;
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	if (arguments->follow)
		interrupt_catch();
	table_init(&listing.table, &cli->output, headings);
	ok = show_events(cli, &listing, &error);
	table_finish(&listing.table);
	/* A question that the signal broke off is no failure. */
	return ok || interrupt_came() ? CLI_YES : cli_away(&error);
}
