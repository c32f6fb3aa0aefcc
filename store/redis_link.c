#include "store/redis_link.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/redis_name.h"
#include "store/redis_wire.h"

enum {
	RETRY_FIRST_US = 100000,
	RETRY_LAST_US = 1000000,
	BATCH = 512, /* questions in one exchange */
};

/* Somebody who asks.  On its own stack; the leader sets everything but the question. */
struct asker {
	struct question *question;
	int64_t deadline_us;
	bool leads; /* is woken to ask for those that wait, and not because it is answered */
	enum link_outcome outcome;
	struct error error;
	sem_t wake; /* not a condition: who is woken would queue up for the lock again */
	struct asker *next;
};

struct link {
	struct redis_url url;
	char *password_file;
	char *place; /* for messages: "Redis at 127.0.0.1:6379" */
	char *fingerprint_key;
	char fingerprint[DIGEST_TEXT_SIZE];
	bool claims;
	int64_t timeout_us;
	_Atomic int64_t clock_ahead_us; /* Redis's clock less ours */

	pthread_mutex_t mutex;
	struct asker *first, **last; /* who waits to be asked for */
	bool led;
	bool foreign;

	/* The leader's alone: */
	struct name_lookup *lookup;
	struct wire *wire;
	int64_t retry_at_us; /* not before then, after a failure */
	int64_t retry_after_us;
	struct error failure; /* the last one */
};

struct link *link_open(const struct redis_settings *settings, const struct secret *secret,
	bool claims, struct error *error)
{
	struct link *link = xcalloc(1, sizeof(*link));

	if (!redis_url_parse(&link->url, settings->url, error)) {
		free(link);
		return NULL;
	}
	if (*settings->user != '\0')
		text_copy(link->url.user, sizeof(link->url.user), settings->user);
	link->password_file = xstrdup(settings->password_file);
	link->place = link->url.path[0] != '\0' ? xasprintf("Redis at %s", link->url.path)
						: xasprintf("Redis at %s port %s",
							  link->url.host, link->url.port);
	if (link->url.path[0] == '\0')
		link->lookup = name_lookup_new(link->url.host, link->url.port);
	link->fingerprint_key = xasprintf("%ssecret", settings->prefix);
	secret_fingerprint(secret, link->fingerprint);
	link->claims = claims;
	link->timeout_us = settings->timeout_us;
	link->last = &link->first;
	link->retry_after_us = RETRY_FIRST_US;
	pthread_mutex_init(&link->mutex, NULL);
	return link;
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	wire_close(link->wire);
	name_lookup_free(link->lookup);
	pthread_mutex_destroy(&link->mutex);
	free(link->password_file);
	free(link->place);
	free(link->fingerprint_key);
	free(link);
}

bool link_is_foreign(struct link *link)
{
	bool foreign;

	pthread_mutex_lock(&link->mutex);
	foreign = link->foreign;
	pthread_mutex_unlock(&link->mutex);
	return foreign;
}

/* Read anew for each connection, so that a changed password needs no restart. */
static bool read_password(struct link *link, struct error *error)
{
	ssize_t size;
	int fd;

	if (*link->password_file == '\0')
		return true;
	fd = open(link->password_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, "redis.password_file %s cannot be read: %m",
			link->password_file);
	size = read(fd, link->url.password, sizeof(link->url.password) - 1);
	close(fd);
	link->url.password[size < 0 ? 0 : size] = '\0';
	link->url.password[strcspn(link->url.password, "\r\n")] = '\0';
	return true;
}

static void add_greeting(struct link *link, struct question *greeting)
{
	char database[16];

	if (link->url.password[0] != '\0' && link->url.user[0] != '\0')
		question_words(
			greeting, "AUTH", link->url.user, link->url.password, NULL);
	else if (link->url.password[0] != '\0')
		question_words(greeting, "AUTH", link->url.password, NULL);
	if (link->url.database != 0) {
		snprintf(database, sizeof(database), "%d", link->url.database);
		question_words(greeting, "SELECT", database, NULL);
	}
	question_words(greeting, "TIME", NULL);
	question_words(greeting, "GET", link->fingerprint_key, NULL);
}

