/* okite account show: one account, and what is left of its limits. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/account.h"

static void print_overrides(struct output *output, const struct account *record)
{
	char until[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < record->override_count; i++) {
		const struct override *override = &record->overrides[i];

		clock_to_text(until, sizeof(until), override->until_us);
		output_field(output, "own limit", "%s=%s%s%s", override->limit,
			override->value, until[0] != '\0' ? " until " : "", until);
	}
}

static void print_limits(struct output *output, const struct account_limits *limits)
{
	limit_views_print(output, limits->views, limits->count);
	for (size_t i = 0; i < limits->left_out_count; i++)
		fprintf(output->to, "    %s: %zu more that are not shown\n",
			limits->left_out[i].limit->name, limits->left_out[i].count);
}

static json_t *left_out_to_json(const struct account_limits *limits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < limits->left_out_count; i++) {
		const struct left_out *left_out = &limits->left_out[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", value_of_text(left_out->limit->name));
		json_object_set_new(
			object, "count", json_integer((json_int_t)left_out->count));
		json_array_append_new(list, object);
	}
	return list;
}

static void print_standing(struct cli *cli, const struct account *record)
{
	int64_t resume_us = cli->conf->reputation.law.resume_us;
	bool paused = record->standing == STANDING_PAUSED,
	     by_hand = record->paused_by_hand;
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

	clock_to_text(since, sizeof(since), record->since_us);
	clock_to_text(until, sizeof(until),
		paused && !by_hand && resume_us > 0 ? record->since_us + resume_us : 0);
	output_field(&cli->output, "standing", "%s%s%s%s%s%s%s",
		standing_names[record->standing], since[0] != '\0' ? " since " : "",
		since, until[0] != '\0' ? " until " : "", until,
		by_hand ? ", by hand" : "",
		record->pause_rejects ? ", mail is rejected" : "");
}

/* What is looked at of the window, and what came of it. */
static void print_sent(struct cli *cli, const struct overview *overview)
{
	struct output *output = &cli->output;
	const struct counters *counters = &overview->counters;
	const struct rates *rates = &overview->rates;
	char window[SPAN_TEXT_SIZE], moment[CLOCK_TEXT_SIZE];

	clock_to_text(moment, sizeof(moment), overview->restarted_us);
	if (moment[0] != '\0')
		output_field(output, "restarted", "%s, mail from before does not count",
			moment);
	text_from_duration(window, sizeof(window), cli->conf->reputation.law.window_us);
	output_field(output, "sent", "%" PRId64 " recipients in %s", counters->accepted,
		window);
	if (cli->conf->policy.complaint_domain_count > 0)
		output_field(output, "reporting",
			"%" PRId64 " of them at providers that report complaints",
			counters->reporting);
	output_field(output, "came back",
		"%" PRId64 " hard, %" PRId64 " soft, %" PRId64 " policy, %" PRId64
		" complaints",
		counters->hard, counters->soft, counters->policy, counters->complaint);
	output_field(output, "bounces", "%.2f %%, at least %.2f %%", rates->bounce,
		rates->bounce_low);
	output_field(output, "complaints", "%.3f %%, at least %.3f %%", rates->complaint,
		rates->complaint_low);
}

static void print_account(struct cli *cli, const struct overview *overview,
	const struct account *record, const struct account_limits *limits)
{
	struct output *output = &cli->output;
	char moment[CLOCK_TEXT_SIZE];
	bool own_plan = strcmp(record->plan, overview->plan) == 0 &&
			(record->plan_until_us == 0 ||
				record->plan_until_us > store_clock_us(cli->store));

	output_field(output, "account", "%s", overview->name);
	clock_to_text(moment, sizeof(moment), own_plan ? record->plan_until_us : 0);
	output_field(output, "plan", "%s%s%s%s", overview->plan,
		own_plan ? " (set by command)" : "", moment[0] != '\0' ? " until " : "",
		moment);
	print_standing(cli, record);
	if (overview->note[0] != '\0')
		output_field(output, "note", "%s", overview->note);
	print_overrides(output, record);
	print_sent(cli, overview);
	print_limits(output, limits);
}

static json_t *overrides_to_json(const struct account *record)
{
	json_t *list = json_array();

	for (size_t i = 0; i < record->override_count; i++) {
		const struct override *override = &record->overrides[i];
		json_t *object = json_object();

		json_object_set_new(object, "limit", value_of_text(override->limit));
		json_object_set_new(object, "value", value_of_text(override->value));
		json_object_set_new(object, "until", value_of_moment(override->until_us));
		json_array_append_new(list, object);
	}
	return list;
}

static void tell_account(struct cli *cli, const struct overview *overview,
	const struct account *record, const struct account_limits *limits)
{
	json_t *object;

	if (!cli->output.json) {
		print_account(cli, overview, record, limits);
		return;
	}
	object = overview_to_json(overview);
	json_object_set_new(
		object, "limits", limit_views_to_json(limits->views, limits->count));
	json_object_set_new(object, "limits_left_out", left_out_to_json(limits));
	json_object_set_new(object, "overrides", overrides_to_json(record));
	output_json(&cli->output, object);
}

int run_account_show(struct cli *cli)
{
	struct error error = ERROR_NONE;
	struct account_limits limits = { .count = 0 };
	struct overview overview;
	struct account record;
	char name[ACCOUNT_SIZE];
	bool found, ok;
	int status;

	if (!account_name(name, cli->arguments.operands[0]))
		return cli_usage(cli, "the account's name is empty or too long");
	status = cli_open(cli);
	if (status != CLI_YES)
		return status;
	if (!store_account(cli->store, name, &record, &found, &error))
		return cli_away(&error);
	ok = account_limits_look(cli, &record, &limits, &error) &&
	     overview_make(cli, &record, &overview, &error);
	if (ok)
		tell_account(cli, &overview, &record, &limits);
	account_limits_clear(&limits);
	return ok ? CLI_YES : cli_away(&error);
}
