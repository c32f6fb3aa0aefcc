#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/redis.h"

/* What is right and wrong with this Redis for our use: `okite check`. */

enum { FINE, WARNING, FAULT };

struct checkup {
	struct redis_store *redis;
	health_visitor *visit;
	void *context;
};

static void tell(const struct checkup *checkup, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(const struct checkup *checkup, int level, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	checkup->visit(level, "redis", text, checkup->context);
}

/* The value of a line "NAME:value" of INFO.  False when there is none. */
static bool info_value(const char *info, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);

	for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) != 0 || line[length] != ':')
			continue;
		text_copy(value, size, line + length + 1);
		value[strcspn(value, "\r\n")] = '\0';
		return true;
	}
	return false;
}

/* The first version that has all we ask for. */
enum { MAJOR_LEAST = 6, MINOR_LEAST = 2 };

static void check_version(const struct checkup *checkup, const char *info)
{
	char version[32] = "", server[32] = "redis";
	int major = 0, minor = 0;

	(void)info_value(info, "server_name", server, sizeof(server));
	/* Valkey tells an old Redis's version to old clients, and its own beside it. */
	if (!info_value(info, "valkey_version", version, sizeof(version)))
		(void)info_value(info, "redis_version", version, sizeof(version));
	if (sscanf(version, "%d.%d", &major, &minor) != 2)
		tell(checkup, WARNING, "reachable, but it does not tell its version");
	else if (major < MAJOR_LEAST || (major == MAJOR_LEAST && minor < MINOR_LEAST))
		tell(checkup, FAULT, "%s %s is too old: install 6.2 or later", server,
			version);
	else
		tell(checkup, FINE, "reachable, %s %s", server, version);
}

static void check_role(const struct checkup *checkup, const char *info)
{
	char role[16] = "", value[16] = "";

	if (info_value(info, "role", role, sizeof(role)) && strcmp(role, "master") != 0 &&
		!(info_value(info, "slave_read_only", value, sizeof(value)) &&
			strcmp(value, "0") == 0))
		tell(checkup, FAULT,
			"it is a read-only replica: write the master's address "
			"into redis.url");
}

static void check_persistence(
	const struct checkup *checkup, const char *info, const char *save)
{
	char append[8] = "";

	(void)info_value(info, "aof_enabled", append, sizeof(append));
	if (strcmp(append, "1") == 0)
		tell(checkup, FINE, "persistence is on (append-only file)");
	else if (save != NULL && *save != '\0')
		tell(checkup, FINE, "persistence is on (snapshots: save %s)", save);
	else if (save != NULL)
		tell(checkup, WARNING,
			"persistence is off: after a restart the suppression list "
			"is empty; set \"appendonly yes\" in redis.conf");
}

/* Above so many percent of maxmemory we warn. */
enum { MEMORY_FULL_PERCENT = 80 };

static void check_memory(const struct checkup *checkup, const char *info)
{
	char policy[32] = "", text[32] = "";
	int64_t most = 0, used = 0;

	(void)info_value(info, "maxmemory_policy", policy, sizeof(policy));
	if (info_value(info, "maxmemory", text, sizeof(text)))
		(void)text_to_number(text, 0, INT64_MAX, &most);
	if (info_value(info, "used_memory", text, sizeof(text)))
		(void)text_to_number(text, 0, INT64_MAX, &used);
	if (*policy != '\0' && strcmp(policy, "noeviction") != 0)
		tell(checkup, most > 0 ? FAULT : WARNING,
			"maxmemory-policy is %s: Redis may throw entries of the "
			"suppression "
			"list away; set \"maxmemory-policy noeviction\"",
			policy);
	else if (*policy != '\0')
		tell(checkup, FINE, "nothing is evicted (maxmemory-policy noeviction)");
	if (most > 0 && used > most / 100 * MEMORY_FULL_PERCENT)
		tell(checkup, WARNING,
			"memory is %" PRId64 " %% full: raise maxmemory, or mail will be "
			"answered as when Redis is away",
			100 * used / most);
	else if (most > 0)
		tell(checkup, FINE, "memory is %" PRId64 " %% full", 100 * used / most);
}

