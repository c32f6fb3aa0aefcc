#include "conf/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "conf/capacity.h"
#include "conf/lookup.h"
#include "conf/value.h"

enum { ENTRIES_MAX = 1000 };

/* ---- one limit ---- */

bool capacity_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	const char *text = config_setting_get_string(setting);
	struct limit *limit = base;
	char wrong[CAPACITY_WRONG_SIZE];

	limit->kind = option->type == OPTION_RATE ? LIMIT_RATE : LIMIT_QUOTA;
	if (!capacity_parse(&limit->capacity, text)) {
		limit->capacity.lifted = false;
		value_complain(reader, option, setting, text,
			"not a whole number, / and a time in ms, s, m, h, d or w");
		return false;
	}
	/* What it counts is read later: check_capacity() knows. */
	if (!capacity_is_wrong(limit->kind, COUNT_RECIPIENTS, &limit->capacity, wrong,
		    sizeof(wrong)))
		return true;
	value_complain(reader, option, setting, text, wrong);
	return false;
}

static const struct limit *find_limit(
	const struct limit *limits, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(limits[i].name, name) == 0)
			return &limits[i];
	return NULL;
}

/* Replies end in [okite:RULE]; a limit must not look like one of the other rules. */
static bool is_rule(const char *name)
{
	static const char *const rules[] = {
		"suppressed",
		"sandbox",
		"paused",
		"caps",
		"redis",
		"simulator",
		"internal",
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i], name) == 0)
			return true;
	return false;
}

static void check_name(struct reader *reader, const config_setting_t *entry,
	const struct limit *limit, const struct limit *others, size_t count)
{
	if (limit->name[0] == '\0')
		return;
	if (is_rule(limit->name))
		reader_complain(reader, entry, "name",
			"\"%s\" is the name of a rule of okite itself; take another",
			limit->name);
	if (find_limit(others, count, limit->name) != NULL)
		reader_complain(reader, entry, "name",
			"there is a limit \"%s\" in this list already; take another name",
			limit->name);
}

/* "none" has a meaning only where a plan lifts what everybody has. */
static void check_lifted(struct reader *reader, const config_setting_t *entry,
	const struct limit *limit, bool in_plan)
{
	const struct policy *policy = &reader->conf->policy;
	const char *member = limit->kind == LIMIT_RATE ? "rate" : "quota";

	if (!limit->capacity.lifted)
		return;
	if (!in_plan)
		reader_complain(reader, entry, member,
			"\"none\" is for plans, where it lifts a general limit; "
			"delete this limit instead");
	else if (find_limit(policy->limits, policy->limit_count, limit->name) == NULL)
		reader_complain(reader, entry, member,
			"\"none\" lifts the general limit of this name, but `limits` has "
			"no "
			"\"%s\"; delete it, or correct the name",
			limit->name);
}

static void check_capacity(
	struct reader *reader, const config_setting_t *entry, const struct limit *limit)
{
	bool has_rate = config_setting_get_member(entry, "rate") != NULL;
	bool has_quota = config_setting_get_member(entry, "quota") != NULL;

	if (has_rate && has_quota)
		reader_complain(reader, entry, "quota",
			"a limit is either a rate or a quota; make two limits of it");
	if (!has_rate && !has_quota)
		reader_complain(reader, entry, NULL,
			"a limit has a rate or a quota; write rate = \"14/s\" or "
			"quota = \"50000/24h\"");
	if (!has_rate && config_setting_get_member(entry, "burst") != NULL)
		reader_complain(reader, entry, "burst",
			"only a rate has a burst; delete it, or write a rate");
	if (limit->count != COUNT_DISTINCT)
		return;
	if (!has_quota)
		reader_complain(reader, entry, "count",
			"only a quota counts distinct_recipients; write a quota");
	else if (!limit->capacity.lifted && limit->capacity.amount > DISTINCT_AMOUNT_MAX)
		reader_complain(reader, entry, "quota",
			"more than %" PRId64 " distinct_recipients; write less, or count "
			"recipients",
			DISTINCT_AMOUNT_MAX);
}

/* Also for a lifted rate: an override may bring it back. */
static void set_burst(struct limit *limit, int64_t max_recipients)
{
	struct capacity *capacity = &limit->capacity;

	if (limit->kind != LIMIT_RATE || capacity->burst > 0)
		return;
	if (!capacity->lifted && capacity->window_us > 0)
		capacity->burst = 2 * SECOND_US * capacity->amount / capacity->window_us;
	if (capacity->burst < max_recipients)
		capacity->burst = max_recipients;
}

/* ---- lists ---- */

/* Is the entry a group, and not one too many?  Complains when it is not. */
static bool entry_is_good(struct reader *reader, const struct conf_option *option,
	const config_setting_t *entry, size_t count, size_t most)
{
	char wanted[160];

	if (config_setting_type(entry) != CONFIG_TYPE_GROUP) {
		reader_complain(reader, entry, NULL,
			"an entry is no group in { }; write %s",
			option_wanted(option, wanted, sizeof(wanted)));
		return false;
	}
	if (count == most) /* one complaint is enough */
		reader_complain(reader, entry, NULL,
			"there are more than %zu; write fewer", most);
	return count < most;
}

