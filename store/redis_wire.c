#include "store/redis_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

struct wire {
	int fd;
	redisReader *reader;
};

/* No reply of ours is larger: longer ones are a Redis gone wrong, or no Redis. */
enum { READ_BYTES = 16384, WRITE_PARTS = 64, BUFFERED_MAX = 64 << 20 };

/* Wait for EVENTS; false at the deadline. */
static bool wait_for(int fd, short events, int64_t deadline_us)
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
			if (wait_for(fd, POLLOUT, deadline_us) &&
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

static int connect_unix(const char *path, int64_t deadline_us)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	return connect_to(
		(const struct sockaddr *)&address, sizeof(address), deadline_us);
}

/* Each address gets its share of the time: a dead one must not take that of the next. */
static int connect_tcp(const struct addrinfo *addresses, int64_t deadline_us)
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

struct wire *wire_open(const struct redis_url *url, const struct addrinfo *addresses,
	int64_t deadline_us, struct error *error)
{
	struct wire *wire;
	int fd = url->path[0] != '\0' ? connect_unix(url->path, deadline_us)
				      : connect_tcp(addresses, deadline_us);

	if (fd < 0) {
		error_set(error, "cannot connect: %s", strerror(errno));
		return NULL;
	}
	wire = xcalloc(1, sizeof(*wire));
	wire->fd = fd;
	wire->reader = redisReaderCreate();
	if (wire->reader == NULL)
		abort();
	return wire;
}

void wire_close(struct wire *wire)
{
	if (wire == NULL)
		return;
	close(wire->fd);
	redisReaderFree(wire->reader);
	free(wire);
}

bool wire_is_broken(const struct wire *wire)
{
	struct pollfd poller = { .fd = wire->fd, .events = POLLIN };

	return poll(&poller, 1, 0) != 0;
}

/* Write what is left of PARTS; false when the connection is lost or the time is up. */
static bool send_all(struct wire *wire, struct iovec *parts, int count,
	int64_t deadline_us, struct error *error)
{
	while (count > 0) {
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
		ssize_t sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return error_set(error, "connection lost: %s", strerror(errno));
		if (sent < 0) {
			if (!wait_for(wire->fd, POLLOUT, deadline_us))
				return error_set(error, "takes no question in time");
			continue;
		}
		while (count > 0 && (size_t)sent >= parts->iov_len) {
			sent -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + sent;
			parts->iov_len -= (size_t)sent;
		}
	}
	return true;
}

static bool send_questions(struct wire *wire, struct question *const *questions,
	size_t count, int64_t deadline_us, struct error *error)
{
	struct iovec parts[WRITE_PARTS];

	for (size_t at = 0; at < count;) {
		int used = 0;

		for (; at < count && used < WRITE_PARTS; at++)
			parts[used++] = (struct iovec){ .iov_base = questions[at]->bytes,
				.iov_len = questions[at]->size };
		if (!send_all(wire, parts, used, deadline_us, error))
			return false;
	}
	return true;
}

static bool read_some(struct wire *wire, int64_t deadline_us, struct error *error)
{
	char buffer[READ_BYTES];
	ssize_t got;

	for (;;) {
		got = recv(wire->fd, buffer, sizeof(buffer), 0);
		if (got > 0)
			break;
		if (got == 0)
			return error_set(error, "connection closed by Redis");
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, "connection lost: %s", strerror(errno));
		if (!wait_for(wire->fd, POLLIN, deadline_us))
			return error_set(error, "no answer in time");
	}
	if (wire->reader->len > BUFFERED_MAX ||
		redisReaderFeed(wire->reader, buffer, (size_t)got) != REDIS_OK)
		return error_set(error, "answer is too long");
	return true;
}

static bool next_reply(
	struct wire *wire, redisReply **reply, int64_t deadline_us, struct error *error)
{
	void *got = NULL;

	for (;;) {
		if (redisReaderGetReply(wire->reader, &got) != REDIS_OK)
			return error_set(error, "answer is not Redis's protocol: %s",
				wire->reader->errstr);
		if (got != NULL)
			break;
		/* Bytes may come, one at a time, for ever: the deadline is the
		 * question's. */
		if (clock_monotonic_us() >= deadline_us)
			return error_set(error, "no whole answer in time");
		if (!read_some(wire, deadline_us, error))
			return false;
	}
	*reply = got;
	return true;
}

bool wire_exchange(struct wire *wire, struct question *const *questions, size_t count,
	int64_t deadline_us, struct error *error)
{
	for (size_t i = 0; i < count; i++)
		if (questions[i]->replies == NULL)
			questions[i]->replies =
				xcalloc(questions[i]->count, sizeof(redisReply *));
	if (!send_questions(wire, questions, count, deadline_us, error))
		return false;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < questions[i]->count; j++)
			if (!next_reply(
				    wire, &questions[i]->replies[j], deadline_us, error))
				return false;
	return true;
}
