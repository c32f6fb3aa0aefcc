/* okite setup postfix: where okited listens. */
#include "setup/listen.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum { CONNECT_MS = 1000, PORT_SIZE = 8 };

/* PATH of unix:PATH and local:PATH; NULL: it is another. */
static const char *path_of(const char *listen)
{
	if (strncmp(listen, "unix:", 5) == 0)
		return listen + 5;
	return strncmp(listen, "local:", 6) == 0 ? listen + 6 : NULL;
}

/* PORT and HOST, which the caller frees, of inet:PORT@HOST and inet6:PORT@HOST. */
static char *host_of(const char *listen, char port[PORT_SIZE])
{
	const char *from = strchr(listen, ':') + 1, *at = strchr(from, '@');
	const char *host = at + 1;
	static const struct {
		const char *any, *local;
	} anywhere[] = { { "0.0.0.0", "127.0.0.1" }, { "::", "::1" } };

	*port = '\0';
	if (at - from < PORT_SIZE) {
		memcpy(port, from, (size_t)(at - from));
		port[at - from] = '\0';
	}
	for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++)
		if (strcmp(host, anywhere[i].any) == 0)
			host = anywhere[i].local;
	return xstrdup(host);
}

char *listen_for_postfix(
	const char *listen, const char *queue_directory, struct error *error)
{
	const char *path = path_of(listen);
	size_t length = strlen(queue_directory);
	char port[PORT_SIZE], *host, *address;

	if (path != NULL && strpbrk(path, " \t,{}$") != NULL) {
		error_set(error,
			"listen: Postfix has no way to write the path %s: take one "
			"without "
			"blanks, commas, braces and $",
			path);
		return NULL;
	}
	if (path != NULL && length > 1 && strncmp(path, queue_directory, length) == 0 &&
		path[length] == '/')
		return xasprintf("unix:%s", path + length + strspn(path + length, "/"));
	if (path != NULL)
		return xasprintf("unix:%s", path);
	host = host_of(listen, port);
	address = xasprintf(strchr(host, ':') != NULL && host[0] != '[' ? "inet:[%s]:%s"
									: "inet:%s:%s",
		host, port);
	free(host);
	return address;
}

/* ---- does it answer? ---- */

/* Only who is surely not there does not answer. */
static bool connects(const struct sockaddr *address, socklen_t size)
{
	int link =
		socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd polled = { link, POLLOUT, 0 };
	socklen_t length = sizeof(int);
	int failure = 0;

	if (link < 0)
		return true;
	if (connect(link, address, size) != 0)
		failure = errno;
	if (failure == EINPROGRESS) {
		failure = ETIMEDOUT;
		if (poll(&polled, 1, CONNECT_MS) == 1)
			getsockopt(link, SOL_SOCKET, SO_ERROR, &failure, &length);
	}
	close(link);
	return failure == 0 || failure == EACCES || failure == EAGAIN;
}

static bool socket_answers(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	return text_copy(address.sun_path, sizeof(address.sun_path), path) &&
	       connects((struct sockaddr *)&address, sizeof(address));
}

bool listen_answers(const char *listen)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char port[PORT_SIZE], *host;
	bool answers = false;

	if (path_of(listen) != NULL)
		return socket_answers(path_of(listen));
	host = host_of(listen, port);
	if (getaddrinfo(host, port, &hints, &found) == 0)
		for (struct addrinfo *each = found; each != NULL && !answers;
			each = each->ai_next)
			answers = connects(each->ai_addr, each->ai_addrlen);
	if (found != NULL)
		freeaddrinfo(found);
	free(host);
	return answers;
}
