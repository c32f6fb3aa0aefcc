#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/demand.h"
#include "policy/limit.h"
#include "policy/message.h"
#include "policy/verdict.h"

/*
 * The law: everything in the configuration that decides about mail.  conf/
 * fills it in, policy_complete() makes it ready, and then it never changes,
 * so any number of threads may use it.  All functions here are pure.
 */

/* A named set of limits. */
struct plan {
	char name[PLAN_NAME_SIZE];
	struct limit *limits; /* policy_complete() merges the general ones in, by name */
	size_t limit_count;
	bool verified_recipients_only;
};

struct assignment {
	char *account;
	size_t plan; /* index into plans */
};

enum store_failure {
	STORE_FAILURE_TEMPFAIL,
	STORE_FAILURE_ACCEPT,
};

enum suppression_action {
	SUPPRESSION_REJECT,
	SUPPRESSION_TEMPFAIL,
	SUPPRESSION_DISCARD,
	SUPPRESSION_OBSERVE,
};

struct policy {
	bool observe_only; /* mode = "observe" */

	bool authenticated_is_outgoing;
	struct network *networks;
	size_t network_count;
	char **internal_domains; /* canonical; * is a wildcard */
	size_t internal_domain_count;

	enum field account_sources[4]; /* FIELD_LOGIN, FIELD_CLIENT, FIELD_SENDER,
					  FIELD_SENDER_DOMAIN */
	size_t account_source_count;

	enum suppression_action suppression_action;

	struct limit *limits; /* on everybody */
	size_t limit_count;
	struct plan *plans;
	size_t plan_count;
	size_t default_plan;
	struct assignment *assignments; /* sorted by account, after policy_complete() */
	size_t assignment_count;

	int64_t max_recipients;
	int64_t max_size;		    /* bytes; 0: no limit */
	enum limit_action local_submission; /* LIMIT_TEMPFAIL, LIMIT_HOLD, LIMIT_REJECT */
	bool pause_rejects;
	int64_t resume_us; /* after that time a pause is over, unless made by hand; 0: never */
	char **complaint_domains; /* of providers that report complaints; none: all do */
	size_t complaint_domain_count;
	char *simulator; /* canonical domain, or NULL */
	enum store_failure when_store_fails;
};

void policy_init(struct policy *policy);
void policy_clear(struct policy *policy);
/* Merge the general limits into each plan and sort what is searched. */
void policy_complete(struct policy *policy);

/* The plan that ACCOUNT (its record) is on at NOW_US: the record's, the configuration's,
 * the default. */
const struct plan *policy_plan(
	const struct policy *policy, const struct account *account, int64_t now_us);
const struct limit *plan_limit(const struct plan *plan, const char *name);

/*
 * Who answers for the message, and is it ours to judge?  Sets account and
 * outgoing from client, login, sender and from_sendmail.
 */
void policy_classify(const struct policy *policy, struct message *message);

bool policy_is_internal(const struct policy *policy, const struct recipient *recipient);
/* Would a complaint of the recipient be told to us?  Complaints are measured by these alone. */
bool policy_reports_complaints(
	const struct policy *policy, const struct recipient *recipient);

/* ---- policy/settle.c ---- */

/*
 * What needs no store: internal recipients, the simulator, max_recipients,
 * max_size.  True when VERDICT is the answer.  An accepted internal recipient
 * has the rule "internal": it does not count.
 */
bool policy_settle(const struct policy *policy, const struct message *message,
	const struct recipient *recipient, struct verdict *verdict);
/* Is SIZE (bytes; 0: unknown) too much for a message?  Then VERDICT says so. */
bool policy_too_large(const struct policy *policy, int64_t size, struct verdict *verdict);

/* ---- policy/ask.c, then policy/judge.c ---- */

/* How much LIMIT allows ACCOUNT at NOW_US: an override replaces that, and nothing else. */
void policy_capacity(const struct limit *limit, const struct account *account,
	int64_t now_us, struct capacity *capacity);

/*
 * What must be asked about COUNT recipients of MESSAGE (its accepted ones
 * before are in message->charges).  ACCOUNT is the record that we have.
 * DEMAND is cleared with demand_clear(); it points into all arguments.
 */
void policy_demand(const struct policy *policy, const struct message *message,
	const struct recipient *const *recipients, size_t count,
	const struct account *account, int64_t now_us, struct demand *demand);

/* The verdict on the one recipient that DEMAND was about. */
void policy_judge(const struct policy *policy, const struct account *account,
	const struct demand *demand, const struct facts *facts, struct verdict *verdict);

/*
 * The same for a message that is judged as a whole: one verdict for the
 * message, and one for each recipient of DEMAND (an accepted message leaves
 * out those recipients whose own verdict is reject or discard).
 */
void policy_judge_whole(const struct policy *policy, const struct account *account,
	const struct demand *demand, const struct facts *facts, struct verdict *whole,
	struct verdict *each);

/* ---- the simulator ---- */

/* Which of its mailboxes the address is ("bounce"), whatever its label; NULL when it is none. */
const char *policy_simulated(const struct recipient *recipient);
