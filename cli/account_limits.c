/* okite account show: the state of the account's limits. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/account.h"

/*
 * As many states of one limit are shown, and as many are asked for at once: a
 * limit by recipient may have a hundred thousand.
 */
enum { STATES_MAX = 200, PAGE = 200, TRIES = 3 };

/* One state of a limit. */
struct state {
	const struct limit *limit;
	struct capacity capacity;
	char *key;  /* NULL: none yet, or it cannot be told which */
	bool known; /* its fact; without a key that there is no state yet */
	struct limit_fact fact;
};

/* What is found of one limit of the plan. */
struct search {
	struct capacity capacity;
	size_t found, left_out;
};

struct look {
	struct cli *cli;
	struct account *record;
	const struct plan *plan;
	struct search *searches; /* as many as the plan has limits */
	struct state *states;
	size_t count;
};

static void look_clear(struct look *look)
{
	for (size_t i = 0; i < look->count; i++)
		free(look->states[i].key);
	free(look->states);
	free(look->searches);
	look->states = NULL;
	look->searches = NULL;
	look->count = 0;
}

#define ACCOUNT (1u << FIELD_ACCOUNT)
#define EVERYONE (1u << FIELD_EVERYONE)

/* The account alone tells where its state is. */
static bool is_sole(const struct limit *limit)
{
	return (limit->per & ~(ACCOUNT | EVERYONE)) == 0;
}

/* The account has a state for each recipient's domain, or whatever `per` has besides. */
static bool is_divided(const struct limit *limit)
{
	return (limit->per & ACCOUNT) != 0 && !is_sole(limit);
}

static void add_state(struct look *look, size_t limit, char *key, bool known)
{
	look->states =
		xreallocarray(look->states, look->count + 1, sizeof(*look->states));
	look->states[look->count++] = (struct state){
		.limit = &look->plan->limits[limit],
		.capacity = look->searches[limit].capacity,
		.key = key,
		.known = known,
	};
}

/* A key of another kind or window is of a limit that is no more. */
static bool find_state(const char *key, void *context)
{
	struct look *look = context;
	struct field_values values;

	for (size_t i = 0; i < look->plan->limit_count; i++) {
		const struct limit *limit = &look->plan->limits[i];
		struct search *search = &look->searches[i];

		if (!is_divided(limit) || search->capacity.lifted ||
			!limit_key_values(limit, &search->capacity, key, &values))
			continue;
		if (search->found++ < STATES_MAX)
			add_state(look, i, xstrdup(key), false);
		else
			search->left_out++;
	}
	return true;
}

/* One walk over the store for all limits that are divided. */
static bool find_divided(struct look *look, struct error *error)
{
	bool wanted = false;

	for (size_t i = 0; i < look->plan->limit_count; i++)
		wanted = wanted || (is_divided(&look->plan->limits[i]) &&
					   !look->searches[i].capacity.lifted);
	return !wanted || store_each_limit_key(look->cli->store, look->record->name, NULL,
				  find_state, look, error);
}

/* What has its one place, or none. */
static void add_others(struct look *look)
{
	static const struct recipient nobody = { .digest = "" };
	struct message message = { .outgoing = true };

	text_copy(message.account, sizeof(message.account), look->record->name);
	for (size_t i = 0; i < look->plan->limit_count; i++) {
		const struct limit *limit = &look->plan->limits[i];
		const struct search *search = &look->searches[i];
		char *key = NULL;

		if (search->found > 0)
			continue;
		if (is_sole(limit) && !search->capacity.lifted)
			key = limit_key(limit, &search->capacity, &message, &nobody);
		add_state(look, i, key, is_divided(limit) && !search->capacity.lifted);
	}
}

static int by_limit_and_key(const void *a, const void *b)
{
	const struct state *left = a, *right = b;

	if (left->limit != right->limit)
		return left->limit < right->limit ? -1 : 1;
	if (left->key == NULL || right->key == NULL)
		return (left->key != NULL) - (right->key != NULL);
	return strcmp(left->key, right->key);
}

/* Into the order of the plan.  A walk may meet the same key twice. */
static void sort_states(struct look *look)
{
	size_t kept = 0;

	qsort(look->states, look->count, sizeof(*look->states), by_limit_and_key);
	for (size_t i = 0; i < look->count; i++) {
		if (kept > 0 &&
			by_limit_and_key(&look->states[kept - 1], &look->states[i]) == 0)
			free(look->states[i].key);
		else
			look->states[kept++] = look->states[i];
	}
	look->count = kept;
}

static bool find_states(struct look *look, struct error *error)
{
	int64_t now_us = store_clock_us(look->cli->store);

	look_clear(look);
	look->plan = policy_plan(&look->cli->conf->policy, look->record, now_us);
	look->searches = xcalloc(look->plan->limit_count, sizeof(*look->searches));
	for (size_t i = 0; i < look->plan->limit_count; i++)
		policy_capacity(&look->plan->limits[i], look->record, now_us,
			&look->searches[i].capacity);
	if (!find_divided(look, error))
		return false;
	add_others(look);
	if (look->count > 0)
		sort_states(look);
	return true;
}

