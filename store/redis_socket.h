#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Sockets that never block, and waiting for them until a deadline, which is on
 * the monotonic clock in microseconds.
 */
struct addrinfo;

/* Connected, or -1 with errno set. */
int socket_connect_unix(const char *path, int64_t deadline_us);
/* Each address gets its share of the time: a dead one must not take that of the next. */
int socket_connect_tcp(const struct addrinfo *addresses, int64_t deadline_us);

/* Wait for EVENTS of poll(2); false at the deadline. */
bool socket_wait(int fd, short events, int64_t deadline_us);

/*
 * Is the other end on another host?  A connection to oneself comes from the
 * address that it goes to, or from one of the loopback.
 */
bool socket_leaves_host(int fd);