bool limits_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	size_t length = (size_t)config_setting_length(setting), count = 0;
	struct limit *limits = xcalloc(length + 1, sizeof(*limits));
	struct limit **place = value_place(option, base);
	bool in_plan = strcmp(option->name, "limits") != 0;

	for (size_t i = 0; i < length; i++) {
		const config_setting_t *entry =
			config_setting_get_elem(setting, (unsigned)i);
		struct limit *limit = &limits[count];

		if (!entry_is_good(reader, option, entry, i, ENTRIES_MAX))
			continue;
		reader_group(reader, "limits", entry, limit);
		check_name(reader, entry, limit, limits, count);
		check_lifted(reader, entry, limit, in_plan);
		check_capacity(reader, entry, limit);
		set_burst(limit, reader->conf->policy.max_recipients);
		count++;
	}
	*place = limits;
	memcpy((char *)base + option->count_place, &count, sizeof(count));
	return true;
}

static bool find_plan(const struct policy *policy, const char *name, size_t *index)
{
	for (*index = 0; *index < policy->plan_count; ++*index)
		if (strcmp(policy->plans[*index].name, name) == 0)
			return true;
	return false;
}

bool plans_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	size_t length = (size_t)config_setting_length(setting), same;
	struct policy *policy = &reader->conf->policy;

	(void)base;
	policy->plans = xcalloc(length + 1, sizeof(*policy->plans));
	for (size_t i = 0; i < length; i++) {
		const config_setting_t *entry =
			config_setting_get_elem(setting, (unsigned)i);
		struct plan *plan = &policy->plans[policy->plan_count];

		if (!entry_is_good(reader, option, entry, i, ENTRIES_MAX))
			continue;
		reader_group(reader, "plans", entry, plan);
		if (plan->name[0] != '\0' && find_plan(policy, plan->name, &same))
			reader_complain(reader, entry, "name",
				"there is a plan \"%s\" already; take another name",
				plan->name);
		policy->plan_count++;
	}
	return true;
}

bool plan_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	const struct policy *policy = &reader->conf->policy;
	const char *text = config_setting_get_string(setting);
	const config_setting_t *plans = config_lookup(&reader->file, "plans");
	char names[256], shown[80];
	size_t index;

	if (find_plan(policy, text, &index)) {
		memcpy(value_place(option, base), &index, sizeof(index));
		return true;
	}
	text_printable(shown, sizeof(shown), text);
	conf_plan_names(policy, names, sizeof(names));
	/* The default of default_plan stands in no file; what lacks that plan does. */
	if (plans != NULL &&
		config_setting_parent(setting) == config_root_setting(&reader->defaults))
		reader_complain(reader, plans, NULL,
			"there is no plan \"%s\", which default_plan names unless it is "
			"set; "
			"set default_plan to one of %s",
			shown, *names == '\0' ? "them" : names);
	else
		reader_complain(reader, setting, NULL,
			"there is no plan \"%s\"; write one of %s", shown,
			*names == '\0' ? "`plans`" : names);
	return false;
}

/* ---- accounts ---- */

struct named_entry {
	const char *name;
	const config_setting_t *entry;
	size_t number; /* in the list */
};

static int by_name(const void *a, const void *b)
{
	const struct named_entry *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order != 0)
		return order;
	return left->number < right->number ? -1 : left->number > right->number;
}

/* There may be many thousands: sorted, the doubles stand side by side. */
static void check_doubles(
	struct reader *reader, struct named_entry *entries, size_t count)
{
	qsort(entries, count, sizeof(*entries), by_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(entries[i - 1].name, entries[i].name) == 0)
			reader_complain(reader, entries[i].entry, "name",
				"the account \"%s\" stands in this list already; delete "
				"one "
				"of the two",
				entries[i].name);
}

bool accounts_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	size_t length = (size_t)config_setting_length(setting), count = 0;
	struct assignment *assignments = xcalloc(length + 1, sizeof(*assignments));
	struct named_entry *named = xcalloc(length + 1, sizeof(*named));

	(void)base;
	for (size_t i = 0; i < length; i++) {
		const config_setting_t *entry =
			config_setting_get_elem(setting, (unsigned)i);
		struct assignment *assignment = &assignments[count];

		if (!entry_is_good(reader, option, entry, i, SIZE_MAX))
			continue;
		reader_group(reader, "accounts", entry, assignment);
		if (assignment->account == NULL)
			continue; /* complained of already */
		named[count] = (struct named_entry){
			.name = assignment->account,
			.entry = entry,
			.number = count,
		};
		count++;
	}
	check_doubles(reader, named, count);
	free(named);
	reader->conf->policy.assignments = assignments;
	reader->conf->policy.assignment_count = count;
	return true;
}