/* What is asked for the states of one page, which keep their keys. */
static void add_page(struct demand *demand, struct demand_recipient *asked,
	const struct state *states, size_t count)
{
	demand->limits = xcalloc(count, sizeof(*demand->limits));
	asked->limits = xcalloc(count, sizeof(*asked->limits));
	for (size_t i = 0; i < count; i++) {
		if (states[i].key == NULL)
			continue;
		asked->limits[asked->limit_count++] = (uint32_t)demand->limit_count;
		demand->limits[demand->limit_count++] = (struct demand_limit){
			.limit = states[i].limit,
			.capacity = states[i].capacity,
			.key = states[i].key,
		};
	}
}

static void take_page(const struct facts *facts, struct state *states, size_t count)
{
	const struct limit_fact *fact = facts->limits;

	for (size_t i = 0; i < count; i++) {
		if (states[i].key == NULL)
			continue;
		states[i].fact = *fact++;
		states[i].known = true;
	}
}

/*
 * Ask for the states of one page.  The recipient is made up: for when one more
 * fits there must be one more.
 */
static enum facts_status ask_page(
	struct look *look, struct state *states, size_t count, struct error *error)
{
	static const struct recipient nobody = { .digest = "" };
	struct demand_recipient asked = { .recipient = &nobody };
	struct demand demand = {
		.account = look->record->name,
		.version = look->record->version,
		.look_only = true,
		.suppressed_count = true,
		.recipients = &asked,
		.recipient_count = 1,
	};
	struct facts facts;
	enum facts_status status;

	add_page(&demand, &asked, states, count);
	facts_init(&facts, &demand);
	store_charge(look->cli->store, &demand, &facts);
	status = facts.status;
	if (status == FACTS_KNOWN)
		take_page(&facts, states, count);
	else if (status == FACTS_STALE)
		*look->record = facts.account;
	else
		error_set(error, "%s", facts.why);
	facts_clear(&facts);
	free(asked.limits);
	free(demand.limits);
	return status;
}

static enum facts_status ask_pages(struct look *look, struct error *error)
{
	enum facts_status status = FACTS_KNOWN;

	for (size_t at = 0; status == FACTS_KNOWN && at < look->count; at += PAGE) {
		size_t left = look->count - at;

		status = ask_page(
			look, look->states + at, left < PAGE ? left : PAGE, error);
	}
	return status;
}

/* All over again where the account's record has just changed. */
static bool look_at_all(struct look *look, struct error *error)
{
	for (int try = 0; try < TRIES; try++) {
		if (!find_states(look, error))
			return false;
		switch (ask_pages(look, error)) {
		case FACTS_KNOWN:
			return true;
		case FACTS_UNKNOWN:
			return false;
		case FACTS_STALE:
			break;
		}
	}
	return error_set(error, "the record of %s changes all the time, try again",
		look->record->name);
}

static void view_state(
	struct limit_view *view, const struct state *state, const char *account)
{
	struct demand_limit limit = { .limit = state->limit,
		.capacity = state->capacity };
	struct field_values values = { .text = { "" } };

	text_copy(values.text[FIELD_ACCOUNT], ADDRESS_SIZE, account);
	if (state->key != NULL && is_divided(state->limit))
		limit_key_values(state->limit, &state->capacity, state->key, &values);
	limit_view_set(view, &limit, state->known ? &state->fact : NULL, &values);
}

static void view_states(const struct look *look, struct account_limits *limits)
{
	limits->views = xcalloc(look->count, sizeof(*limits->views));
	limits->count = look->count;
	for (size_t i = 0; i < look->count; i++)
		view_state(&limits->views[i], &look->states[i], look->record->name);
	limits->left_out = xcalloc(look->plan->limit_count, sizeof(*limits->left_out));
	for (size_t i = 0; i < look->plan->limit_count; i++)
		if (look->searches[i].left_out > 0)
			limits->left_out[limits->left_out_count++] = (struct left_out){
				.limit = &look->plan->limits[i],
				.count = look->searches[i].left_out,
			};
}

bool account_limits_look(struct cli *cli, struct account *record,
	struct account_limits *limits, struct error *error)
{
	struct look look = { .cli = cli, .record = record };
	bool ok = look_at_all(&look, error);

	*limits = (struct account_limits){ .count = 0 };
	if (ok)
		view_states(&look, limits);
	look_clear(&look);
	return ok;
}

void account_limits_clear(struct account_limits *limits)
{
	free(limits->views);
	free(limits->left_out);
	*limits = (struct account_limits){ .count = 0 };
}