int64_t link_clock_us(const struct link *link)
{
	return clock_now_us() +
	       atomic_load_explicit(&link->clock_ahead_us, memory_order_relaxed);
}

void link_note_clock(struct link *link, int64_t now_us)
{
	atomic_store_explicit(
		&link->clock_ahead_us, now_us - clock_now_us(), memory_order_relaxed);
}

/* The reply to TIME: seconds and microseconds, as texts. */
static void note_time(struct link *link, const redisReply *time)
{
	if (time->type == REDIS_REPLY_ARRAY && time->elements == 2 &&
		time->element[0]->type == REDIS_REPLY_STRING &&
		time->element[1]->type == REDIS_REPLY_STRING)
		link_note_clock(
			link, strtoll(time->element[0]->str, NULL, 10) * SECOND_US +
				      strtoll(time->element[1]->str, NULL, 10));
}

static void set_foreign(struct link *link, bool foreign)
{
	pthread_mutex_lock(&link->mutex);
	link->foreign = foreign;
	pthread_mutex_unlock(&link->mutex);
}

/*
 * The first node leaves the fingerprint of the fleet's secret; any other that
 * has another secret would see an empty list, and must not go on.
 */
static bool check_fingerprint(struct link *link, const redisReply *found,
	int64_t deadline_us, struct error *error)
{
	struct question claim = QUESTION_NONE, *claims[1] = { &claim };
	bool ours;

	if (found->type != REDIS_REPLY_STRING) {
		set_foreign(link, false);
		if (!link->claims)
			return true;
		/* A replica refuses this; then whoever may write will. */
		question_words(&claim, "SET", link->fingerprint_key, link->fingerprint,
			"NX", NULL);
		ours = wire_exchange(link->wire, claims, 1, deadline_us, error);
		question_clear(&claim);
		return ours;
	}
	ours = strcmp(found->str, link->fingerprint) == 0;
	set_foreign(link, !ours);
	return ours ||
	       error_set(error, "it belongs to nodes with another secret: copy their "
				"secret file to this node, or use another redis.prefix");
}

static bool greet(struct link *link, int64_t deadline_us, struct error *error)
{
	struct question greeting = QUESTION_NONE, *greetings[1] = { &greeting };
	bool ok;

	add_greeting(link, &greeting);
	ok = wire_exchange(link->wire, greetings, 1, deadline_us, error);
	for (size_t i = 0; ok && i < greeting.count; i++)
		if (greeting.replies[i]->type == REDIS_REPLY_ERROR)
			ok = error_set(error, "it says %.200s", greeting.replies[i]->str);
	if (ok)
		note_time(link, greeting.replies[greeting.count - 2]);
	ok = ok && check_fingerprint(link, greeting.replies[greeting.count - 1],
			   deadline_us, error);
	question_clear(&greeting);
	return ok;
}

static bool connect_link(struct link *link, int64_t deadline_us, struct error *error)
{
	const struct addrinfo *addresses = NULL;

	if (!read_password(link, error))
		return false;
	if (link->lookup != NULL &&
		(addresses = name_lookup_get(link->lookup, deadline_us, error)) == NULL)
		return false;
	link->wire = wire_open(&link->url, addresses, deadline_us, error);
	return link->wire != NULL && greet(link, deadline_us, error);
}

static void drop_wire(struct link *link)
{
	wire_close(link->wire);
	link->wire = NULL;
}

/* Redis is away: the others need not find it out one after another. */
static void back_off(struct link *link, const struct error *error)
{
	drop_wire(link);
	link->failure = *error;
	link->retry_at_us = clock_monotonic_us() + link->retry_after_us;
	link->retry_after_us *= 2;
	if (link->retry_after_us > RETRY_LAST_US)
		link->retry_after_us = RETRY_LAST_US;
}