/* ---- rights: seen by doing what okite does ---- */

/*
 * Every command that okite gives, by itself or in its scripts (an ACL holds for
 * both), on a key that nobody uses.  KEY stands for it.  It holds a text for a
 * second, so most of them do nothing; what matters is whether they are allowed.
 */
static const char KEY[] = "KEY";
static const char *const tries[][8] = {
	{ "SET", KEY, "1", "PX", "1000" },
	{ "GET", KEY },
	{ "EXISTS", KEY },
	{ "PERSIST", KEY },
	{ "PEXPIREAT", KEY, "99999999999999" },
	{ "EXPIRE", KEY, "1" },
	{ "PEXPIRE", KEY, "1000" },
	{ "HSET", KEY, "a", "1" },
	{ "HSETNX", KEY, "a", "1" },
	{ "HGET", KEY, "a" },
	{ "HMGET", KEY, "a" },
	{ "HGETALL", KEY },
	{ "HKEYS", KEY },
	{ "HDEL", KEY, "a" },
	{ "HINCRBY", KEY, "a", "1" },
	{ "ZADD", KEY, "1", "a" },
	{ "ZREM", KEY, "a" },
	{ "ZREMRANGEBYSCORE", KEY, "1", "1" },
	{ "ZCARD", KEY },
	{ "ZCOUNT", KEY, "1", "1" },
	{ "ZSCORE", KEY, "a" },
	{ "ZRANK", KEY, "a" },
	{ "ZRANGE", KEY, "0", "0" },
	{ "XADD", KEY, "*", "a", "1" },
	{ "XRANGE", KEY, "-", "+", "COUNT", "1" },
	{ "SCAN", "0", "MATCH", KEY, "COUNT", "1" },
	{ "TIME" },
	{ "PING" },
	{ "DEL", KEY },
};
enum { TRIES = sizeof(tries) / sizeof(tries[0]) };

/* What is found missing, and what else is said against it. */
struct rights {
	char commands[512]; /* "XADD, SCAN" */
	bool keys;	    /* some of them are not for our keys */
	const char *fault;
};

static void note_reply(
	struct rights *rights, const char *command, const redisReply *reply)
{
	size_t length = strlen(rights->commands);

	if (reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "WRONGTYPE", 9) == 0)
		return;
	if (strncmp(reply->str, "NOPERM", 6) != 0)
		rights->fault = rights->fault != NULL ? rights->fault : reply->str;
	else if (strstr(reply->str, "access") != NULL)
		rights->keys = true;
	else
		snprintf(rights->commands + length, sizeof(rights->commands) - length,
			"%s%s", length > 0 ? ", " : "", command);
}

static void try_command(
	struct question *question, const char *const command[8], const char *key)
{
	struct words words = { 0 };

	for (size_t i = 0; i < 8 && command[i] != NULL; i++)
		words_add(&words, command[i] == KEY ? key : command[i]);
	redis_command(question, &words);
	words_clear(&words);
}

/* A look at nothing, by the script that a message asks first. */
static void try_script(const struct redis_store *redis, struct question *question)
{
	struct words keys = { 0 }, arguments = { 0 };

	words_take(&keys, redis_key(redis, "check"));
	words_add(&arguments, "");
	words_add(&arguments, "0");
	words_add(&arguments, "l");
	words_add(&arguments, "0");
	words_add(&arguments, "0");
	redis_call(redis, question, SCRIPT_CHARGE, &keys, &arguments);
	words_clear(&keys);
	words_clear(&arguments);
}

