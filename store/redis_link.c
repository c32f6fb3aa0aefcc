#include "store/redis_link.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/redis_greeting.h"
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
	char *place; /* for messages: "Redis at 127.0.0.1:6379" */
	int64_t timeout_us;
	_Atomic int64_t clock_ahead_us; /* Redis's clock less ours */

	pthread_mutex_t mutex;
	struct asker *first, **last; /* who waits to be asked for */
	bool led;
	atomic_bool foreign;

	/* The leader's alone: */
	struct greeting greeting;
	struct name_lookup *lookup;
	struct tls *tls; /* NULL: in clear text */
	struct wire *wire;
	int64_t retry_at_us; /* not before then, after a failure */
	int64_t retry_after_us;
	struct error failure; /* the last one */
};

struct link *link_open(const struct redis_settings *settings, const struct secret *secret,
	bool claims, struct error *error)
{
	struct link *link = xcalloc(1, sizeof(*link));
	struct redis_url *url = &link->greeting.url;
	bool good = redis_url_parse(url, settings->url, error);

	if (good && *settings->user != '\0')
		good = text_copy(url->user, sizeof(url->user), settings->user) ||
		       error_set(error, "redis.user is longer than %zu bytes",
			       sizeof(url->user) - 1);
	if (good && url->tls)
		good = (link->tls = tls_open(settings, url->host, error)) != NULL;
	if (!good) {
		free(link);
		return NULL;
	}
	link->place = url->path[0] != '\0'
			      ? xasprintf("Redis at %s", url->path)
			      : xasprintf("Redis at %s port %s", url->host, url->port);
	if (url->path[0] == '\0')
		link->lookup = name_lookup_new(url->host, url->port);
	link->greeting.password_file = xstrdup(settings->password_file);
	link->greeting.fingerprint_key = xasprintf("%ssecret", settings->prefix);
	link->greeting.claims = claims;
	secret_fingerprint(secret, link->greeting.fingerprint);
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
	tls_close(link->tls);
	name_lookup_free(link->lookup);
	pthread_mutex_destroy(&link->mutex);
	free(link->greeting.password_file);
	free(link->greeting.fingerprint_key);
	free(link->place);
	free(link);
}

bool link_is_foreign(const struct link *link)
{
	return atomic_load(&link->foreign);
}

void link_describe(const struct link *link, struct link_facts *facts)
{
	*facts = (struct link_facts){
		.has_login = link->greeting.url.password[0] != '\0',
	};
	if (link->wire != NULL)
		wire_describe(link->wire, &facts->wire);
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

static bool connect_link(struct link *link, int64_t deadline_us, struct error *error)
{
	const struct addrinfo *addresses = NULL;
	struct greeted greeted;
	bool ok;

	if (link->lookup != NULL &&
		(addresses = name_lookup_get(link->lookup, deadline_us, error)) == NULL)
		return false;
	link->wire =
		wire_open(&link->greeting.url, addresses, link->tls, deadline_us, error);
	if (link->wire == NULL)
		return false;
	ok = greet(link->wire, &link->greeting, deadline_us, &greeted, error);
	atomic_store(&link->foreign, greeted.foreign);
	if (greeted.clock_us != 0)
		link_note_clock(link, greeted.clock_us);
	return ok;
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
