#pragma once

#include <stdint.h>

#include "store/backend.h"
#include "store/redis_link.h"
#include "store/redis_words.h"
#include "store/remembered.h"

/*
 * The Redis store, inside: what its files share.
 *
 *   redis_url, redis_name, redis_socket, redis_tls, redis_wire,
 *   redis_greeting, redis_link      how a question gets there
 *   redis_words, redis_question     what it is made of
 *   redis_reply                     what comes back, and walks over keys
 *   redis_message, redis_learn, redis_queued, redis_total, redis_list,
 *   redis_account, redis_accounts, redis_limit, redis_event, redis_check
 *                                   what is asked
 *
 * The keys, behind the prefix.  What is in braces names the owner.
 *
 *   {a:ACCOUNT}:account     its record, a hash
 *   {a:ACCOUNT}:sent        a hash "HOUR:accepted", silent (at providers that
 *                           report no complaints), hard, soft, policy,
 *                           complaint; and "returned" where one of the last four
 *                           is there; 31 days
 *   {a:ACCOUNT}:l:LIMIT..., {l:LIMIT...}   the state of a limit (policy/limit.h)
 *   {r:DIGEST}:s:SCOPE      an entry of the suppression list, a hash
 *   {r:DIGEST}:b:SCOPE      its row of soft bounces (policy/row.h), a hash
 *   {r:DIGEST}:v            verified, a hash
 *   {f:IDENTITY}            this lesson was learned; 31 days
 *   {q:NODE:QUEUEID}        "MICROSECONDS ACCOUNT" of a queued message; 6 days
 *   {q:NODE:QUEUEID}:d      its deferrals by recipient, a hash; under "" what
 *                           {q:NODE:QUEUEID} had
 *   accounts                every account that has a record or has sent, sorted by when it goes
 *   standings               how many stand otherwise than healthy, a hash
 *   totals                  for metrics, a hash
 *   events                  a capped stream
 *   secret                  the fingerprint of the fleet's secret
 */
enum script {
	SCRIPT_CHARGE,
	SCRIPT_FINISH,
	SCRIPT_SUPPRESS,
	SCRIPT_UNSUPPRESS,
	SCRIPT_ACCOUNT,
	SCRIPT_FORGET,
	SCRIPT_LEARN,
	SCRIPT_DEFER,
	SCRIPT_COUNT,
};

struct redis_store {
	struct store store; /* first */
	struct link *link;
	struct remembered *remembered;
	char *prefix;
	char sha[SCRIPT_COUNT][41]; /* what Redis knows the scripts by */
};

/* A key with the store's prefix; the caller frees it. */
char *redis_key(const struct redis_store *redis, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Of the one thing that an account owns: "{a:shop}:sent". */
char *redis_account_key(
	const struct redis_store *redis, const char *account, const char *what);
/* Of a recipient or a domain on the suppression list, and among the verified. */
char *redis_suppression_key(
	const struct redis_store *redis, const char *digest, const char *scope);
char *redis_verified_key(const struct redis_store *redis, const char *digest);

/* Add the command that WORDS are. */
void redis_command(struct question *question, const struct words *words);
/* Add a call of SCRIPT with its keys and arguments to QUESTION. */
void redis_call(const struct redis_store *redis, struct question *question,
	enum script script, const struct words *keys, const struct words *arguments);

/* Add SCRIPT LOAD of each script. */
void redis_add_scripts(struct question *question);

/*
 * Ask.  Scripts that Redis has forgotten (a restart, SCRIPT FLUSH) are sent
 * whole; an error reply to any command is then a failure.  False, with ERROR
 * set, for all that is no answer; OUTCOME, where wanted, tells whether Redis
 * may have heard it.
 */
bool redis_ask(struct redis_store *redis, struct question *question,
	enum link_outcome *outcome, struct error *error);

/*
 * How many keys Redis looks at for one page.  Of a list many of them match,
 * and each is then asked for; where a few are sought among millions of others
 * the trips are what takes the time, and 5000 keys hold Redis up for some
 * five milliseconds.
 */
enum walk { WALK_LIST = 500, WALK_SEARCH = 5000 };

/*
 * Walk over the keys that match PATTERN (without the prefix).  VISIT gets a
 * page of keys without the prefix; false ends the walk.
 */
typedef bool key_page_visitor(
	char *const *keys, size_t count, void *context, struct error *error, bool *ok);
bool redis_scan(struct redis_store *redis, enum walk walk, const char *pattern,
	key_page_visitor *visit, void *context, struct error *error);

/* Replies, which may be anything. */
const char *reply_text(const redisReply *reply); /* "" for what is no string */
int64_t reply_number(
	const redisReply *reply); /* integers and numbers as text; 0 otherwise */
const redisReply *reply_element(
	const redisReply *reply, size_t index); /* NULL beyond the end */
const char *reply_field(
	const redisReply *pairs, const char *field); /* of an HGETALL; "" */

/* The contract's functions, by file. */
void redis_charge(struct store *store, const struct demand *demand, struct facts *facts);
bool redis_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error);

bool redis_learn(struct store *store, const struct lesson *lessons, size_t count,
	struct learned *learned, struct error *error);

bool redis_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error);
bool redis_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error);
bool redis_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *deferral, struct error *error);
bool redis_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error);
bool redis_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error);

bool redis_tally(
	struct store *store, const char *const *names, size_t count, struct error *error);
bool redis_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error);

bool redis_suppress(struct store *store, const struct suppression *entries, size_t count,
	const struct event *event, enum change *changes, struct error *error);
bool redis_unsuppress(struct store *store, const char *digest, const char *scope,
	const struct event *event, bool *found, struct error *error);
bool redis_find_suppressions(struct store *store, const char *digest,
	const char *domain_digest, suppression_visitor *visit, void *context,
	struct error *error);
bool redis_each_suppression(struct store *store, suppression_visitor *visit,
	void *context, struct error *error);
bool redis_verify(struct store *store, const struct verified *entry, bool *changed,
	struct error *error);
bool redis_unverify(
	struct store *store, const char *digest, bool *changed, struct error *error);
bool redis_each_verified(
	struct store *store, verified_visitor *visit, void *context, struct error *error);

/* The record from the fields of its hash. */
void redis_read_account(
	const redisReply *pairs, const char *name, struct account *record);
bool redis_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error);
bool redis_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error);
bool redis_counters(struct store *store, const char *account, int64_t from_us,
	struct counters *counters, struct error *error);
bool redis_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error);
bool redis_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error);
bool redis_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error);

/* The words of XADD behind its key, for an event. */
void redis_event_words(const struct event *event, struct words *words);
/* EVENT, unless it is NULL, as the last key and the last arguments of a script. */
void redis_add_event(const struct redis_store *redis, const struct event *event,
	struct words *keys, struct words *arguments);
bool redis_record(struct store *store, const struct event *events, size_t count,
	struct error *error);
bool redis_each_event(struct store *store, const char *after, event_visitor *visit,
	void *context, struct error *error);

void redis_check(struct store *store, health_visitor *visit, void *context);
