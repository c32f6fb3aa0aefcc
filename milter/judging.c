#include "milter/judging.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "milter/runtime.h"
#include "policy/account.h"
#include "reputation/judge.h"

/*
 * Accounts that are to be judged, or were within the last second.  Searched
 * from end to end, since few of those who send at the same time have bounces.
 */
enum { ENTRIES_MAX = 500 };

struct entry {
	char account[ACCOUNT_SIZE];
	bool wanted;
	bool told;	/* that it could not be judged */
	int64_t due_us; /* not before; of the monotonic clock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static pthread_cond_t changed;
static pthread_t thread;
static struct entry entries[ENTRIES_MAX];
static size_t count;
static bool running, stopping;

static struct entry *find(const char *account)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(entries[i].account, account) == 0)
			return &entries[i];
	return NULL;
}

/* Who need not be remembered any more. */
static void drop_old(int64_t now_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (entries[i].wanted || entries[i].due_us > now_us)
			entries[kept++] = entries[i];
	count = kept;
}

void judging_add(const char *account)
{
	struct entry *entry;

	pthread_mutex_lock(&lock);
	entry = find(account);
	if (entry == NULL && count == ENTRIES_MAX)
		drop_old(clock_monotonic_us());
	if (entry == NULL && count < ENTRIES_MAX) {
		entry = &entries[count++];
		*entry = (struct entry){ .wanted = false };
		text_copy(entry->account, sizeof(entry->account), account);
	}
	if (entry != NULL && !entry->wanted) {
		entry->wanted = true;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
}

/* The one that is due first. */
static struct entry *find_next(void)
{
	struct entry *next = NULL;

	for (size_t i = 0; i < count; i++)
		if (entries[i].wanted &&
			(next == NULL || entries[i].due_us < next->due_us))
			next = &entries[i];
	return next;
}

/* Until WHEN_US (0: for ever), or until something has changed. */
static void wait_until(int64_t when_us)
{
	struct timespec when = { .tv_sec = when_us / SECOND_US,
		.tv_nsec = when_us % SECOND_US * 1000 };

	if (when_us == 0)
		pthread_cond_wait(&changed, &lock);
	else
		pthread_cond_timedwait(&changed, &lock, &when);
}

/* Wait until an account is due, not before NOT_BEFORE_US.  False at the end of the program. */
static bool take_next(char account[ACCOUNT_SIZE], int64_t not_before_us)
{
	while (!stopping) {
		struct entry *entry = find_next();
		int64_t now_us = clock_monotonic_us(), due_us = 0;

		if (entry != NULL)
			due_us = entry->due_us > not_before_us ? entry->due_us
							       : not_before_us;
		if (entry != NULL && due_us <= now_us) {
			text_copy(account, ACCOUNT_SIZE, entry->account);
			entry->wanted = false;
			entry->due_us = now_us + SECOND_US;
			return true;
		}
		wait_until(due_us);
	}
	return false;
}

static bool judge(const char *account, struct error *error)
{
	struct runtime *runtime = runtime_hold();
	bool ok = judge_account(runtime->store, runtime->conf, account, error);

	runtime_release(runtime);
	return ok;
}

/* It stays to be judged; the log has it once. */
static void note_failure(const char *account, const struct error *error)
{
	struct entry *entry = find(account);
	char printable[ACCOUNT_SIZE];

	if (entry == NULL)
		return;
	entry->wanted = true;
	if (!entry->told)
		log_line(LOG_LEVEL_WARNING, "account=%s cannot be judged yet: %s",
			text_printable(printable, sizeof(printable), account),
			error->text);
	entry->told = true;
}

static void note_success(const char *account)
{
	struct entry *entry = find(account);

	if (entry != NULL)
		entry->told = false;
}

static void *run(void *context)
{
	char account[ACCOUNT_SIZE];
	int64_t not_before_us = 0;

	(void)context;
	pthread_mutex_lock(&lock);
	while (take_next(account, not_before_us)) {
		struct error error = ERROR_NONE;
		bool ok;

		pthread_mutex_unlock(&lock);
		ok = judge(account, &error);
		pthread_mutex_lock(&lock);
		if (ok)
			note_success(account);
		else
			note_failure(account, &error);
		/* Where one had no answer, all others would wait for theirs. */
		not_before_us = ok ? 0 : clock_monotonic_us() + SECOND_US;
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

bool judging_start(void)
{
	pthread_condattr_t attributes;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	running = pthread_cond_init(&changed, &attributes) == 0 &&
		  pthread_create(&thread, NULL, run, NULL) == 0;
	pthread_condattr_destroy(&attributes);
	return running;
}

void judging_stop(void)
{
	if (!running)
		return;
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	running = false;
}
