#include "store/redis.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "policy/limit.h"
#include "store/scripts.h"

static const char *const sources[SCRIPT_COUNT] = {
	[SCRIPT_CHARGE] = script_charge,
	[SCRIPT_FINISH] = script_finish,
	[SCRIPT_SUPPRESS] = script_suppress,
	[SCRIPT_UNSUPPRESS] = script_unsuppress,
	[SCRIPT_ACCOUNT] = script_account,
	[SCRIPT_FORGET] = script_forget,
	[SCRIPT_LEARN] = script_learn,
	[SCRIPT_DEFER] = script_defer,
};

/* Redis names a script by the SHA-1 of its text. */
static void name_script(const char *source, char sha[41])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_Digest(source, strlen(source), digest, &size, EVP_sha1(), NULL) != 1)
		abort();
	for (unsigned i = 0; i < 20; i++)
		snprintf(sha + 2 * (size_t)i, 3, "%02x", digest[i]);
}

static void redis_close(struct store *store)
{
	struct redis_store *redis = (struct redis_store *)store;

	link_close(redis->link);
	remembered_free(redis->remembered);
	free(redis->prefix);
	free(redis);
}

static enum store_state redis_probe(struct store *store, struct error *error)
{
	struct redis_store *redis = (struct redis_store *)store;
	struct question question = QUESTION_NONE;
	enum store_state state = STORE_READY;

	/* Not PING, which is refused (MISCONF) where only writing is. */
	question_words(&question, "TIME", NULL);
	if (!redis_ask(redis, &question, NULL, error))
		state = link_is_foreign(redis->link) ? STORE_FOREIGN : STORE_AWAY;
	question_clear(&question);
	return state;
}

static void redis_recall(struct store *store, const char *account, struct account *record)
{
	remembered_get(((struct redis_store *)store)->remembered, account, record);
}

static int64_t redis_clock_us(struct store *store)
{
	return link_clock_us(((struct redis_store *)store)->link);
}

static const struct store_backend redis_backend = {
	.close = redis_close,
	.probe = redis_probe,
	.recall = redis_recall,
	.clock_us = redis_clock_us,
	.charge = redis_charge,
	.finish = redis_finish,
	.learn = redis_learn,
	.find_queued = redis_find_queued,
	.note_queued = redis_note_queued,
	.defer = redis_defer,
	.undefer = redis_undefer,
	.each_deferral = redis_each_deferral,
	.tally = redis_tally,
	.each_total = redis_each_total,
	.suppress = redis_suppress,
	.unsuppress = redis_unsuppress,
	.find_suppressions = redis_find_suppressions,
	.each_suppression = redis_each_suppression,
	.verify = redis_verify,
	.unverify = redis_unverify,
	.each_verified = redis_each_verified,
	.account = redis_account,
	.replace_account = redis_replace_account,
	.counters = redis_counters,
	.each_account = redis_each_account,
	.reset_limits = redis_reset_limits,
	.each_limit_key = redis_each_limit_key,
	.record = redis_record,
	.each_event = redis_each_event,
	.check = redis_check,
};

struct store *store_open_redis(const struct redis_settings *settings,
	const struct secret *secret, bool claims, struct error *error)
{
	struct redis_store *redis;
	struct link *link = link_open(settings, secret, claims, error);

	if (link == NULL)
		return NULL;
	redis = xcalloc(1, sizeof(*redis));
	redis->store.backend = &redis_backend;
	redis->link = link;
	redis->remembered = remembered_new();
	redis->prefix = xstrdup(settings->prefix);
	for (size_t i = 0; i < SCRIPT_COUNT; i++)
		name_script(sources[i], redis->sha[i]);
	return &redis->store;
}

char *redis_key(const struct redis_store *redis, const char *format, ...)
{
	char *key = NULL;
	size_t prefix = strlen(redis->prefix);
	va_list arguments, again;
	int size;

	va_start(arguments, format);
	va_copy(again, arguments);
	size = vsnprintf(NULL, 0, format, arguments);
	key = xmalloc(prefix + (size_t)size + 1);
	memcpy(key, redis->prefix, prefix);
	vsnprintf(key + prefix, (size_t)size + 1, format, again);
	va_end(again);
	va_end(arguments);
	return key;
}

char *redis_account_key(
	const struct redis_store *redis, const char *account, const char *what)
{
	char *owner = account_key_owner(account),
	     *key = redis_key(redis, "%s:%s", owner, what);

	free(owner);
	return key;
}

char *redis_suppression_key(
	const struct redis_store *redis, const char *digest, const char *scope)
{
	return redis_key(redis, "{r:%s}:s:%s", digest, scope);
}

char *redis_verified_key(const struct redis_store *redis, const char *digest)
{
	return redis_key(redis, "{r:%s}:v", digest);
}

/* Put WORDS into ARGV from AT on; returns where they end. */
static size_t put_words(const struct words *words, const char **argv, size_t at)
{
	for (size_t i = 0; i < words->count; i++)
		argv[at++] = words_text(words, i);
	return at;
}

void redis_command(struct question *question, const struct words *words)
{
	const char **argv = xcalloc(words->count, sizeof(*argv));

	put_words(words, argv, 0);
	question_add(question, (int)words->count, argv, NULL);
	free(argv);
}

void redis_call(const struct redis_store *redis, struct question *question,
	enum script script, const struct words *keys, const struct words *arguments)
{
	size_t count = 3 + keys->count + arguments->count, at = 0;
	const char **argv = xcalloc(count, sizeof(*argv));
	char number[24];

	snprintf(number, sizeof(number), "%zu", keys->count);
	argv[at++] = "EVALSHA";
	argv[at++] = redis->sha[script];
	argv[at++] = number;
	at = put_words(keys, argv, at);
	at = put_words(arguments, argv, at);
	question_add(question, (int)at, argv, NULL);
	free(argv);
}

static bool is_error(const redisReply *reply, const char *kind)
{
	return reply != NULL && reply->type == REDIS_REPLY_ERROR &&
	       strncmp(reply->str, kind, strlen(kind)) == 0;
}

/* Has Redis lost a script?  Nothing was done then by the commands that say so. */
static bool lost_scripts(const struct question *question)
{
	for (size_t i = 0; i < question->count; i++)
		if (is_error(question->replies[i], "NOSCRIPT"))
			return true;
	return false;
}

void redis_add_scripts(struct question *question)
{
	for (size_t i = 0; i < SCRIPT_COUNT; i++)
		question_words(question, "SCRIPT", "LOAD", sources[i], NULL);
}

/* Whether it went well shows when the question is asked again. */
static void load_scripts(struct redis_store *redis)
{
	struct question question = QUESTION_NONE;

	redis_add_scripts(&question);
	(void)link_ask(redis->link, &question, NULL);
	question_clear(&question);
}

bool redis_ask(struct redis_store *redis, struct question *question,
	enum link_outcome *outcome, struct error *error)
{
	enum link_outcome came = link_ask(redis->link, question, error);

	if (came == LINK_ANSWERED && lost_scripts(question)) {
		load_scripts(redis);
		question_forget(question);
		came = link_ask(redis->link, question, error);
	}
	if (outcome != NULL)
		*outcome = came;
	if (came != LINK_ANSWERED)
		return false;
	for (size_t i = 0; i < question->count; i++)
		if (is_error(question->replies[i], ""))
			return error_set(error, "Redis refuses: %.300s",
				question->replies[i]->str);
	return true;
}
