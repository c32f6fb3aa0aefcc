/* okite account list: how the accounts stand. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/account.h"
#include "reputation/judge.h"

/* How bad a standing is; the worst come first. */
static const int dangers[STANDING_COUNT] = {
	[STANDING_HEALTHY] = 0,
	[STANDING_REINSTATED] = 1,
	[STANDING_WARNED] = 2,
	[STANDING_PAUSED] = 3,
};

static double nearness(const struct rate_rule *rule, double rate)
{
	if (rate <= 0)
		return 0;
	return rule->pause > 0 ? rate / rule->pause : HUGE_VAL;
}

static double danger_of(const struct reputation *law, const struct rates *rates)
{
	return fmax(nearness(&law->bounce, rates->bounce),
		nearness(&law->complaint, rates->complaint));
}

bool overview_make(struct cli *cli, const struct account *record,
	struct overview *overview, struct error *error)
{
	const struct reputation *law = &cli->conf->reputation.law;
	struct judgement judgement;

	*overview = (struct overview){
		.standing = record->standing,
		.since_us = record->since_us,
		.restarted_us = record->restarted_us,
	};
	text_copy(overview->name, sizeof(overview->name), record->name);
	text_copy(overview->note, sizeof(overview->note), record->note);
	if (!judge_look(cli->store, law, record, &judgement, error))
		return false;
	text_copy(overview->plan, sizeof(overview->plan),
		policy_plan(&cli->conf->policy, record, judgement.time_us)->name);
	overview->counters = judgement.counters;
	overview->rates = judgement.rates;
	overview->danger = danger_of(law, &judgement.rates);
	return true;
}

json_t *overview_to_json(const struct overview *overview)
{
	const struct counters *counters = &overview->counters;
	const struct rates *rates = &overview->rates;
	json_t *object = json_object();

	json_object_set_new(object, "account", value_of_text(overview->name));
	json_object_set_new(object, "plan", value_of_text(overview->plan));
	json_object_set_new(
		object, "standing", value_of_text(standing_names[overview->standing]));
	json_object_set_new(object, "since", value_of_moment(overview->since_us));
	json_object_set_new(object, "note", value_of_text(overview->note));
	json_object_set_new(object, "restarted", value_of_moment(overview->restarted_us));
	json_object_set_new(object, "sent", json_integer(counters->accepted));
	json_object_set_new(object, "reporting", json_integer(counters->reporting));
	json_object_set_new(object, "hard", json_integer(counters->hard));
	json_object_set_new(object, "soft", json_integer(counters->soft));
	json_object_set_new(object, "policy", json_integer(counters->policy));
	json_object_set_new(object, "complaint", json_integer(counters->complaint));
	json_object_set_new(object, "bounce_rate", json_real(rates->bounce));
	json_object_set_new(object, "bounce_rate_low", json_real(rates->bounce_low));
	json_object_set_new(object, "complaint_rate", json_real(rates->complaint));
	json_object_set_new(
		object, "complaint_rate_low", json_real(rates->complaint_low));
	return object;
}

int account_tell(struct cli *cli, const struct account *record)
{
	struct error error = ERROR_NONE;
	struct overview overview;

	if (!overview_make(cli, record, &overview, &error))
		return cli_away(&error);
	output_json(&cli->output, overview_to_json(&overview));
	return CLI_YES;
}

/* ---- list ---- */

struct names {
	char **items;
	size_t count;
};

static bool add_name(const char *name, void *context)
{
	struct names *names = context;

	names->items =
		xreallocarray(names->items, names->count + 1, sizeof(*names->items));
	names->items[names->count++] = xstrdup(name);
	return true;
}

static int by_name(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static int by_danger(const void *a, const void *b)
{
	const struct overview *left = a, *right = b;

	if (left->standing != right->standing)
		return dangers[right->standing] - dangers[left->standing];
	if (left->danger < right->danger || left->danger > right->danger)
		return left->danger < right->danger ? 1 : -1;
	if (left->counters.accepted != right->counters.accepted)
		return left->counters.accepted < right->counters.accepted ? 1 : -1;
	return strcmp(left->name, right->name);
}

/* Overviews of all names; the walk may have named one twice. */
static bool collect(struct cli *cli, struct names *names, struct overview **overviews,
	size_t *count, struct error *error)
{
	struct progress progress;
	struct account record;
	bool found, ok = true;

	progress_init(&progress);
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), by_name);
	*overviews = xcalloc(names->count + 1, sizeof(**overviews));
	for (size_t i = 0; ok && i < names->count; i++) {
		if (i > 0 && strcmp(names->items[i - 1], names->items[i]) == 0)
			continue;
		progress_show(&progress, "%zu of %zu accounts", i, names->count);
		ok = store_account(cli->store, names->items[i], &record, &found, error) &&
		     overview_make(cli, &record, &(*overviews)[(*count)++], error);
	}
	progress_finish(&progress);
	return ok;
}

static void list_row(struct table *table, const struct overview *overview)
{
	char since[CLOCK_TEXT_SIZE], sent[24], hard[24], complaint[24];
	char bounces[32], complaints[32];

	snprintf(sent, sizeof(sent), "%" PRId64, overview->counters.accepted);
	snprintf(hard, sizeof(hard), "%" PRId64, overview->counters.hard);
	snprintf(complaint, sizeof(complaint), "%" PRId64, overview->counters.complaint);
	snprintf(bounces, sizeof(bounces), "%.2f %%", overview->rates.bounce);
	snprintf(complaints, sizeof(complaints), "%.3f %%", overview->rates.complaint);
	table_row(table, (const char *const[]){
				 overview->name,
				 overview->plan,
				 standing_names[overview->standing],
				 clock_to_text(since, sizeof(since), overview->since_us),
				 sent,
				 hard,
				 bounces,
				 complaint,
				 complaints,
				 overview->note,
			 });
}

static void print_list(struct cli *cli, const struct overview *overviews, size_t count)
{
	static const char *const headings[] = { "ACCOUNT", "PLAN", "STANDING", "SINCE",
		"SENT", "HARD", "BOUNCES", "COMPLAINTS", "RATE", "NOTE", NULL };
	struct table table;

	table_init(&table, &cli->output, headings);
	table.right = 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8;
	for (size_t i = 0; i < count && output_good(&cli->output); i++) {
		if (cli->output.json)
			output_json(&cli->output, overview_to_json(&overviews[i]));
		else
			list_row(&table, &overviews[i]);
	}
	table_finish(&table);
}

int run_account_list(struct cli *cli)
{
	struct error error = ERROR_NONE;
	struct names names = { .count = 0 };
	struct overview *overviews = NULL;
	size_t count = 0;
	bool ok;
	int status = cli_open(cli);

	if (status != CLI_YES)
		return status;
	ok = store_each_account(cli->store, add_name, &names, &error) &&
	     collect(cli, &names, &overviews, &count, &error);
	if (ok) {
		if (count > 0)
			qsort(overviews, count, sizeof(*overviews), by_danger);
		print_list(cli, overviews, count);
	}
	for (size_t i = 0; i < names.count; i++)
		free(names.items[i]);
	free(names.items);
	free(overviews);
	return ok ? CLI_YES : cli_away(&error);
}
