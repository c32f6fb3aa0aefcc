#include "store/redis_name.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

struct name_lookup {
	char *host, *port;
	struct addrinfo hints;
	struct addrinfo *found;
	struct gaicb request; /* glibc's: must stay where it is while it runs */
	bool running;
};

struct name_lookup *name_lookup_new(const char *host, const char *port)
{
	struct name_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->host = xstrdup(host);
	lookup->port = xstrdup(port);
	lookup->hints =
		(struct addrinfo){ .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	lookup->request = (struct gaicb){ .ar_name = lookup->host,
		.ar_service = lookup->port,
		.ar_request = &lookup->hints };
	return lookup;
}

void name_lookup_free(struct name_lookup *lookup)
{
	const struct gaicb *list[1];

	if (lookup == NULL)
		return;
	list[0] = &lookup->request;
	if (lookup->running && gai_cancel(&lookup->request) == EAI_NOTCANCELED)
		while (gai_error(&lookup->request) == EAI_INPROGRESS)
			gai_suspend(list, 1, NULL);
	if (lookup->request.ar_result != NULL)
		freeaddrinfo(lookup->request.ar_result);
	if (lookup->found != NULL)
		freeaddrinfo(lookup->found);
	free(lookup->host);
	free(lookup->port);
	free(lookup);
}

/* Addresses written as numbers need no name server, and no thread: they are found once.
 */
static bool is_number(const char *host)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 ||
	       inet_pton(AF_INET6, host, bytes) == 1;
}

static const struct addrinfo *get_number(struct name_lookup *lookup)
{
	if (lookup->found == NULL)
		(void)getaddrinfo(
			lookup->host, lookup->port, &lookup->hints, &lookup->found);
	return lookup->found;
}

static void wait_until(struct name_lookup *lookup, int64_t deadline_us)
{
	const struct gaicb *list[1] = { &lookup->request };

	while (gai_error(&lookup->request) == EAI_INPROGRESS) {
		int64_t left_us = deadline_us - clock_monotonic_us();
		struct timespec timeout = { .tv_sec = left_us / SECOND_US,
			.tv_nsec = left_us % SECOND_US * 1000 };

		if (left_us <= 0 || gai_suspend(list, 1, &timeout) == EAI_AGAIN)
			return;
	}
}

const struct addrinfo *name_lookup_get(
	struct name_lookup *lookup, int64_t deadline_us, struct error *error)
{
	struct gaicb *list[1] = { &lookup->request };
	int failure;

	if (is_number(lookup->host))
		return get_number(lookup);
	if (!lookup->running) {
		failure = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
		if (failure != 0)
			goto failed;
		lookup->running = true;
	}
	wait_until(lookup, deadline_us);
	failure = gai_error(&lookup->request);
	if (failure == EAI_INPROGRESS)
		goto failed;
	lookup->running = false;
	if (failure != 0)
		goto failed;
	if (lookup->found != NULL)
		freeaddrinfo(lookup->found);
	lookup->found = lookup->request.ar_result;
	lookup->request.ar_result = NULL;
	return lookup->found;
failed:
	error_set(error, "cannot look up the host %s: %s", lookup->host,
		failure == EAI_INPROGRESS ? "no answer in time" : gai_strerror(failure));
	return NULL;
}
