/* okite setup postfix: put okite into this machine's Postfix, and take it out again. */
#include "setup/setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "cli/setup_apply.h"
#include "cli/setup_show.h"
#include "setup/ask.h"
#include "setup/file.h"
#include "setup/listen.h"
#include "setup/record.h"

/*
 * Does okite.conf say something about internal_domains?  An empty list does so,
 * too, and a second one would be a fault.
 */
static bool domains_are_set(const struct conf *conf)
{
	struct bytes bytes;
	bool found = conf->policy.internal_domain_count > 0;

	if (!file_read(conf->path, &bytes, NULL))
		return found;
	for (const char *line = bytes.data; line != NULL && !found;
		line = strchr(line, '\n')) {
		line += strspn(line, " \t\r\n");
		found = strncmp(line, "internal_domains", strlen("internal_domains")) ==
			0;
	}
	bytes_clear(&bytes);
	return found;
}

static int show_or_apply(struct cli *cli, const struct postfix *postfix,
	struct setup_record *record, const char *record_path, const char *address)
{
	struct setup_okite okite = {
		.conf_path = cli->conf_path,
		.address = address,
		.previous = record->address,
		.timeout_us = cli->conf->redis.timeout_us,
		.answers = listen_answers(cli->conf->listen),
		.domains_are_set = domains_are_set(cli->conf),
		.domains = cli->conf->policy.internal_domains,
		.domain_count = cli->conf->policy.internal_domain_count,
	};
	struct setup_plan plan;
	int status = CLI_YES;

	setup_plan_make(&plan, postfix, &okite);
	if (cli->arguments.apply)
		status = setup_apply(cli, postfix, &okite, &plan, record, record_path);
	else
		setup_show_plan(&cli->output, postfix, &okite, &plan, false);
	setup_plan_clear(&plan);
	return status;
}

static int setup(struct cli *cli, struct postfix *postfix)
{
	struct setup_record record = { .folder = NULL };
	char *record_path = NULL, *address = NULL;
	struct error error = ERROR_NONE;
	int status;

	if (!postfix_ask(postfix, &error))
		return cli_no("%s", error.text);
	record_path = setup_record_path(cli->conf->state_dir, postfix->folder);
	address = listen_for_postfix(
		cli->conf->listen, postfix_value(postfix, "queue_directory"), &error);
	if (address == NULL || !setup_record_read(&record, record_path, &error))
		status = cli_no("%s", error.text);
	else if (record.folder != NULL && strcmp(record.folder, postfix->folder) != 0)
		status = cli_no(
			"%s: it is about the Postfix in %s", record_path, record.folder);
	else if (cli->arguments.undo)
		status = setup_undo(cli, postfix, &record, record_path);
	else
		status = show_or_apply(cli, postfix, &record, record_path, address);
	setup_record_clear(&record);
	free(record_path);
	free(address);
	return status;
}

int run_setup_postfix(struct cli *cli)
{
	struct postfix postfix = { .folder = NULL };
	bool changes = cli->arguments.apply || cli->arguments.undo;
	int status;

	if (cli->arguments.apply && cli->arguments.undo)
		return cli_usage(cli, "--apply and --undo exclude each other");
	if (changes && geteuid() != 0)
		return cli_no("only root can change Postfix's configuration; without %s "
			      "its lines are only shown",
			cli->arguments.apply ? "--apply" : "--undo");
	if (!cli_configure(cli))
		return CLI_NO;
	status = setup(cli, &postfix);
	postfix_clear(&postfix);
	return status;
}
