#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "policy/account.h"
#include "policy/demand.h"
#include "policy/message.h"
#include "policy/row.h"
#include "policy/standing.h"
#include "policy/suppression.h"

/*
 * What is remembered from one message to the next: the contract that Redis
 * and memory keep.  Safe to use from any number of threads at once.
 *
 * Functions that return bool return false, with ERROR set, when the store
 * could not be asked; nothing was changed then, or, where the error says
 * so, it is not known.
 */
struct store;

struct redis_settings {
	char *url;			      /* see store/redis_url.h */
	char *user, *password_file;	      /* "" for none */
	char *ca_file, *cert_file, *key_file; /* of TLS, in PEM; "" for none */
	char *prefix;
	int64_t timeout_us; /* for one question in all, connecting included */
};

/*
 * Redis need not be there yet: the first question connects.  NULL only for
 * settings that can never work.  CLAIMS: a
 * Redis that belongs to nobody becomes ours; those who only look must not.
 */
struct store *store_open_redis(const struct redis_settings *settings,
	const struct secret *secret, bool claims, struct error *error);
struct store *store_open_memory(void);
void store_close(struct store *store);

/* Can the store be asked, and does it belong to a fleet of our secret? */
enum store_state { STORE_READY, STORE_AWAY, STORE_FOREIGN };
enum store_state store_probe(struct store *store, struct error *error);

/* ---- the path of a message ---- */

/* The record of an account as this node saw it last; version 0 when it never saw one.  No question. */
void store_recall(struct store *store, const char *account, struct account *record);

/* The store's clock, as far as it is known without a question: plans and overrides end by it. */
int64_t store_clock_us(struct store *store);

/* One question: see policy/demand.h.  FACTS was made with facts_init(). */
void store_charge(struct store *store, const struct demand *demand, struct facts *facts);

enum event_kind {
	EVENT_REFUSED,
	EVENT_REMOVED,
	EVENT_BOUNCE,
	EVENT_COMPLAINT,
	EVENT_UNSUBSCRIBE,
	EVENT_DELIVERED,
	EVENT_SUPPRESSED,
	EVENT_UNSUPPRESSED,
	EVENT_WARNED,
	EVENT_PAUSED,
	EVENT_RESUMED,
	EVENT_HEALTHY,
	EVENT_DEGRADED,
	EVENT_RESTORED,
	EVENT_KIND_COUNT,
};
extern const char *const event_names[EVENT_KIND_COUNT];

enum { QUEUE_ID_SIZE = 64, EVENT_DETAIL_SIZE = 256, EVENT_ID_SIZE = 48 };

struct event {
	char id[EVENT_ID_SIZE]; /* the store's; set when read */
	int64_t time_us;	/* 0 when recorded: now */
	enum event_kind kind;
	char account[ACCOUNT_SIZE];
	char recipient[ADDRESS_SIZE]; /* or its digest, where addresses are not stored */
	char sender[ADDRESS_SIZE];
	char rule[33];
	char verdict[12];
	char reply[512];
	char queue_id[QUEUE_ID_SIZE];
	char detail[EVENT_DETAIL_SIZE];
};

/* The end of a message, good or not: one question. */
struct closing {
	const char *account;
	const char *node;
	const char *queue_id; /* "" or NULL: not noted */
	int64_t accepted_us; /* the time in its token; 0: now.  The queue id is noted with it */
	int64_t accepted;	/* recipients that count as sent; 0: it was not sent */
	int64_t reporting;	/* of these, those at providers that report complaints */
	const char *recipients; /* of these, as struct queued has them; NULL: any */
	const struct charge *refunds; /* quotas that get it back */
	size_t refund_count;
	const struct event *events;
	size_t event_count;
};
/*
 * RETURNED (may be NULL): of the account's mail something has come back that
 * counts, so its standing may be another now that more is sent.
 */
bool store_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error);

/* ---- what comes back ---- */

/* The longest window of reputation, and how long feedback about a message is believed. */
#define FEEDBACK_MAX_US (31 * DAY_US)

enum lesson_kind {
	LESSON_HARD,
	LESSON_SOFT,
	LESSON_POLICY,
	LESSON_COMPLAINT,
	LESSON_UNSUBSCRIBE,
	LESSON_DELIVERED,
	LESSON_KIND_COUNT,
};
extern const char *const lesson_names[LESSON_KIND_COUNT];

/*
 * What became of one recipient of one message after we had let it pass; all
 * of it is believed already.  Kept in one step: the event, the counter of the
 * hour in which the message was accepted, the row of soft bounces, the entry
 * on the list.  A repetition (IDENTITY was seen within FEEDBACK_MAX_US)
 * changes nothing, but for a hard one of what was told as something weaker.
 *
 * Soft ones count in a row: one a day, in no hurry and out of order, until a
 * delivery that happened later ends the row; the ROW-th puts the recipient on
 * the list, and the row begins anew.  The entry ends after EXPIRE_US, doubled
 * with every time that the same digest and scope were put on the list, up to
 * EXPIRE_MAX_US; a delivery ends that count as well.  The arithmetic is that
 * of policy/row.h.  An entry whose end is over already changes nothing.
 */
