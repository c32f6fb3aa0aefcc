#include "store/redis_checkup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What we may do in Redis: seen by doing what okite does. */

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
	{ "HEXISTS", KEY, "a" },
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
	{ "HLEN", KEY },
	{ "ZSCAN", KEY, "0", "COUNT", "1" },
	{ "XADD", KEY, "*", "a", "1" },
	{ "XRANGE", KEY, "-", "+", "COUNT", "1" },
	{ "SCAN", "0", "MATCH", KEY, "COUNT", "1" },
	{ "TIME" },
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

/* What a server says for itself, and what to do about it. */
static const struct {
	const char *word; /* that its error begins with */
	enum trouble trouble;
	const char *advice;
} refusals[] = {
	{ "MISCONF", TROUBLE_DISK,
		"it cannot save to its disk; its log says why, and a disk with room and "
		"a `dir` that it may write to is what it needs" },
	{ "OOM", TROUBLE_MEMORY, "its memory is full; raise maxmemory in redis.conf" },
	{ "READONLY", TROUBLE_REPLICA,
		"it is a read-only replica; write the master's address into redis.url" },
	{ "NOREPLICAS", TROUBLE_COUNT,
		"it misses replicas; bring them back, or lower min-replicas-to-write" },
	{ "MOVED", TROUBLE_CLUSTER,
		"it is a node of a cluster, which this version cannot use" },
	{ "CLUSTERDOWN", TROUBLE_CLUSTER,
		"it is a node of a cluster, which this version cannot use" },
};

static void tell_fault(const struct checkup *checkup, const char *fault)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		enum trouble trouble = refusals[i].trouble;

		if (strncmp(fault, refusals[i].word, strlen(refusals[i].word)) != 0)
			continue;
		if (trouble == TROUBLE_COUNT || !checkup->told[trouble])
			checkup_tell(checkup, FAULT, "it refuses to write: %s (%.200s)",
				refusals[i].advice, fault);
		return;
	}
	checkup_tell(checkup, FAULT, "it refuses what okite does: %.300s", fault);
}

static void tell_rights(const struct checkup *checkup, const struct rights *rights)
{
	const char *prefix = checkup->redis->prefix;

	if (rights->commands[0] != '\0')
		checkup_tell(checkup, FAULT,
			"the user may not use %s: allow it by ACL SETUSER; okite.conf(5) "
			"has all that is needed",
			rights->commands);
	if (rights->keys)
		checkup_tell(checkup, FAULT,
			"the user may not use all keys that begin with \"%s\": allow "
			"~%s* by ACL SETUSER",
			prefix, prefix);
	if (rights->fault != NULL)
		tell_fault(checkup, rights->fault);
	if (rights->commands[0] == '\0' && !rights->keys && rights->fault == NULL)
		checkup_tell(checkup, FINE, "may run scripts, write, and walk over keys");
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

void checkup_rights(const struct checkup *checkup)
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
		checkup_tell(checkup, FAULT, "%s", error.text);
	}
	question_clear(&question);
	free(key);
}
