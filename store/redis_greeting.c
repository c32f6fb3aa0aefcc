#include "store/redis_greeting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* Anew for each connection, so that a changed password needs no restart. */
static bool read_password(struct greeting *greeting, struct error *error)
{
	char first[sizeof(greeting->url.password) + 1]; /* one byte more than fits */
	ssize_t size = -1;
	int fd;

	if (*greeting->password_file == '\0')
		return true;
	fd = open(greeting->password_file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		size = read(fd, first, sizeof(first) - 1);
	if (size < 0)
		error_set(error, "redis.password_file %s cannot be read: %s",
			greeting->password_file, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return false;
	first[size] = '\0';
	first[strcspn(first, "\r\n")] = '\0';
	return text_copy(greeting->url.password, sizeof(greeting->url.password), first) ||
	       error_set(error,
		       "redis.password_file %s has a password of more than %zu bytes",
		       greeting->password_file, sizeof(greeting->url.password) - 1);
}

/* The clock and the fingerprint are the last two commands. */
static void add_words(const struct greeting *greeting, struct question *question)
{
	const struct redis_url *url = &greeting->url;
	char database[16];

	if (url->password[0] != '\0' && url->user[0] != '\0')
		question_words(question, "AUTH", url->user, url->password, NULL);
	else if (url->password[0] != '\0')
		question_words(question, "AUTH", url->password, NULL);
	if (url->database != 0) {
		snprintf(database, sizeof(database), "%d", url->database);
		question_words(question, "SELECT", database, NULL);
	}
	question_words(question, "TIME", NULL);
	question_words(question, "GET", greeting->fingerprint_key, NULL);
}

/* The reply to TIME: seconds and microseconds, as texts. */
static int64_t read_clock(const redisReply *time)
{
	if (time->type != REDIS_REPLY_ARRAY || time->elements != 2 ||
		time->element[0]->type != REDIS_REPLY_STRING ||
		time->element[1]->type != REDIS_REPLY_STRING)
		return 0;
	return strtoll(time->element[0]->str, NULL, 10) * SECOND_US +
	       strtoll(time->element[1]->str, NULL, 10);
}

/* What is to be done about an error, by its first word. */
static const struct {
	const char *word, *advice;
} advices[] = {
	{ "NOAUTH", "; set redis.password_file, and redis.user where it has users" },
	{ "WRONGPASS", "; see redis.user and redis.password_file" },
	{ "NOPERM", "; okite.conf(5) has the rights that its user needs" },
	{ "LOADING", "; wait until it has" },
	{ "MOVED", "; it is a node of a cluster, which this version cannot use" },
	{ "CLUSTERDOWN", "; it is a node of a cluster, which this version cannot use" },
};

static bool tell_refusal(const char *refusal, struct error *error)
{
	const char *advice = "";

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strncmp(refusal, advices[i].word, strlen(advices[i].word)) == 0)
			advice = advices[i].advice;
	return error_set(error, "it says %.200s%s", refusal, advice);
}

/* Of two who come first at the same time, one is: so the fingerprint is read again. */
static bool claim(struct wire *wire, const struct greeting *greeting, int64_t deadline_us,
	bool *foreign, struct error *error)
{
	struct question question = QUESTION_NONE, *questions[1] = { &question };
	bool ok;

	/* A replica refuses this; then whoever may write will. */
	question_words(&question, "SET", greeting->fingerprint_key, greeting->fingerprint,
		"NX", NULL);
	question_words(&question, "GET", greeting->fingerprint_key, NULL);
	ok = wire_exchange(wire, questions, 1, deadline_us, error);
	if (ok && question.replies[1]->type == REDIS_REPLY_STRING)
		*foreign = strcmp(question.replies[1]->str, greeting->fingerprint) != 0;
	question_clear(&question);
	return ok;
}

/*
 * The first node leaves the fingerprint of the fleet's secret; any other that
 * has another secret would see an empty list, and must not go on.
 */
static bool check_fingerprint(struct wire *wire, const struct greeting *greeting,
	const redisReply *found, int64_t deadline_us, bool *foreign, struct error *error)
{
	*foreign = false;
	if (found->type == REDIS_REPLY_STRING)
		*foreign = strcmp(found->str, greeting->fingerprint) != 0;
	else if (greeting->claims && !claim(wire, greeting, deadline_us, foreign, error))
		return false;
	return !*foreign ||
	       error_set(error, "it belongs to nodes with another secret: copy their "
				"secret file to this node, or use another redis.prefix");
}

bool greet(struct wire *wire, struct greeting *greeting, int64_t deadline_us,
	struct greeted *greeted, struct error *error)
{
	struct question question = QUESTION_NONE, *questions[1] = { &question };
	bool ok;

	*greeted = (struct greeted){ .clock_us = 0 };
	if (!read_password(greeting, error))
		return false;
	add_words(greeting, &question);
	ok = wire_exchange(wire, questions, 1, deadline_us, error);
	/* The first: that of a wrong password has the others behind it. */
	for (size_t i = 0; ok && i < question.count; i++)
		if (question.replies[i]->type == REDIS_REPLY_ERROR)
			ok = tell_refusal(question.replies[i]->str, error);
	if (ok) {
		greeted->clock_us = read_clock(question.replies[question.count - 2]);
		ok = check_fingerprint(wire, greeting,
			question.replies[question.count - 1], deadline_us,
			&greeted->foreign, error);
	}
	question_clear(&question);
	return ok;
}
