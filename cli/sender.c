#include "cli/sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"

/* Long enough that the way to Redis and back does not matter. */
enum { BATCH = 1000, BATCHES = 3 };

struct batch {
	struct suppression entries[BATCH];
	size_t count;
};

struct sender {
	struct store *store;
	pthread_t thread;
	struct batch *batches; /* in turn */
	size_t filling;	       /* the reader's: which one, */
	size_t waiting;	       /* and how many before it are not answered yet */
	bool last, failed;
	struct sent sent;
	struct error error;
	pthread_mutex_t mutex; /* of all above but FILLING and its batch */
	pthread_cond_t changed;
};

static bool send_batch(struct sender *sender, const struct batch *batch)
{
	enum change changes[BATCH];
	struct sent sent = { 0 };
	struct error error = ERROR_NONE;
	bool ok = store_suppress(
		sender->store, batch->entries, batch->count, NULL, changes, &error);

	for (size_t i = 0; ok && i < batch->count; i++) {
		sent.added += changes[i] == CHANGE_ADDED;
		sent.changed += changes[i] == CHANGE_CHANGED;
		sent.unchanged += changes[i] == CHANGE_UNCHANGED;
	}
	pthread_mutex_lock(&sender->mutex);
	sender->sent.added += sent.added;
	sender->sent.changed += sent.changed;
	sender->sent.unchanged += sent.unchanged;
	if (!ok) {
		sender->failed = true;
		sender->error = error;
	}
	sender->waiting--;
	pthread_cond_signal(&sender->changed);
	pthread_mutex_unlock(&sender->mutex);
	return ok;
}

static void *run(void *context)
{
	struct sender *sender = context;
	bool more = true;

	for (size_t next = 0; more; next = (next + 1) % BATCHES) {
		pthread_mutex_lock(&sender->mutex);
		while (sender->waiting == 0 && !sender->last)
			pthread_cond_wait(&sender->changed, &sender->mutex);
		more = sender->waiting > 0;
		pthread_mutex_unlock(&sender->mutex);
		more = more && send_batch(sender, &sender->batches[next]);
	}
	return NULL;
}

struct sender *sender_new(struct store *store)
{
	struct sender *sender = xcalloc(1, sizeof(*sender));
	sigset_t all, before;

	sender->store = store;
	sender->batches = xcalloc(BATCHES, sizeof(*sender->batches));
	pthread_mutex_init(&sender->mutex, NULL);
	pthread_cond_init(&sender->changed, NULL);
	/* Signals are for who reads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&sender->thread, NULL, run, sender) != 0)
		abort(); /* for want of memory, as in xmalloc() */
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return sender;
}

/* Hand over the batch that is being filled, and wait until another is free. */
static bool hand_over(struct sender *sender)
{
	bool good;

	pthread_mutex_lock(&sender->mutex);
	sender->waiting++;
	pthread_cond_signal(&sender->changed);
	while (sender->waiting == BATCHES && !sender->failed)
		pthread_cond_wait(&sender->changed, &sender->mutex);
	good = !sender->failed;
	pthread_mutex_unlock(&sender->mutex);
	sender->filling = (sender->filling + 1) % BATCHES;
	if (good)
		sender->batches[sender->filling].count = 0;
	return good;
}

struct suppression *sender_room(struct sender *sender)
{
	struct batch *batch = &sender->batches[sender->filling];

	if (batch->count == BATCH) {
		if (!hand_over(sender))
			return NULL;
		batch = &sender->batches[sender->filling];
	}
	return &batch->entries[batch->count];
}

void sender_add(struct sender *sender)
{
	sender->batches[sender->filling].count++;
}

bool sender_finish(struct sender *sender, struct sent *sent, struct error *error)
{
	bool good;

	pthread_mutex_lock(&sender->mutex);
	if (sender->batches[sender->filling].count > 0 && !sender->failed)
		sender->waiting++;
	sender->last = true;
	pthread_cond_signal(&sender->changed);
	pthread_mutex_unlock(&sender->mutex);
	pthread_join(sender->thread, NULL);
	good = !sender->failed;
	if (!good)
		*error = sender->error;
	*sent = sender->sent;
	pthread_cond_destroy(&sender->changed);
	pthread_mutex_destroy(&sender->mutex);
	free(sender->batches);
	free(sender);
	return good;
}
