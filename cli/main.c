/*
 * okite: the command for people.  The table below is what it can do; each
 * command is a function in a file of its own.
 */
#include <errno.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/standard_files.h"
#include "cli/options.h"
#include "lists/layouts.h"
#include "reputation/notify.h"

#ifndef OKITE_CONFIG
#define OKITE_CONFIG "/etc/okite/okite.conf"
#endif
#ifndef OKITE_VERSION
#define OKITE_VERSION "unknown"
#endif

enum { MANY = 1 << 20 };

/* The usage line is also what says which options a command takes. */
struct command {
	const char *first, *second;
	const char *usage;
	size_t least, most; /* operands */
	bool writes; /* then a missing secret is made, and a Redis of nobody's becomes ours */
	command_function *run;
};

static const struct command commands[] = {
	{ "check", NULL, "check", 0, 0, false, run_check },
	{ "explain", NULL,
		"explain --from ADDRESS --to ADDRESS... [--login LOGIN] [--client IP] "
		"[--size BYTES] [--local]",
		0, MANY, false, run_explain },
	{ "suppress", "add",
		"suppress add ADDRESS|@DOMAIN [--reason REASON] [--account ACCOUNT] "
		"[--expire DURATION|never] [--note TEXT]",
		1, 1, true, run_suppress_add },
	{ "suppress", "remove", "suppress remove ADDRESS|@DOMAIN [--account ACCOUNT]", 1,
		1, false, run_suppress_remove },
	{ "suppress", "show", "suppress show ADDRESS|@DOMAIN|DIGEST", 1, 1, false,
		run_suppress_show },
	{ "suppress", "list",
		"suppress list [--reason REASON] [--since TIME] [--account ACCOUNT] "
		"[PATTERN]",
		0, 1, false, run_suppress_list },
	{ "suppress", "import",
		"suppress import FILE|- [--format auto|" FORMAT_NAMES
		"] [--reason REASON] [--account ACCOUNT]",
		1, 1, true, run_suppress_import },
	{ "suppress", "export",
		"suppress export [FILE] [--format okite|plain|ses] [--account ACCOUNT]",
		0, 1, false, run_suppress_export },
	{ "account", "list", "account list", 0, 0, false, run_account_list },
	{ "account", "show", "account show ACCOUNT", 1, 1, false, run_account_show },
	{ "account", "set",
		"account set ACCOUNT [--plan PLAN] [--limit NAME=VALUE]... [--until "
		"TIME] "
		"[--note TEXT]",
		1, 1, true, run_account_set },
	{ "account", "pause", "account pause ACCOUNT [--reject] [--note TEXT]", 1, 1,
		true, run_account_pause },
	{ "account", "resume", "account resume ACCOUNT", 1, 1, true, run_account_resume },
	{ "account", "reset", "account reset ACCOUNT [LIMIT]", 1, 2, false,
		run_account_reset },
	{ "verified", "add", "verified add ADDRESS|@DOMAIN", 1, 1, true,
		run_verified_add },
	{ "verified", "remove", "verified remove ADDRESS|@DOMAIN", 1, 1, false,
		run_verified_remove },
	{ "verified", "list", "verified list [ADDRESS|@DOMAIN]", 0, 1, false,
		run_verified_list },
	{ "feedback", NULL,
		"feedback [--parse-only|-f] [--format auto|message|mbox|sns|log] "
		"[FILE...]",
		0, MANY, false, run_feedback },
	{ "events", NULL, "events [-f] [--account ACCOUNT] [--since TIME]", 0, 0, false,
		run_events },
	{ "setup", "postfix", "setup postfix [--apply|--undo]", 0, 0, false,
		run_setup_postfix },
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static bool usage_is_wanted(const struct command *command, char **words, size_t count)
{
	return (count < 1 || strcmp(command->first, words[0]) == 0) &&
	       (count < 2 || command->second == NULL ||
		       strcmp(command->second, words[1]) == 0);
}

/* The usage of all commands that begin with these words: how many there are. */
static size_t print_usage(FILE *to, char **words, size_t count)
{
	const char *start = "usage:";
	size_t shown = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!usage_is_wanted(&commands[i], words, count))
			continue;
		fprintf(to, "%-6s okite [-c FILE] [--json] %s\n", start,
			commands[i].usage);
		start = "";
		shown++;
	}
	return shown;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	fputs("okite: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nusage: okite [-c FILE] [--json] %s\n", cli->command->usage);
	/* By a slip in master.cf no report may bounce to who reported it. */
	return cli->command->run == run_feedback ? CLI_AWAY : CLI_USAGE;
}