static bool have_wire(struct link *link, int64_t deadline_us, struct error *error)
{
	if (link->wire != NULL && wire_is_broken(link->wire))
		drop_wire(link);
	if (link->wire != NULL)
		return true;
	if (clock_monotonic_us() < link->retry_at_us) {
		*error = link->failure;
		return false;
	}
	if (connect_link(link, deadline_us, error)) {
		link->retry_after_us = RETRY_FIRST_US;
		return true;
	}
	back_off(link, error);
	return false;
}

static bool is_answered(const struct question *question)
{
	return question->replies != NULL &&
	       question->replies[question->count - 1] != NULL;
}

/* What of the batch must still be asked, after the connection was lost in the middle. */
static size_t keep_unanswered(
	struct asker *batch, struct question **questions, bool again)
{
	size_t count = 0;

	for (struct asker *asker = batch; asker != NULL; asker = asker->next) {
		if (is_answered(asker->question) || (again && asker->question->once))
			continue;
		question_forget(asker->question);
		questions[count++] = asker->question;
	}
	return count;
}

/* Ask for the whole batch; its first asker has the nearest deadline. */
static void exchange(struct link *link, struct asker *batch)
{
	struct question *questions[BATCH];
	int64_t deadline_us = batch->deadline_us;
	struct error error = ERROR_NONE;
	bool heard = false;

	/* Twice: a connection may have died while it was idle, and only now shows it. */
	for (int attempt = 0; attempt < 2; attempt++) {
		size_t count = keep_unanswered(batch, questions, attempt > 0);

		if (clock_monotonic_us() >= deadline_us) {
			error_set(
				&error, "no time is left, earlier questions took it all");
			break;
		}
		if (count == 0 || !have_wire(link, deadline_us, &error))
			break;
		heard = true;
		if (wire_exchange(link->wire, questions, count, deadline_us, &error))
			break;
		if (clock_monotonic_us() >= deadline_us) {
			back_off(link, &error);
			break;
		}
		drop_wire(link);
	}
	for (struct asker *asker = batch; asker != NULL; asker = asker->next) {
		asker->outcome = is_answered(asker->question) ? LINK_ANSWERED
				 : heard		      ? LINK_UNKNOWN
							      : LINK_NOT_ASKED;
		if (asker->outcome != LINK_ANSWERED)
			error_set(&asker->error, "%s: %s", link->place, error.text);
	}
}

/* The first of the queue, as many as one exchange takes. */
static struct asker *take_batch(struct link *link)
{
	struct asker *batch = link->first, *end = batch;

	for (size_t i = 1; i < BATCH && end->next != NULL; i++)
		end = end->next;
	link->first = end->next;
	if (link->first == NULL)
		link->last = &link->first;
	end->next = NULL;
	return batch;
}

static void lead(struct link *link, struct asker *self)
{
	struct asker *batch, *next, *heir;

	pthread_mutex_lock(&link->mutex);
	batch = take_batch(link);
	pthread_mutex_unlock(&link->mutex);

	exchange(link, batch);

	pthread_mutex_lock(&link->mutex);
	heir = link->first;
	link->led = heir != NULL;
	pthread_mutex_unlock(&link->mutex);
	if (heir != NULL) {
		heir->leads = true;
		sem_post(&heir->wake);
	}
	for (struct asker *asker = batch; asker != NULL; asker = next) {
		next = asker->next; /* once it is woken, it may be gone */
		if (asker != self)
			sem_post(&asker->wake);
	}
}

enum link_outcome link_ask(
	struct link *link, struct question *question, struct error *error)
{
	struct asker self = { .question = question,
		.deadline_us = clock_monotonic_us() + link->timeout_us };
	bool first;

	sem_init(&self.wake, 0, 0);
	pthread_mutex_lock(&link->mutex);
	*link->last = &self;
	link->last = &self.next;
	first = !link->led;
	link->led = true;
	pthread_mutex_unlock(&link->mutex);
	while (!first && sem_wait(&self.wake) != 0)
		continue; /* a signal */
	if (first || self.leads)
		lead(link, &self);
	sem_destroy(&self.wake);
	if (self.outcome != LINK_ANSWERED && error != NULL)
		*error = self.error;
	return self.outcome;
}
