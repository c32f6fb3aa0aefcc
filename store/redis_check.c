#include "store/redis_checkup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* What is right and wrong with this Redis for our use: `okite check`. */

void checkup_tell(const struct checkup *checkup, int level, const char *format, ...)
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

static bool info_is(const char *info, const char *name, const char *wanted)
{
	char value[32];

	return info_value(info, name, value, sizeof(value)) && strcmp(value, wanted) == 0;
}

static int64_t info_number(const char *info, const char *name)
{
	char text[32];
	int64_t number = 0;

	if (info_value(info, name, text, sizeof(text)))
		(void)text_to_number(text, 0, INT64_MAX, &number);
	return number;
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
		checkup_tell(
			checkup, WARNING, "reachable, but it does not tell its version");
	else if (major < MAJOR_LEAST || (major == MAJOR_LEAST && minor < MINOR_LEAST))
		checkup_tell(checkup, FAULT, "%s %s is too old: install 6.2 or later",
			server, version);
	else
		checkup_tell(checkup, FINE, "reachable, %s %s", server, version);
}

static void check_role(struct checkup *checkup, const char *info)
{
	char role[16] = "";

	(void)info_value(info, "role", role, sizeof(role));
	if (*role != '\0' && strcmp(role, "master") != 0) {
		checkup->told[TROUBLE_REPLICA] = true;
		checkup_tell(checkup, FAULT,
			info_is(info, "slave_read_only", "0")
				? "it is a replica, and loses what is written there when "
				  "it copies its master again: write the master's "
				  "address into redis.url"
				: "it is a read-only replica: write the master's address "
				  "into redis.url");
	}
	if (info_is(info, "cluster_enabled", "1")) {
		checkup->told[TROUBLE_CLUSTER] = true;
		checkup_tell(checkup, FAULT,
			"it is a node of a cluster, which this version cannot use: set "
			"up a Redis with \"cluster-enabled no\"");
	}
}

/* After a failure to save, Redis refuses every write (MISCONF). */
static void check_saving(struct checkup *checkup, const char *info, const char *save)
{
	static const struct {
		const char *field, *what;
		bool snapshot;
	} states[] = {
		{ "rdb_last_bgsave_status", "snapshot", true },
		{ "aof_last_write_status", "write to its append-only file", false },
		{ "aof_last_bgrewrite_status", "rewrite of its append-only file", false },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		bool unwanted = states[i].snapshot && save != NULL && *save == '\0';

		if (!info_is(info, states[i].field, "err"))
			continue;
		checkup->told[TROUBLE_DISK] = true;
		checkup_tell(checkup, unwanted ? WARNING : FAULT,
			"its last %s failed (%s:err), and Redis may refuse every write "
			"until one succeeds: its log says why; see that its disk has "
			"room and that it may write to its `dir`",
			states[i].what, states[i].field);
	}
}

static void check_persistence(
	const struct checkup *checkup, const char *info, const char *save)
{
	if (info_is(info, "aof_enabled", "1"))
		checkup_tell(checkup, FINE, "persistence is on (append-only file)");
	else if (save != NULL && *save != '\0')
		checkup_tell(
			checkup, FINE, "persistence is on (snapshots: save %s)", save);
	else if (save != NULL)
		checkup_tell(checkup, WARNING,
			"persistence is off: after a restart the suppression list "
			"is empty; set \"appendonly yes\" in redis.conf");
	else
		checkup_tell(checkup, WARNING,
			"there is no append-only file, and whether there are snapshots "
			"is not known, since CONFIG GET is refused: set \"appendonly "
			"yes\" in redis.conf, or see that it has a line \"save\"");
}

/* Above so many percent of maxmemory we warn. */
enum { MEMORY_FULL_PERCENT = 80 };

