#include "reputation/notify.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "reputation/command.h"

/* More changes than this do not wait for their turn. */
enum { WAITING_MAX = 200, VARIABLES_MAX = 16 };

struct notice {
	struct notice *next;
	char *command;
	char *variables[VARIABLES_MAX]; /* ends in NULL; the first names the account */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static bool started, finishing;
static struct notice *first, **last = &first;
static size_t waiting;

/* When the command must end that runs now, and all of them. */
static _Atomic int64_t command_end_us, all_end_us = INT64_MAX;

static void notice_free(struct notice *notice)
{
	for (size_t i = 0; notice->variables[i] != NULL; i++)
		free(notice->variables[i]);
	free(notice->command);
	free(notice);
}

/* The names of accounts are strangers' words: without control characters, and whole UTF-8. */
static struct notice *notice_new(
	const struct conf *conf, const struct judgement *judgement)
{
	const struct counters *counters = &judgement->counters;
	const struct rates *rates = &judgement->rates;
	struct notice *notice = xcalloc(1, sizeof(*notice));
	char **to = notice->variables;
	char account[4 * ACCOUNT_SIZE], node[256], time[CLOCK_TEXT_SIZE], window[32];

	notice->command = xstrdup(conf->reputation.notify);
	text_printable(account, sizeof(account), judgement->account);
	text_printable(node, sizeof(node), conf->node);
	clock_to_text(time, sizeof(time), judgement->time_us);
	text_from_duration(window, sizeof(window), conf->reputation.law.window_us);
	*to++ = xasprintf("OKITE_ACCOUNT=%s", account);
	*to++ = xasprintf("OKITE_STANDING=%s", standing_names[judgement->after]);
	*to++ = xasprintf("OKITE_STANDING_BEFORE=%s", standing_names[judgement->before]);
	*to++ = xasprintf("OKITE_SENT=%" PRId64, counters->accepted);
	*to++ = xasprintf("OKITE_HARD=%" PRId64, counters->hard);
	*to++ = xasprintf("OKITE_COMPLAINT=%" PRId64, counters->complaint);
	*to++ = xasprintf("OKITE_BOUNCE_RATE=%.2f", rates->bounce);
	*to++ = xasprintf("OKITE_BOUNCE_RATE_LOW=%.2f", rates->bounce_low);
	*to++ = xasprintf("OKITE_COMPLAINT_RATE=%.3f", rates->complaint);
	*to++ = xasprintf("OKITE_COMPLAINT_RATE_LOW=%.3f", rates->complaint_low);
	*to++ = xasprintf("OKITE_NODE=%s", node);
	*to++ = xasprintf("OKITE_TIME=%s", time);
	*to++ = xasprintf("OKITE_WINDOW=%s", window);
	return notice;
}

static void log_output(const char *line, void *context)
{
	const struct notice *notice = context;

	log_line(LOG_LEVEL_INFO, "reputation.notify: %s: %s", notice->variables[0], line);
}

static void tell(struct notice *notice)
{
	struct error error = ERROR_NONE;
	int64_t end_us = clock_monotonic_us() + NOTIFY_MAX_US;

	if (end_us > atomic_load(&all_end_us))
		end_us = atomic_load(&all_end_us);
	atomic_store(&command_end_us, end_us);
	/* It may have been moved just before. */
	if (atomic_load(&all_end_us) < end_us)
		atomic_store(&command_end_us, atomic_load(&all_end_us));
	if (!command_run(notice->command, notice->variables, &command_end_us, log_output,
		    notice, &error))
		log_line(LOG_LEVEL_ERROR, "reputation.notify: %s: %s",
			notice->variables[0], error.text);
}

/* The next one, or NULL when there will be none. */
static struct notice *take_next(void)
{
	struct notice *notice;

	pthread_mutex_lock(&lock);
	while (first == NULL && !finishing)
		pthread_cond_wait(&changed, &lock);
	notice = first;
	if (notice != NULL) {
		first = notice->next;
		if (first == NULL)
			last = &first;
		waiting--;
	}
	pthread_mutex_unlock(&lock);
	return notice;
}

static void *run(void *context)
{
	struct notice *notice;

	(void)context;
	while ((notice = take_next()) != NULL) {
		if (clock_monotonic_us() < atomic_load(&all_end_us))
			tell(notice);
		else
			log_line(LOG_LEVEL_ERROR,
				"reputation.notify: %s: the command is not run any more, "
				"since the program ends",
				notice->variables[0]);
		notice_free(notice);
	}
	return NULL;
}

/* Signals are for others. */
static bool start(void)
{
	sigset_t all, before;

	if (started)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, run, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void notify(const struct conf *conf, const struct judgement *judgement)
{
	struct notice *notice;
	bool taken;

	if (*conf->reputation.notify == '\0')
		return;
	notice = notice_new(conf, judgement);
	pthread_mutex_lock(&lock);
	taken = !finishing && waiting < WAITING_MAX && start();
	if (taken) {
		*last = notice;
		last = &notice->next;
		waiting++;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	if (taken)
		return;
	log_line(LOG_LEVEL_ERROR,
		"reputation.notify: %s: the command is not run, since too many wait for "
		"it or no thread can be started",
		notice->variables[0]);
	notice_free(notice);
}

void notify_finish(int64_t patience_us)
{
	int64_t end_us = clock_monotonic_us() + patience_us;
	bool join;

	pthread_mutex_lock(&lock);
	join = started && !finishing;
	finishing = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	if (!join)
		return;
	atomic_store(&all_end_us, end_us);
	if (atomic_load(&command_end_us) > end_us)
		atomic_store(&command_end_us, end_us);
	pthread_join(thread, NULL);
}
