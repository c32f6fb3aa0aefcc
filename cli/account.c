/* okite account set, pause, resume, reset: what is changed of an account. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/account.h"
#include "conf/capacity.h"
#include "reputation/notify.h"

/* As often as others may change the same record between our reading and writing. */
enum { TRIES = 20 };

/* Change RECORD.  CLI_YES, or how to exit: then nothing is written. */
typedef int account_change(struct cli *cli, struct account *record);

/*
 * Read, change, replace, and again where somebody else was in between.  EVENT
 * (NULL: none) is recorded with the change.
 */
static int change_account(struct cli *cli, const char *name, account_change *change,
	const struct event *event, struct account *record)
{
	struct error error = ERROR_NONE;
	bool found, replaced = false;
	int status;

	for (int try = 0; try < TRIES && !replaced; try++) {
		if (!store_account(cli->store, name, record, &found, &error))
			return cli_away(&error);
		status = change(cli, record);
		if (status != CLI_YES)
			return status;
		if (!store_replace_account(cli->store, record, event, &replaced, &error))
			return cli_away(&error);
	}
	if (replaced)
		return CLI_YES;
	error_set(&error, "the record of %s changes all the time, try again", name);
	return cli_away(&error);
}

/* The name that the first operand is, and the store.  CLI_YES, or how to exit. */
static int open_with_name(struct cli *cli, char name[ACCOUNT_SIZE])
{
	if (!account_name(name, cli->arguments.operands[0]))
		return cli_usage(cli, "the account's name is empty or too long");
	if (cli->arguments.note != NULL && strlen(cli->arguments.note) >= NOTE_SIZE)
		return cli_usage(cli, "--note is longer than %d bytes", NOTE_SIZE - 1);
	return cli_open(cli);
}

static void take_note(const struct cli *cli, struct account *record)
{
	if (cli->arguments.note != NULL)
		text_copy(record->note, sizeof(record->note), cli->arguments.note);
}

static int tell_account(struct cli *cli, const struct account *record, const char *text)
{
	char printable[2 * ACCOUNT_SIZE];

	if (cli->output.json)
		return account_tell(cli, record);
	fprintf(cli->output.to, "%s: %s\n",
		text_printable(printable, sizeof(printable), record->name), text);
	return CLI_YES;
}

/* ---- set ---- */

/* "a, b, c": for who has misspelt one. */
static const char *limit_names(const struct plan *plan, char *list, size_t size)
{
	size_t length = 0;

	text_copy(list, size, "none");
	for (size_t i = 0; i < plan->limit_count && length < size; i++)
		length += (size_t)snprintf(list + length, size - length, "%s%s",
			i > 0 ? ", " : "", plan->limits[i].name);
	return list;
}

static int set_plan(struct cli *cli, struct account *record, int64_t until_us)
{
	const struct policy *policy = &cli->conf->policy;
	const char *name = cli->arguments.plan;
	char names[512];

	if (name == NULL)
		return CLI_YES;
	if (name[0] == '\0') {
		record->plan[0] = '\0';
		record->plan_until_us = 0;
		return CLI_YES;
	}
	for (size_t i = 0; i < policy->plan_count; i++) {
		if (strcmp(policy->plans[i].name, name) != 0)
			continue;
		text_copy(record->plan, sizeof(record->plan), name);
		record->plan_until_us = until_us;
		return CLI_YES;
	}
	return cli_usage(cli, "there is no plan \"%s\", there are: %s", name,
		conf_plan_names(policy, names, sizeof(names)));
}

static struct override *find_override(struct account *record, const char *limit)
{
	for (size_t i = 0; i < record->override_count; i++)
		if (strcmp(record->overrides[i].limit, limit) == 0)
			return &record->overrides[i];
	return NULL;
}

static void remove_override(struct account *record, struct override *override)
{
	size_t after;

	if (override == NULL)
		return;
	after = record->override_count - (size_t)(override - record->overrides) - 1;
	memmove(override, override + 1, after * sizeof(*override));
	record->override_count--;
}

/* Overrides whose time is over make room for new ones. */
static void drop_expired(struct account *record, int64_t now_us)
{
	for (size_t i = record->override_count; i-- > 0;)
		if (record->overrides[i].until_us != 0 &&
			record->overrides[i].until_us <= now_us)
			remove_override(record, &record->overrides[i]);
}

static int set_limit(struct cli *cli, struct account *record, const char *argument,
	int64_t until_us, int64_t now_us)
{
	const struct plan *plan = policy_plan(&cli->conf->policy, record, now_us);
	const char *value = strchr(argument, '=');
	struct capacity capacity = { .lifted = false };
	const struct limit *limit;
	struct override *override;
	char name[LIMIT_NAME_SIZE], names[512], wrong[CAPACITY_WRONG_SIZE];

	if (value == NULL || value - argument >= LIMIT_NAME_SIZE)
		return cli_usage(cli,
			"--limit is NAME=VALUE, like day=1000/24h, not \"%s\"", argument);
	snprintf(name, sizeof(name), "%.*s", (int)(value - argument), argument);
	value++;
	override = find_override(record, name);
	if (value[0] == '\0' && override != NULL) {
		remove_override(record, override);
		return CLI_YES;
	}
	limit = plan_limit(plan, name);
	if (limit == NULL)
		return cli_usage(cli, "the plan %s has no limit \"%s\", it has: %s",
			plan->name, name, limit_names(plan, names, sizeof(names)));
	if (value[0] == '\0')
		return CLI_YES;
	if (strlen(value) >= OVERRIDE_TEXT_SIZE || !capacity_parse(&capacity, value))
		return cli_usage(cli,
			"--limit %s: \"%s\" is neither like 20/s or 1000/24h nor none",
			name, value);
	if (capacity_is_wrong(limit->kind, limit->count, &capacity, wrong, sizeof(wrong)))
		return cli_usage(cli, "--limit %s: \"%s\": %s", name, value, wrong);
	if (override == NULL) {
		if (record->override_count == OVERRIDES_MAX)
			return cli_no("%s has %d limits of its own already, no more fit",
				record->name, OVERRIDES_MAX);
		override = &record->overrides[record->override_count++];
	}
	*override = (struct override){ .until_us = until_us };
	text_copy(override->limit, sizeof(override->limit), name);
	text_copy(override->value, sizeof(override->value), value);
	return CLI_YES;
}

