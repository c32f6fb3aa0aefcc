#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/error.h"
#include "store/store.h"

/*
 * TLS over a socket that is ours and never blocks, by OpenSSL: version 1.2 or
 * later, and a server whose certificate is in force, comes from an authority
 * that we know and is for the host that we want.  Nothing here waits, so that
 * the deadline of a question holds for the handshake as well.
 */

/*
 * What all connections to one server have in common.  Its files are read when
 * it is opened; renewed ones are for the next that is opened.
 */
struct tls;

/* HOST is a name or an address.  NULL, with ERROR set, when a file is of no use. */
struct tls *tls_open(
	const struct redis_settings *settings, const char *host, struct error *error);
void tls_close(struct tls *tls);
/* One connection.  It belongs to one thread at a time, as its wire does. */
struct tls_session;

struct tls_session *tls_begin(const struct tls *tls, int fd);
/* Says good-bye, if that can be done at once.  FD stays open. */
void tls_end(struct tls_session *session);

/*
 * What was done: bytes, or 1 for a handshake that is over; 0 when the socket
 * must first be ready for *EVENTS of poll(2); -1, with ERROR set, when the
 * connection is of no use any more.
 */
int tls_handshake(struct tls_session *session, short *events, struct error *error);
int tls_read(struct tls_session *session, void *buffer, size_t size, short *events,
	struct error *error);
/* Of PARTS, small ones together; what is left is for the next call, with the same words. */
int tls_write(struct tls_session *session, const struct iovec *parts, int count,
	short *events, struct error *error);

/*
 * Has nothing come that somebody would have to read?  What TLS has to say for
 * itself, as the tickets for a later session, is taken and does not count.
 */
bool tls_is_quiet(struct tls_session *session);

/* Of a handshake that is over: the version, and when certificates begin and end. */
struct tls_facts {
	char version[16];		  /* "TLSv1.3" */
	int64_t begin_us, end_us;	  /* the server's */
	int64_t own_begin_us, own_end_us; /* ours; 0: there is none */
};
void tls_describe(const struct tls_session *session, struct tls_facts *facts);
