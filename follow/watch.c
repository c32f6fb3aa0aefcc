#include "follow/watch.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"

/* Whoever logs a line logs several: they make one batch, and one trip to the store. */
#define GATHER_US (SECOND_US / 20)

struct watch {
	int events; /* -1: this system tells nothing */
	int folder; /* its number */
	char *name;
};

struct watch *watch_open(const char *folder, const char *name)
{
	struct watch *watch = xmalloc(sizeof(*watch));

	watch->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	watch->name = xstrdup(name);
	watch->folder = -1;
	watch_add(watch, folder);
	return watch;
}

void watch_add(struct watch *watch, const char *folder)
{
	int number;

	if (watch->events < 0)
		return;
	number = inotify_add_watch(watch->events, folder,
		IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
			IN_DELETE);
	if (watch->folder < 0)
		watch->folder = number;
}

void watch_close(struct watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->events >= 0)
		close(watch->events);
	free(watch->name);
	free(watch);
}

static bool is_of_interest(const struct watch *watch, const struct inotify_event *event)
{
	return event->wd != watch->folder || event->len == 0 ||
	       strncmp(event->name, watch->name, strlen(watch->name)) == 0;
}

/* Take all that was told; was there something of interest? */
static bool take_events(struct watch *watch)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool any = false;
	ssize_t got;

	while ((got = read(watch->events, bytes, sizeof(bytes))) > 0) {
		for (char *next = bytes; next < bytes + got;) {
			const struct inotify_event *event = (const void *)next;

			any = any || is_of_interest(watch, event);
			next += sizeof(*event) + event->len;
		}
	}
	return any;
}

/* With the signals of MASK let through; whether there is something to read. */
static bool wait_for_events(int events, int64_t longest_us, const sigset_t *mask)
{
	struct pollfd waited = { .fd = events, .events = POLLIN };
	struct timespec longest = {
		.tv_sec = (time_t)(longest_us / SECOND_US),
		.tv_nsec = (long)(longest_us % SECOND_US * 1000),
	};

	return ppoll(&waited, 1, &longest, mask) > 0;
}

/*
 * The signals are held back but while it waits: one that came between the
 * question whether it came and the waiting would be slept over.
 */
void watch_wait(struct watch *watch, int64_t longest_us)
{
	int64_t end_us = clock_monotonic_us() + longest_us, left_us;
	sigset_t held, before;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	while (!interrupt_came() && (left_us = end_us - clock_monotonic_us()) > 0) {
		if (!wait_for_events(watch->events, left_us, &before) ||
			!take_events(watch))
			continue;
		(void)wait_for_events(-1, GATHER_US, &before);
		break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
