#include "store/redis_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/redis_socket.h"

struct wire {
	int fd;
	struct tls_session *tls; /* NULL: in clear text */
	redisReader *reader;
	bool is_tcp;
	bool is_answered; /* something came already */
};

/* No reply of ours is larger: longer ones are a Redis gone wrong, or no Redis. */
enum { READ_BYTES = 16384, WRITE_PARTS = 64, BUFFERED_MAX = 64 << 20 };

static bool shake_hands(struct wire *wire, int64_t deadline_us, struct error *error)
{
	short events = 0;
	int done;

	while ((done = tls_handshake(wire->tls, &events, error)) == 0)
		if (!socket_wait(wire->fd, events, deadline_us))
			return error_set(error,
				"no TLS handshake in time: does it speak TLS on that "
				"port (tls-port in its redis.conf)?");
	return done > 0;
}

struct wire *wire_open(const struct redis_url *url, const struct addrinfo *addresses,
	const struct tls *tls, int64_t deadline_us, struct error *error)
{
	struct wire *wire;
	bool is_tcp = url->path[0] == '\0';
	int fd = is_tcp ? socket_connect_tcp(addresses, deadline_us)
			: socket_connect_unix(url->path, deadline_us);

	if (fd < 0) {
		error_set(error, "cannot connect: %s", strerror(errno));
		return NULL;
	}
	wire = xcalloc(1, sizeof(*wire));
	wire->fd = fd;
	wire->is_tcp = is_tcp;
	wire->reader = redisReaderCreate();
	if (wire->reader == NULL)
		abort();
	if (tls != NULL) {
		wire->tls = tls_begin(tls, fd);
		if (!shake_hands(wire, deadline_us, error)) {
			wire_close(wire);
			return NULL;
		}
	}
	return wire;
}

void wire_close(struct wire *wire)
{
	if (wire == NULL)
		return;
	tls_end(wire->tls);
	close(wire->fd);
	redisReaderFree(wire->reader);
	free(wire);
}

bool wire_is_broken(struct wire *wire)
{
	struct pollfd poller = { .fd = wire->fd, .events = POLLIN };

	if (wire->reader->pos < wire->reader->len)
		return true;
	if (wire->tls != NULL)
		return !tls_is_quiet(wire->tls);
	return poll(&poller, 1, 0) != 0;
}

/* The connection is lost; FAILURE is an errno, or 0 where Redis closed it. */
static int tell_lost(const struct wire *wire, int failure, struct error *error)
{
	/* A Redis that wants TLS says nothing to who does not speak it. */
	static const char hint[] =
		" before it said a word: where that port wants TLS, write rediss:// "
		"into redis.url";
	const char *more = wire->is_tcp && !wire->is_answered ? hint : "";

	if (failure == 0)
		error_set(error, "connection closed by Redis%s", more);
	else
		error_set(error, "connection lost (%s)%s", strerror(failure), more);
	return -1;
}

/*
 * One write, or one read: how many bytes; 0 when it must wait for *EVENTS; -1
 * when the connection is lost.
 */
static ssize_t send_some(struct wire *wire, struct iovec *parts, int count, short *events,
	struct error *error)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = (size_t)count };
	ssize_t sent;

	if (wire->tls != NULL)
		return tls_write(wire->tls, parts, count, events, error);
	sent = sendmsg(wire->fd, &message, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	if (errno != EAGAIN && errno != EINTR)
		return tell_lost(wire, errno, error);
	*events = POLLOUT;
	return 0;
}

static ssize_t receive_some(
	struct wire *wire, char *buffer, size_t size, short *events, struct error *error)
{
	ssize_t got;

	if (wire->tls != NULL)
		return tls_read(wire->tls, buffer, size, events, error);
	got = recv(wire->fd, buffer, size, 0);
	if (got > 0)
		return got;
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		return tell_lost(wire, got == 0 ? 0 : errno, error);
	*events = POLLIN;
	return 0;
}

/* Write what is left of PARTS; false when the connection is lost or the time is up. */
static bool send_all(struct wire *wire, struct iovec *parts, int count,
	int64_t deadline_us, struct error *error)
{
	while (count > 0) {
		short events = 0;
		ssize_t sent = send_some(wire, parts, count, &events, error);

		if (sent < 0)
			return false;
		if (sent == 0 && !socket_wait(wire->fd, events, deadline_us))
			return error_set(error, "takes no question in time");
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

/* An alert or a handshake (RFC 8446 5.1); no answer of Redis's begins like them. */
static bool is_tls(char first)
{
	return first == 0x15 || first == 0x16;
}

static bool read_some(struct wire *wire, int64_t deadline_us, struct error *error)
{
	char buffer[READ_BYTES];
	short events = 0;
	ssize_t got;

	while ((got = receive_some(wire, buffer, sizeof(buffer), &events, error)) == 0)
		if (!socket_wait(wire->fd, events, deadline_us))
			return error_set(error, "no answer in time");
	if (got < 0)
		return false;
	if (!wire->is_answered && wire->tls == NULL && is_tls(buffer[0]))
		return error_set(error, "it answers in TLS: write rediss:// into "
					"redis.url");
	wire->is_answered = true;
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

void wire_describe(const struct wire *wire, struct wire_facts *facts)
{
	*facts = (struct wire_facts){ .is_network = socket_leaves_host(wire->fd) };
	if (wire->tls != NULL)
		tls_describe(wire->tls, &facts->tls);
}
