/* okite account show: one account, and the state of its limits. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/account.h"

/*
 * The law with nothing left but this account's limits, whatever mail they are
 * for, so that a look at one made-up recipient sees the state of all that are
 * the account's alone.  It borrows from POLICY; free plan.limits.
 */
struct bare_law {
	struct policy policy;
	struct plan plan;
};

static void bare_law_make(
	struct bare_law *bare, const struct policy *policy, const struct plan *plan)
{
	bare->policy = *policy;
	bare->plan = *plan;
	bare->policy.plans = &bare->plan;
	bare->policy.plan_count = 1;
	bare->policy.default_plan = 0;
	bare->policy.assignment_count = 0;
	bare->plan.limits = xcalloc(plan->limit_count + 1, sizeof(*bare->plan.limits));
	bare->plan.limit_count = 0;
	bare->plan.verified_recipients_only = false;
	for (size_t i = 0; i < plan->limit_count; i++) {
		struct limit *limit = &bare->plan.limits[bare->plan.limit_count];

		if (plan->limits[i].per != 1u << FIELD_ACCOUNT)
			continue;
		*limit = plan->limits[i];
		limit->when_count = 0;
		bare->plan.limit_count++;
	}
}

/* The state of the account's own limits; again where its record has just changed. */
static bool look(struct cli *cli, const struct policy *policy, struct account *record,
	const struct message *message, struct demand *demand, struct facts *facts,
	struct error *error)
{
	static const struct recipient nobody = { .address = { .text = "" } };
	const struct recipient *recipient = &nobody;
	struct account unpaused;

	for (int try = 0; try < 3; try++) {
		facts_clear(facts);
		demand_clear(demand);
		unpaused = *record;
		unpaused.standing = STANDING_HEALTHY;
		policy_demand(policy, message, &recipient, 1, &unpaused,
			store_clock_us(cli->store), demand);
		demand->look_only = true;
		demand->suppressed_count = true;
		facts_init(facts, demand);
		store_charge(cli->store, demand, facts);
		if (facts->status == FACTS_KNOWN)
			return true;
		if (facts->status == FACTS_UNKNOWN)
			return error_set(error, "%s", facts->why);
		*record = facts->account;
	}
	return error_set(
		error, "the record of %s changes all the time, try again", record->name);
}

static void view_limit(struct limit_view *view, const struct limit *limit,
	const struct account *record, const struct demand *demand,
	const struct facts *facts, const struct message *message, int64_t now_us)
{
	struct demand_limit unknown = { .limit = limit };

	for (size_t i = 0; i < demand->limit_count; i++) {
		if (strcmp(demand->limits[i].limit->name, limit->name) != 0)
			continue;
		limit_view_set(
			view, &demand->limits[i], &facts->limits[i], message, NULL);
		/* The demand's limit is a copy that ends before the view does. */
		view->limit = limit;
		return;
	}
	policy_capacity(limit, record, now_us, &unknown.capacity);
	limit_view_set(view, &unknown, NULL, message, NULL);
}

/* All limits of the account's plan into VIEWS, which has room for them. */
static bool view_limits(struct cli *cli, struct account *record, const struct plan *plan,
	struct limit_view *views, struct error *error)
{
	struct message message = { .outgoing = true };
	struct demand demand = { .account = NULL };
	struct facts facts = { .why = "" };
	struct bare_law bare;
	bool ok;

	text_copy(message.account, sizeof(message.account), record->name);
	bare_law_make(&bare, &cli->conf->policy, plan);
	ok = look(cli, &bare.policy, record, &message, &demand, &facts, error);
	for (size_t i = 0; ok && i < plan->limit_count; i++)
		view_limit(&views[i], &plan->limits[i], record, &demand, &facts, &message,
			store_clock_us(cli->store));
	facts_clear(&facts);
	demand_clear(&demand);
	free(bare.plan.limits);
	return ok;
}

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

static void print_account(struct cli *cli, const struct overview *overview,
	const struct account *record, const struct limit_view *views, size_t count)
{
	struct output *output = &cli->output;
	const struct counters *counters = &overview->counters;
	char moment[CLOCK_TEXT_SIZE], window[SPAN_TEXT_SIZE];
	bool own_plan = strcmp(record->plan, overview->plan) == 0 &&
			(record->plan_until_us == 0 ||
				record->plan_until_us > store_clock_us(cli->store));

	output_field(output, "account", "%s", overview->name);
	clock_to_text(moment, sizeof(moment), own_plan ? record->plan_until_us : 0);
	output_field(output, "plan", "%s%s%s%s", overview->plan,
		own_plan ? " (set by command)" : "", moment[0] != '\0' ? " until " : "",
		moment);
	clock_to_text(moment, sizeof(moment), overview->since_us);
	output_field(output, "standing", "%s%s%s%s", standing_names[overview->standing],
		moment[0] != '\0' ? " since " : "", moment,
		record->pause_rejects ? ", mail is rejected" : "");
	if (overview->note[0] != '\0')
		output_field(output, "note", "%s", overview->note);
	print_overrides(output, record);
	text_from_duration(window, sizeof(window), cli->conf->reputation.window_us);
	output_field(output, "sent", "%" PRId64 " recipients in %s", counters->accepted,
		window);
	output_field(output, "came back",
		"%" PRId64 " hard, %" PRId64 " soft, %" PRId64 " policy, %" PRId64
		" complaints",
		counters->hard, counters->soft, counters->policy, counters->complaint);
	output_field(output, "bounces", "%.2f %%, at least %.2f %%",
		overview->bounce_rate, overview->bounce_rate_low);
	output_field(output, "complaints", "%.3f %%, at least %.3f %%",
		overview->complaint_rate, overview->complaint_rate_low);
	limit_views_print(output, views, count);
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

int run_account_show(struct cli *cli)
{
	struct error error = ERROR_NONE;
	struct limit_view *views = NULL;
	struct overview overview;
	const struct plan *plan;
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
	plan = policy_plan(&cli->conf->policy, &record, store_clock_us(cli->store));
	views = xcalloc(plan->limit_count + 1, sizeof(*views));
	ok = view_limits(cli, &record, plan, views, &error) &&
	     overview_make(cli, &record, &overview, &error);
	if (ok && cli->output.json) {
		json_t *object = overview_to_json(&overview);

		json_object_set_new(
			object, "limits", limit_views_to_json(views, plan->limit_count));
		json_object_set_new(object, "overrides", overrides_to_json(&record));
		output_json(&cli->output, object);
	} else if (ok) {
		print_account(cli, &overview, &record, views, plan->limit_count);
	}
	free(views);
	return ok ? CLI_YES : cli_away(&error);
}
