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

/* Rights are seen by doing, on a key that nobody uses. */
static void check_rights(const struct checkup *checkup)
{
	struct question question = QUESTION_NONE;
	struct error error = ERROR_NONE;
	char *key = redis_key(checkup->redis, "check");

	question_words(&question, "EVAL",
		"redis.call('SET', KEYS[1], redis.call('TIME')[1], 'PX', 1000) "
		"return redis.call('DEL', KEYS[1])",
		"1", key, NULL);
	if (redis_ask(checkup->redis, &question, NULL, &error))
		tell(checkup, FINE, "may run scripts and write");
	else
		tell(checkup, FAULT, "%s", error.text);
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