int cli_no(const char *format, ...)
{
	va_list arguments;

	fputs("okite: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	putc('\n', stderr);
	return CLI_NO;
}

int cli_away(const struct error *error)
{
	fprintf(stderr, "okite: %s\n", error->text);
	return CLI_AWAY;
}

static void print_complaint(const char *complaint, void *context)
{
	(void)context;
	fprintf(stderr, "okite: %s\n", complaint);
}

bool cli_configure(struct cli *cli)
{
	cli->conf = conf_read(cli->conf_path, print_complaint, NULL);
	return cli->conf != NULL;
}

int cli_open(struct cli *cli)
{
	struct error error = ERROR_NONE;

	if (!cli_configure(cli))
		return CLI_NO;
	cli->secret = secret_read(cli->conf->secret_file, cli->command->writes, &error);
	if (cli->secret == NULL)
		return cli_no("%s", error.text);
	cli->store = store_open_redis(
		&cli->conf->redis, cli->secret, cli->command->writes, &error);
	if (cli->store == NULL)
		return cli_no("%s", error.text);
	/* Before anything is done: with another secret every digest would miss. */
	if (store_probe(cli->store, &error) != STORE_READY)
		return cli_away(&error);
	return CLI_YES;
}

static const struct command *find_command(char **words, size_t count)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command *command = &commands[i];

		if (count < 1 || strcmp(command->first, words[0]) != 0)
			continue;
		if (command->second == NULL ||
			(count > 1 && strcmp(command->second, words[1]) == 0))
			return command;
	}
	return NULL;
}

static int unknown_command(const struct arguments *arguments, const struct given *given)
{
	char **words = arguments->operands;
	size_t count = arguments->operand_count;

	if (given->fault[0] != '\0')
		fprintf(stderr, "okite: %s\n", given->fault);
	else if (count == 0)
		fputs("okite: a command is missing\n", stderr);
	else
		fprintf(stderr, "okite: there is no command \"%s%s%s\"\n", words[0],
			count > 1 ? " " : "", count > 1 ? words[1] : "");
	if (count == 0 || print_usage(stderr, words, 1) == 0)
		fputs("usage: okite [-c FILE] [--json] COMMAND ...; okite --help lists "
		      "the "
		      "commands\n",
			stderr);
	return CLI_USAGE;
}

static int check_usage(struct cli *cli, const struct given *given)
{
	const struct command *command = cli->command;
	const char *misfit = options_misfit(given, command->usage);
	size_t count = cli->arguments.operand_count;

	if (given->fault[0] != '\0')
		return cli_usage(cli, "%s", given->fault);
	if (misfit != NULL)
		return cli_usage(cli, "--%s is no option of this command", misfit);
	if (count < command->least)
		return cli_usage(cli, "an operand is missing");
	if (count > command->most)
		return cli_usage(cli, "one operand too many: %s",
			cli->arguments.operands[command->most]);
	return CLI_YES;
}

static int dispatch(struct cli *cli, const struct given *given)
{
	struct arguments *arguments = &cli->arguments;
	size_t words;
	int status;

	if (given->version) {
		printf("okite %s\n", OKITE_VERSION);
		return CLI_YES;
	}
	if (given->help) {
		if (print_usage(stdout, arguments->operands, arguments->operand_count) ==
			0)
			print_usage(stdout, NULL, 0);
		return CLI_YES;
	}
	cli->command = find_command(arguments->operands, arguments->operand_count);
	if (cli->command == NULL)
		return unknown_command(arguments, given);
	words = cli->command->second != NULL ? 2 : 1;
	arguments->operands += words;
	arguments->operand_count -= words;
	status = check_usage(cli, given);
	return status == CLI_YES ? cli->command->run(cli) : status;
}

int main(int argc, char **argv)
{
	struct cli cli = { .conf_path = OKITE_CONFIG };
	struct given given = { .json = false };
	int status;

	/* A reader that has gone (`okite events | head`) is seen as EPIPE, and ends us
	 * quietly. */
	signal(SIGPIPE, SIG_IGN);
	standard_files_open();
	options_read(argc, argv, &cli, &given);
	output_init(&cli.output, stdout, given.json);
	status = dispatch(&cli, &given);
	/* What is told comes first, since this may take its time. */
	(void)output_flush(&cli.output);
	notify_finish(NOTIFY_MAX_US);
	if (!output_flush(&cli.output) && cli.output.failure != EPIPE)
		status = cli_no(
			"the output cannot be written: %s", strerror(cli.output.failure));
	store_close(cli.store);
	secret_free(cli.secret);
	conf_free(cli.conf);
	free(cli.arguments.to.items);
	free(cli.arguments.limits.items);
	return status;
}
