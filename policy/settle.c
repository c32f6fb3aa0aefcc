#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

/* What is decided without the store: see policy.h. */

/* The mailbox simulator's addresses, named as Amazon SES names its own. */
static const struct simulated {
	const char *name;
	enum verdict_kind kind;
	int code;
	const char *status;
	const char *text;
} simulated[] = {
	{ "success", VERDICT_DISCARD, 0, "", "" },
	{ "complaint", VERDICT_DISCARD, 0, "", "" },
	{ "bounce", VERDICT_REJECT, 550, "5.1.1", "simulated bounce: no such user" },
	{ "suppressionlist", VERDICT_REJECT, 550, "5.1.1",
		"simulated suppression: this address bounced before" },
	{ "softbounce", VERDICT_TEMPFAIL, 452, "4.2.2",
		"simulated soft bounce: mailbox full" },
};
enum { SIMULATED = sizeof(simulated) / sizeof(simulated[0]) };

/* Is the local part NAME, or NAME+label? */
static bool is_mailbox(const char *address, const char *name)
{
	size_t length = strlen(name);

	return strncmp(address, name, length) == 0 &&
	       (address[length] == '@' || address[length] == '+');
}

static const struct simulated *find_simulated(const struct recipient *recipient)
{
	for (size_t i = 0; i < SIMULATED; i++)
		if (is_mailbox(recipient->address.text, simulated[i].name))
			return &simulated[i];
	return NULL;
}

const char *policy_simulated(const struct recipient *recipient)
{
	const struct simulated *found = find_simulated(recipient);

	return found == NULL ? NULL : found->name;
}

static bool simulate(const struct policy *policy, const struct recipient *recipient,
	struct verdict *verdict)
{
	static const struct simulated none = { "", VERDICT_REJECT, 550, "5.1.1",
		"no such address of the simulator: it has success, bounce, softbounce, "
		"complaint and suppressionlist" };
	const struct simulated *found;

	if (policy->simulator == NULL ||
		strcmp(recipient->address.domain, policy->simulator) != 0)
		return false;
	found = find_simulated(recipient);
	if (found == NULL)
		found = &none;
	verdict_set(verdict, found->kind, "simulator", found->code, found->status);
	if (verdict->code != 0)
		snprintf(verdict->text, sizeof(verdict->text), "%s [okite:simulator]",
			found->text);
	return true;
}

/*
 * "user%elsewhere@ours", "elsewhere!user@ours": the MTA would send it on to
 * elsewhere, so it is not internal, and it is not what it says either.
 */
static bool is_routed(const struct recipient *recipient)
{
	const char *text = recipient->address.text;
	size_t local = strlen(text) - strlen(recipient->address.domain);

	if (local == 0)
		return false;
	return memchr(text, '%', local - 1) != NULL ||
	       memchr(text, '!', local - 1) != NULL ||
	       memchr(text, '@', local - 1) != NULL;
}

static bool settle_internal(const struct policy *policy,
	const struct recipient *recipient, struct verdict *verdict)
{
	if (!policy_is_internal(policy, recipient))
		return false;
	if (!is_routed(recipient)) {
		verdict_set(verdict, VERDICT_ACCEPT, "internal", 0, "");
		return true;
	}
	verdict_set(verdict, VERDICT_REJECT, "caps", 553, "5.1.3");
	text_copy(verdict->text, sizeof(verdict->text),
		"an address that routes mail through us is not taken [okite:caps]");
	return true;
}

bool policy_too_large(const struct policy *policy, int64_t size, struct verdict *verdict)
{
	if (policy->max_size == 0 || size <= policy->max_size)
		return false;
	verdict_set(verdict, VERDICT_REJECT, "caps", 552, "5.3.4");
	verdict->of_message = true;
	verdict->observed = policy->observe_only;
	verdict->used = size;
	verdict->allowed = policy->max_size;
	snprintf(verdict->text, sizeof(verdict->text),
		"message of %" PRId64 " bytes, %" PRId64 " are allowed [okite:caps]",
		size, policy->max_size);
	return true;
}

static bool too_many(const struct policy *policy, const struct message *message,
	struct verdict *verdict)
{
	if (message->accepted < policy->max_recipients)
		return false;
	/* A client sends the rest again as a message of its own; sendmail(1) cannot. */
	if (message->judged_whole)
		verdict_set(verdict, VERDICT_REJECT, "caps", 554, "5.5.3");
	else
		verdict_set(verdict, VERDICT_TEMPFAIL, "caps", 452, "4.5.3");
	verdict->of_message = message->judged_whole;
	verdict->used = message->accepted;
	verdict->allowed = policy->max_recipients;
	snprintf(verdict->text, sizeof(verdict->text),
		"more than %" PRId64 " recipients in one message [okite:caps]",
		policy->max_recipients);
	return true;
}

bool policy_settle(const struct policy *policy, const struct message *message,
	const struct recipient *recipient, struct verdict *verdict)
{
	if (!settle_internal(policy, recipient, verdict) &&
		!simulate(policy, recipient, verdict) &&
		!policy_too_large(policy, message->size, verdict) &&
		!too_many(policy, message, verdict))
		return false;
	verdict->observed = policy->observe_only && verdict->code != 0;
	/* What is only observed goes on to the store: it is mail that will be sent. */
	return !verdict->observed;
}