struct lesson {
	enum lesson_kind kind;
	/* The same however it is told; "": never a repetition. */
	char identity[DIGEST_TEXT_SIZE];
	char account[ACCOUNT_SIZE]; /* whom it counts for; "": nobody */
	int64_t accepted_us; /* its hour; 0, or before the account's restart: counts nowhere */
	int64_t happened_us; /* 0: now */
	/*
	 * Digest and scope are also those of the row.  REASON_NONE: nobody is put on
	 * the list.  The end is made of EXPIRE_US; since_us is happened_us.
	 */
	struct suppression entry;
	int64_t expire_us; /* 0: for ever */
	int64_t row;
	struct event event; /* an event "suppressed" follows it where the list changed */
	bool quiet;	    /* no event, unless the list or a row changed */
};

enum change { CHANGE_UNCHANGED, CHANGE_CHANGED, CHANGE_ADDED };

struct learned {
	bool repeated;
	bool counted;
	enum change change; /* of the list */
	int64_t row;	    /* of soft ones: the how manieth it is; 0 after the last */
};
/* Pipelined; each is kept whole or not at all, and all may be asked again. */
bool store_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error);

/*
 * Whose message this queue id of NODE is; account "" where that is not known.
 * And to whom: the first half of each digest, one behind the other, or
 * RECIPIENTS_ANY where there are too many.
 */
enum { QUEUED_RECIPIENTS_MAX = 100, QUEUED_DIGITS = 16 };
#define RECIPIENTS_ANY "*"

struct queued {
	char account[ACCOUNT_SIZE];
	int64_t accepted_us;
	char recipients[QUEUED_RECIPIENTS_MAX * QUEUED_DIGITS + 1];
};
bool store_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error);
/* A message goes on under another queue id, as behind a content filter.  What is noted of that stays. */
bool store_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error);

/*
 * A recipient who waits in the queue, and why: "expired" in a log names none.
 * As long as the queue id is known; at most DEFERRALS_MAX a message.
 */
enum { DEFERRALS_MAX = 1000, DEFERRAL_TEXT_SIZE = 512 };
struct deferral {
	char recipient[ADDRESS_SIZE];
	char status[16];
	char text[DEFERRAL_TEXT_SIZE];
	char refuser[256]; /* the host that said it, or "" */
};
bool store_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *deferral, struct error *error);
/* Delivered or returned: it waits no more. */
bool store_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error);
typedef bool deferral_visitor(const struct deferral *deferral, void *context);
bool store_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error);

/* ---- totals, for metrics: they only grow ---- */

/* One more of each: "feedback:bounce:hard:log:yes". */
bool store_tally(
	struct store *store, const char *const *names, size_t count, struct error *error);
/*
 * Beside these "suppressed:REASON", entries that were added to the list, and
 * "accounts:STANDING", which is no total but how many accounts stand so.
 */
typedef bool total_visitor(const char *name, int64_t value, void *context);
bool store_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error);

/* ---- the suppression list ---- */

/*
 * Merge COUNT entries in (suppression_merge()), pipelined; CHANGES says what
 * became of each.  EVENT (NULL: none) is recorded in one step with each entry
 * that changes: neither is without the other.
 */
bool store_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error);
/* FOUND: was there such an entry?  EVENT is recorded with its removal. */
bool store_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error);

/* Return false from a visitor to stop the walk; the walk is then still a success. */
typedef bool suppression_visitor(const struct suppression *entry, void *context);
/* Entries of every scope for one digest and, unless it is "", for that of its domain. */
bool store_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error);
/* All of them, in no order, while mail flows; one that is changed meanwhile may come twice or not at all. */
bool store_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error);

/* ---- verified recipients of sandbox accounts ---- */

struct verified {
	char digest[DIGEST_TEXT_SIZE];
	char address[ADDRESS_SIZE]; /* or "@domain" */
	int64_t since_us;
};
typedef bool verified_visitor(const struct verified *entry, void *context);

/* CHANGED: it was not there before (add), it was there (remove). */
bool store_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error);
bool store_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error);
bool store_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error);

/* ---- accounts ---- */

/* FOUND may be false: RECORD then has the name and version 0. */
bool store_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error);
/*
 * Where RECORD has a later restarted_us than the store, its counters begin
 * anew with it.
 *
 * Replace a record, if it still has the version that RECORD has (0: none):
 * read, change, replace, and again when REPLACED is false.  RECORD gets its
 * new version.  EVENT (NULL: none) is recorded in the same step.
 */
bool store_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error);

/* Counters of the hours from FROM_US on, and never of those before a restart. */
bool store_counters(struct store *store, const char *account, int64_t from_us,
	struct counters *counters, struct error *error);

/* Every account that has a record or has sent; each once or, seldom, twice. */
typedef bool account_visitor(const char *name, void *context);
bool store_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error);

/* Forget the state of the account's limits, or of the one named (NULL: all).  COUNT: how many. */
bool store_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error);

/*
 * The keys (see limit_key()) of the account's limits, or of the one named (NULL:
 * all), that have a state; in no order, seldom one twice.  Limits that are
 * not counted by account are not among them.
 */
typedef bool limit_key_visitor(const char *key, void *context);
bool store_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error);

/* ---- events ---- */

bool store_record(struct store *store, const struct event *events, size_t count,
	struct error *error);
typedef bool event_visitor(const struct event *event, void *context);
/* In order, those after the id AFTER (NULL: from the oldest that is kept). */
bool store_each_event(struct store *store, const char *after, event_visitor *visit,
	void *context, struct error *error);

/* ---- health, for `okite check` ---- */

/* A finding: level 0 fine, 1 a warning, 2 an error. */
typedef void health_visitor(
	int level, const char *where, const char *text, void *context);
void store_check(struct store *store, health_visitor *visit, void *context);