static int change_settings(struct cli *cli, struct account *record)
{
	const struct arguments *arguments = &cli->arguments;
	int64_t now_us = store_clock_us(cli->store), until_us = 0;
	int status;

	if (arguments->until != NULL && (!moment_parse(arguments->until, 1, &until_us) ||
						until_us <= store_clock_us(cli->store)))
		return cli_usage(cli,
			"--until is a time to come, like 7d or 2026-12-24T00:00:00Z, not "
			"\"%s\"",
			arguments->until);
	drop_expired(record, now_us);
	status = set_plan(cli, record, until_us);
	for (size_t i = 0; status == CLI_YES && i < arguments->limits.count; i++)
		status = set_limit(
			cli, record, arguments->limits.items[i], until_us, now_us);
	take_note(cli, record);
	return status;
}

int run_account_set(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	struct account record;
	char name[ACCOUNT_SIZE];
	int status;

	if (arguments->plan == NULL && arguments->limits.count == 0) {
		if (arguments->until != NULL)
			return cli_usage(cli, "--until needs --plan or --limit");
		if (arguments->note == NULL)
			return cli_usage(cli, "--plan, --limit or --note is needed");
	}
	status = open_with_name(cli, name);
	if (status == CLI_YES)
		status = change_account(cli, name, change_settings, NULL, &record);
	return status == CLI_YES ? tell_account(cli, &record, "set") : status;
}

/* ---- pause and resume ---- */

static int change_to_paused(struct cli *cli, struct account *record)
{
	judge_change(record, STANDING_PAUSED, store_clock_us(cli->store));
	record->paused_by_hand = true;
	record->pause_rejects = cli->arguments.reject;
	take_note(cli, record);
	return CLI_YES;
}

static int change_to_reinstated(struct cli *cli, struct account *record)
{
	if (record->standing != STANDING_PAUSED)
		return cli_no("%s is not paused", record->name);
	judge_change(record, STANDING_REINSTATED, store_clock_us(cli->store));
	return CLI_YES;
}

/* How the account stands before.  What is not known of it is told as nothing. */
static void look_before(struct cli *cli, const char *name, struct judgement *judgement)
{
	struct account record;
	bool found;

	*judgement = (struct judgement){ .before = STANDING_HEALTHY };
	text_copy(judgement->account, sizeof(judgement->account), name);
	if (store_account(cli->store, name, &record, &found, NULL))
		(void)judge_look(
			cli->store, &cli->conf->reputation.law, &record, judgement, NULL);
}

/* Change the standing, with its event, and tell it. */
static int change_standing(
	struct cli *cli, account_change *change, enum event_kind kind, const char *text)
{
	const char *note = cli->arguments.note != NULL ? cli->arguments.note : "";
	struct event event = { .kind = kind };
	struct judgement judgement;
	struct account record;
	int status = open_with_name(cli, event.account);

	snprintf(event.detail, sizeof(event.detail), "by command%s%s",
		note[0] != '\0' ? ": " : "", note);
	if (status != CLI_YES)
		return status;
	look_before(cli, event.account, &judgement);
	status = change_account(cli, event.account, change, &event, &record);
	if (status != CLI_YES)
		return status;
	judgement.after = record.standing;
	if (judgement.after != judgement.before)
		notify(cli->conf, &judgement);
	return tell_account(cli, &record, text);
}

int run_account_pause(struct cli *cli)
{
	return change_standing(cli, change_to_paused, EVENT_PAUSED, "paused");
}

int run_account_resume(struct cli *cli)
{
	return change_standing(cli, change_to_reinstated, EVENT_RESUMED, "reinstated");
}

/* ---- reset ---- */

int run_account_reset(struct cli *cli)
{
	const struct arguments *arguments = &cli->arguments;
	const char *limit = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
	struct error error = ERROR_NONE;
	const struct plan *plan;
	struct account record;
	char name[ACCOUNT_SIZE], names[512];
	int64_t count = 0;
	bool found;
	int status = open_with_name(cli, name);

	if (status != CLI_YES)
		return status;
	if (!store_account(cli->store, name, &record, &found, &error))
		return cli_away(&error);
	plan = policy_plan(&cli->conf->policy, &record, store_clock_us(cli->store));
	if (limit != NULL && plan_limit(plan, limit) == NULL)
		return cli_usage(cli, "the plan %s has no limit \"%s\", it has: %s",
			plan->name, limit, limit_names(plan, names, sizeof(names)));
	if (!store_reset_limits(cli->store, name, limit, &count, &error))
		return cli_away(&error);
	if (cli->output.json)
		output_json(&cli->output,
			json_pack("{s:o, s:I}", "account", value_of_text(name), "reset",
				(json_int_t)count));
	else
		fprintf(cli->output.to, "%" PRId64 " counts are forgotten\n", count);
	return CLI_YES;
}
