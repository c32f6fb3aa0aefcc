#include "milter/outage.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "milter/metrics.h"

/* Looked at without the lock, so that all is well costs no lock. */
static atomic_bool away;

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static int64_t since_us, unanswered;

static void begin(const struct runtime *runtime, const char *why)
{
	const struct policy *policy = &runtime->conf->policy;
	bool accepts = policy->when_store_fails == STORE_FAILURE_ACCEPT;

	since_us = store_clock_us(runtime->store);
	metrics_degraded(true);
	log_line(LOG_LEVEL_ERROR,
		"redis: %s; until it answers, %s (when_redis_fails = \"%s\"%s)", why,
		accepts || policy->observe_only ? "mail passes unjudged"
						: "recipients are answered 451",
		accepts ? "accept" : "tempfail",
		policy->observe_only ? ", mode = \"observe\"" : "");
}

static void note_away(const struct runtime *runtime, const char *why)
{
	pthread_mutex_lock(&changing);
	unanswered++;
	if (!atomic_exchange(&away, true))
		begin(runtime, why);
	pthread_mutex_unlock(&changing);
}

/* The events of an outage that is over. */
static void end(const struct runtime *runtime, struct event events[2])
{
	events[0] = (struct event){ .kind = EVENT_DEGRADED, .time_us = since_us };
	events[1] = (struct event){ .kind = EVENT_RESTORED,
		.time_us = store_clock_us(runtime->store) };
	snprintf(events[1].detail, sizeof(events[1].detail),
		"Redis was away for %" PRId64 " seconds, %" PRId64
		" questions had no answer",
		(events[1].time_us - since_us) / SECOND_US, unanswered);
	unanswered = 0;
	metrics_degraded(false);
	log_line(LOG_LEVEL_WARNING, "redis: answers again: %s", events[1].detail);
}

static void note_back(const struct runtime *runtime)
{
	struct event events[2];
	bool ended;

	pthread_mutex_lock(&changing);
	ended = atomic_exchange(&away, false);
	if (ended)
		end(runtime, events);
	pthread_mutex_unlock(&changing);
	if (ended)
		(void)store_record(runtime->store, events, 2, NULL);
}

void outage_note(
	const struct runtime *runtime, bool answered, const char *why, int64_t spent_us)
{
	metrics_store(spent_us, answered);
	if (!answered)
		note_away(runtime, why);
	else if (atomic_load_explicit(&away, memory_order_relaxed))
		note_back(runtime);
}
