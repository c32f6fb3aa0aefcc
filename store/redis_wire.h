#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/redis_question.h"
#include "store/redis_tls.h"
#include "store/redis_url.h"

/*
 * One connection to Redis: bytes with a deadline.  hiredis is the codec, the
 * socket is ours, so that a deadline covers a whole question and not each
 * read of it, and the handshake of TLS as well.  A wire belongs to one thread
 * at a time.
 *
 * Deadlines are on the monotonic clock, in microseconds.
 */
struct wire;

/* Addresses to connect to, resolved beforehand: name servers know no deadline of ours. */
struct addrinfo;

/* TLS is NULL for a connection in clear text, and is there as long as the wire. */
struct wire *wire_open(const struct redis_url *url, const struct addrinfo *addresses,
	const struct tls *tls, int64_t deadline_us, struct error *error);
void wire_close(struct wire *wire);

/* Has the other side closed it, or sent what nobody asked for?  Then it is of no use any
 * more. */
bool wire_is_broken(struct wire *wire);

/*
 * Send the commands of COUNT questions and read all their replies.  False,
 * with ERROR set, when that did not end well before the deadline: the wire is
 * then to be closed; replies that came are there.
 */
bool wire_exchange(struct wire *wire, struct question *const *questions, size_t count,
	int64_t deadline_us, struct error *error);

/* What there is to know of a connection that is up, for `okite check`. */
struct wire_facts {
	bool is_network;      /* it leaves this host */
	struct tls_facts tls; /* version "": none */
};
void wire_describe(const struct wire *wire, struct wire_facts *facts);
