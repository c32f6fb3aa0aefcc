#include "store/redis_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

bool socket_wait(int fd, short events, int64_t deadline_us)
{
	struct pollfd poller = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_us = deadline_us - clock_monotonic_us();
		int ready;

		if (left_us <= 0)
			return false;
		/* Rounded up, or the last millisecond would be a busy loop. */
		ready = poll(&poller, 1, (int)((left_us + 999) / 1000));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
	}
}

/* A connected socket, or -1 with errno set. */
static int connect_to(const struct sockaddr *address, socklen_t size, int64_t deadline_us)
{
	int fd =
		socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int failure = 0, one = 1;
	socklen_t length = sizeof(failure);

	if (fd < 0)
		return -1;
	if (connect(fd, address, size) != 0) {
		failure = errno;
		if (failure == EINPROGRESS || failure == EAGAIN) {
			failure = ETIMEDOUT;
			if (socket_wait(fd, POLLOUT, deadline_us) &&
				getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) !=
					0)
				failure = errno;
		}
	}
	if (failure != 0) {
		close(fd);
		errno = failure;
		return -1;
	}
	if (address->sa_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

int socket_connect_unix(const char *path, int64_t deadline_us)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	return connect_to(
		(const struct sockaddr *)&address, sizeof(address), deadline_us);
}

int socket_connect_tcp(const struct addrinfo *addresses, int64_t deadline_us)
{
	int fd = -1, left = 0;

	for (const struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
		left++;
	errno = EHOSTUNREACH;
	for (const struct addrinfo *a = addresses; a != NULL && fd < 0; a = a->ai_next) {
		int64_t now_us = clock_monotonic_us();

		fd = connect_to(a->ai_addr, a->ai_addrlen,
			now_us + (deadline_us - now_us) / left--);
	}
	return fd;
}

static bool same_address(
	const struct sockaddr_storage *one, const struct sockaddr_storage *other)
{
	const struct sockaddr_in *one4 = (const void *)one, *other4 = (const void *)other;
	const struct sockaddr_in6 *one6 = (const void *)one,
				  *other6 = (const void *)other;

	if (one->ss_family == AF_INET)
		return one4->sin_addr.s_addr == other4->sin_addr.s_addr;
	return memcmp(&one6->sin6_addr, &other6->sin6_addr, sizeof(one6->sin6_addr)) == 0;
}

bool socket_leaves_host(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t size = sizeof(ours), their_size = sizeof(theirs);
	const struct sockaddr_in *own = (const void *)&ours;

	if (getsockname(fd, (struct sockaddr *)&ours, &size) != 0 ||
		getpeername(fd, (struct sockaddr *)&theirs, &their_size) != 0)
		return false;
	if (ours.ss_family == AF_UNIX)
		return false;
	if (ours.ss_family == AF_INET &&
		ntohl(own->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
		return false;
	return !same_address(&ours, &theirs);
}
