#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void policy_init(struct policy *policy)
{
	*policy = (struct policy){
		.authenticated_is_outgoing = true,
		.max_recipients = 50,
		.local_submission = LIMIT_TEMPFAIL,
	};
}

static void texts_clear(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void limits_clear(struct limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		limit_clear(&limits[i]);
	free(limits);
}

void policy_clear(struct policy *policy)
{
	for (size_t i = 0; i < policy->plan_count; i++)
		limits_clear(policy->plans[i].limits, policy->plans[i].limit_count);
	free(policy->plans);
	limits_clear(policy->limits, policy->limit_count);
	for (size_t i = 0; i < policy->assignment_count; i++)
		free(policy->assignments[i].account);
	free(policy->assignments);
	texts_clear(policy->internal_domains, policy->internal_domain_count);
	texts_clear(policy->complaint_domains, policy->complaint_domain_count);
	free(policy->networks);
	free(policy->simulator);
	*policy = (struct policy){ 0 };
}

const struct limit *plan_limit(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->limit_count; i++)
		if (strcmp(plan->limits[i].name, name) == 0)
			return &plan->limits[i];
	return NULL;
}

/* The general limits in their order, each replaced by the plan's of its name; then the
 * plan's own. */
static void merge_limits(const struct policy *policy, struct plan *plan)
{
	struct limit *merged =
		xcalloc(policy->limit_count + plan->limit_count + 1, sizeof(*merged));
	size_t count = 0;

	for (size_t i = 0; i < policy->limit_count; i++)
		if (plan_limit(plan, policy->limits[i].name) == NULL)
			limit_copy(&merged[count++], &policy->limits[i]);
	for (size_t i = 0; i < plan->limit_count; i++)
		merged[count++] = plan->limits[i];
	free(plan->limits);
	plan->limits = merged;
	plan->limit_count = count;
}

static int by_account(const void *a, const void *b)
{
	const struct assignment *left = a, *right = b;

	return strcmp(left->account, right->account);
}

void policy_complete(struct policy *policy)
{
	for (size_t i = 0; i < policy->plan_count; i++)
		merge_limits(policy, &policy->plans[i]);
	if (policy->assignment_count > 0)
		qsort(policy->assignments, policy->assignment_count,
			sizeof(*policy->assignments), by_account);
}

static const struct plan *configured_plan(
	const struct policy *policy, const char *account)
{
	struct assignment *found = NULL,
			  wanted = { .account = (char *)(uintptr_t)account };

	if (policy->assignment_count > 0)
		found = bsearch(&wanted, policy->assignments, policy->assignment_count,
			sizeof(wanted), by_account);
	return &policy->plans[found == NULL ? policy->default_plan : found->plan];
}

const struct plan *policy_plan(
	const struct policy *policy, const struct account *account, int64_t now_us)
{
	if (account->plan[0] != '\0' &&
		(account->plan_until_us == 0 || account->plan_until_us > now_us))
		for (size_t i = 0; i < policy->plan_count; i++)
			if (strcmp(policy->plans[i].name, account->plan) == 0)
				return &policy->plans[i];
	/* A plan that the configuration no longer has counts as none. */
	return configured_plan(policy, account->name);
}

static bool client_is_ours(const struct policy *policy, const struct client *client)
{
	for (size_t i = 0; i < policy->network_count; i++)
		if (network_contains(&policy->networks[i], client))
			return true;
	return false;
}

/* The first source that the message has; the client where it has none, so that nobody is
 * nobody. */
static void find_account(const struct policy *policy, struct message *message)
{
	char client[CLIENT_TEXT_SIZE];
	const char *found = "";

	client_to_key(&message->client, client);
	for (size_t i = 0; i < policy->account_source_count && *found == '\0'; i++) {
		switch (policy->account_sources[i]) {
		case FIELD_LOGIN:
			found = message->login;
			break;
		case FIELD_SENDER:
			found = message->sender.text;
			break;
		case FIELD_SENDER_DOMAIN:
			found = message->sender.domain;
			break;
		default:
			found = client;
			break;
		}
	}
	text_copy(message->account, sizeof(message->account),
		*found == '\0' ? client : found);
}

void policy_classify(const struct policy *policy, struct message *message)
{
	message->outgoing =
		message->from_sendmail ||
		(policy->authenticated_is_outgoing && message->login[0] != '\0') ||
		client_is_ours(policy, &message->client);
	if (message->from_sendmail)
		text_copy(message->account, sizeof(message->account), "local");
	else
		find_account(policy, message);
}

static bool domain_is_among(char *const *domains, size_t count, const char *domain)
{
	for (size_t i = 0; i < count; i++)
		if (text_matches(domains[i], domain))
			return true;
	return false;
}

bool policy_is_internal(const struct policy *policy, const struct recipient *recipient)
{
	return domain_is_among(policy->internal_domains, policy->internal_domain_count,
		recipient->address.domain);
}

bool policy_reports_complaints(
	const struct policy *policy, const struct recipient *recipient)
{
	return policy->complaint_domain_count == 0 ||
	       domain_is_among(policy->complaint_domains, policy->complaint_domain_count,
		       recipient->address.domain);
}