static void check_eviction(const struct checkup *checkup, const char *info)
{
	char policy[32] = "";

	(void)info_value(info, "maxmemory_policy", policy, sizeof(policy));
	if (*policy != '\0' && strcmp(policy, "noeviction") != 0)
		checkup_tell(checkup,
			info_number(info, "maxmemory") > 0 ? FAULT : WARNING,
			"maxmemory-policy is %s: Redis may throw entries of the "
			"suppression list away; set \"maxmemory-policy noeviction\" in "
			"redis.conf",
			policy);
	else if (*policy != '\0')
		checkup_tell(checkup, FINE,
			"nothing is evicted (maxmemory-policy noeviction)");
}

static void check_memory(struct checkup *checkup, const char *info)
{
	int64_t most = info_number(info, "maxmemory");
	int64_t percent = most > 0 ? 100 * info_number(info, "used_memory") / most : 0;

	if (percent >= 100) {
		checkup->told[TROUBLE_MEMORY] = true;
		checkup_tell(checkup, FAULT,
			"memory is full (%" PRId64 " %% of maxmemory), so Redis refuses "
			"to write: raise maxmemory in redis.conf, or take other data "
			"away",
			percent);
	} else if (percent > MEMORY_FULL_PERCENT) {
		checkup_tell(checkup, WARNING,
			"memory is %" PRId64 " %% full: raise maxmemory in redis.conf, "
			"or mail will be answered as when Redis is away",
			percent);
	} else if (most > 0) {
		checkup_tell(checkup, FINE, "memory is %" PRId64 " %% full", percent);
	}
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
		checkup_tell(checkup, WARNING,
			"its clock is %" PRId64 " seconds %s ours, and limits go by its: "
			"set both by NTP",
			off_s < 0 ? -off_s : off_s, off_s < 0 ? "behind" : "ahead of");
}

static void check_info(struct checkup *checkup, const redisReply *reply, const char *save)
{
	const char *info = reply_text(reply);

	if (reply->type == REDIS_REPLY_ERROR) {
		checkup_tell(checkup, WARNING,
			"reachable, but INFO is refused, so version, role, persistence "
			"and memory are not known: allow +info by ACL SETUSER (%.120s)",
			reply->str);
		return;
	}
	check_version(checkup, info);
	check_role(checkup, info);
	check_persistence(checkup, info, save);
	check_saving(checkup, info, save);
	check_eviction(checkup, info);
	check_memory(checkup, info);
}

/* What was configured, as CONFIG GET answers; NULL where it is refused. */
static const char *read_config(const redisReply *reply)
{
	const redisReply *value = reply_element(reply, 1);

	return value == NULL ? NULL : reply_text(value);
}

void redis_check(struct store *store, health_visitor *visit, void *context)
{
	struct checkup checkup = { (struct redis_store *)store, visit, context, { 0 } };
	struct question question = QUESTION_NONE;
	struct error error = ERROR_NONE;
	struct checkup_config config = { .save = NULL };
	const struct {
		const char *name;
		const char **value;
	} wanted[] = {
		{ "save", &config.save },
		{ "bind", &config.bind },
		{ "protected-mode", &config.protected_mode },
		{ "port", &config.port },
		{ "tls-port", &config.tls_port },
	};
	enum { WANTED = sizeof(wanted) / sizeof(wanted[0]) };

	question_words(&question, "INFO", NULL);
	question_words(&question, "TIME", NULL);
	/* One by one: only Redis 7 takes them together. */
	for (size_t i = 0; i < WANTED; i++)
		question_words(&question, "CONFIG", "GET", wanted[i].name, NULL);
	if (link_ask(checkup.redis->link, &question, &error) != LINK_ANSWERED) {
		checkup_tell(&checkup, FAULT, "%s", error.text);
	} else {
		for (size_t i = 0; i < WANTED; i++)
			*wanted[i].value = read_config(question.replies[2 + i]);
		check_info(&checkup, question.replies[0], config.save);
		check_clock(&checkup, question.replies[1]);
		checkup_link(&checkup, &config);
		checkup_rights(&checkup);
	}
	question_clear(&question);
}