static void tell_rights(const struct checkup *checkup, const struct rights *rights)
{
	if (rights->commands[0] != '\0')
		tell(checkup, FAULT, "the user may not use %s: allow it by ACL SETUSER",
			rights->commands);
	if (rights->keys)
		tell(checkup, FAULT,
			"the user may not use all keys that begin with \"%s\": allow "
			"~%s* by ACL SETUSER",
			checkup->redis->prefix, checkup->redis->prefix);
	if (rights->fault != NULL)
		tell(checkup, FAULT, "it refuses what okite does: %.300s", rights->fault);
	if (rights->commands[0] == '\0' && !rights->keys && rights->fault == NULL)
		tell(checkup, FINE, "may run scripts, write, and walk over keys");
}

static void note_replies(struct rights *rights, redisReply *const *replies)
{
	const redisReply *script = replies[SCRIPT_COUNT];
	bool refused = script->type == REDIS_REPLY_ERROR &&
		       strncmp(script->str, "NOPERM", 6) == 0;

	note_reply(rights, "SCRIPT LOAD", replies[0]);
	for (size_t i = 0; i < TRIES; i++)
		note_reply(rights, tries[i][0], replies[SCRIPT_COUNT + 1 + i]);
	/* A script that was not loaded, or may not do all it does, fails by that. */
	if (refused || (rights->commands[0] == '\0' && !rights->keys))
		note_reply(rights, "EVALSHA", script);
}

static void check_rights(const struct checkup *checkup)
{
	struct redis_store *redis = checkup->redis;
	struct question question = QUESTION_NONE;
	struct rights rights = { .keys = false };
	struct error error = ERROR_NONE;
	char *key = redis_key(redis, "check");

	redis_add_scripts(&question);
	try_script(redis, &question);
	for (size_t i = 0; i < TRIES; i++)
		try_command(&question, tries[i], key);
	if (link_ask(redis->link, &question, &error) == LINK_ANSWERED) {
		note_replies(&rights, question.replies);
		tell_rights(checkup, &rights);
	} else {
		tell(checkup, FAULT, "%s", error.text);
	}
	question_clear(&question);
	free(key);
}

/* Times in limits are Redis's; those in the log are ours. */
enum { CLOCK_OFF_SECONDS = 5 };

static void check_clock(const struct checkup *checkup, const redisReply *time)
{
	int64_t theirs_s = reply_number(reply_element(time, 0));
	int64_t off_s = theirs_s - clock_now_us() / SECOND_US;

	if (theirs_s == 0)
		return;
	if (off_s > CLOCK_OFF_SECONDS || off_s < -CLOCK_OFF_SECONDS)
		tell(checkup, WARNING,
			"its clock is %" PRId64 " seconds off ours: set both by NTP",
			off_s);
}

void redis_check(struct store *store, health_visitor *visit, void *context)
{
	struct checkup checkup = { (struct redis_store *)store, visit, context };
	struct question question = QUESTION_NONE;
	struct error error = ERROR_NONE;
	const redisReply *save;

	question_words(&question, "INFO", NULL);
	question_words(&question, "CONFIG", "GET", "save", NULL);
	question_words(&question, "TIME", NULL);
	if (link_ask(checkup.redis->link, &question, &error) != LINK_ANSWERED) {
		tell(&checkup, FAULT, "%s", error.text);
	} else if (question.replies[0]->type == REDIS_REPLY_ERROR) {
		tell(&checkup, WARNING,
			"reachable, but INFO is refused, so version, "
			"persistence and memory are not known: %.200s",
			question.replies[0]->str);
		check_rights(&checkup);
	} else {
		const char *info = reply_text(question.replies[0]);

		/* CONFIG is often forbidden; then snapshots are not known. */
		save = reply_element(question.replies[1], 1);
		check_version(&checkup, info);
		check_role(&checkup, info);
		check_persistence(&checkup, info, save == NULL ? NULL : reply_text(save));
		check_memory(&checkup, info);
		check_clock(&checkup, question.replies[2]);
		check_rights(&checkup);
	}
	question_clear(&question);
}
