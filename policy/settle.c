#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

/* What is decided without the store: see policy.h. */

static void refuse(struct verdict *verdict, enum verdict_kind kind, const char *rule,
	int code, const char *status)
{
	*verdict = (struct verdict){ .kind = kind, .code = code };
	text_copy(verdict->rule, sizeof(verdict->rule), rule);
	text_copy(verdict->status, sizeof(verdict->status), status);
}

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

static bool simulate(const struct policy *policy, const struct recipient *recipient,
	struct verdict *verdict)
{
	const char *text = "no such address of the simulator: it has success, bounce, "
			   "softbounce, complaint and suppressionlist";

	if (policy->simulator == NULL ||
		strcmp(recipient->address.domain, policy->simulator) != 0)
		return false;
	refuse(verdict, VERDICT_REJECT, "simulator", 550, "5.1.1");
	for (size_t i = 0; i < SIMULATED; i++) {
		if (!is_mailbox(recipient->address.text, simulated[i].name))
			continue;
		refuse(verdict, simulated[i].kind, "simulator", simulated[i].code,
			simulated[i].status);
		text = simulated[i].text;
		break;
	}
	if (verdict->code != 0)
		snprintf(verdict->text, sizeof(verdict->text), "%s [okite:simulator]",
			text);
	return true;
}

bool policy_too_large(const struct policy *policy, int64_t size, struct verdict *verdict)
{
	if (policy->max_size == 0 || size <= policy->max_size)
		return false;
	refuse(verdict, VERDICT_REJECT, "caps", 552, "5.3.4");
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
		refuse(verdict, VERDICT_REJECT, "caps", 554, "5.5.3");
	else
		refuse(verdict, VERDICT_TEMPFAIL, "caps", 452, "4.5.3");
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
	if (policy_is_internal(policy, recipient)) {
		refuse(verdict, VERDICT_ACCEPT, "internal", 0, "");
		return true;
	}
	if (!policy_too_large(policy, message->size, verdict) &&
		!simulate(policy, recipient, verdict) &&
		!too_many(policy, message, verdict))
		return false;
	verdict->observed = policy->observe_only && verdict->code != 0;
	/* What is only observed goes on to the store: it is mail that will be sent. */
	return !verdict->observed;
}
