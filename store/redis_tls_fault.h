#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/error.h"

/*
 * Why a connection over TLS came to its end, for a postmaster: what is wrong
 * and where it is put right.  Inside redis_tls only.
 */
struct tls_story {
	const char *host;
	const char *ca_file;	/* "": the system's authorities */
	bool has_certificate;	/* we have one of our own */
	bool wants_certificate; /* the server has asked for it */
	bool is_no_tls;		/* the first that the server said is not of TLS */
	bool is_heard;		/* the server has sent something */
	bool is_answered;	/* and something that is Redis's */
	int failure;		/* errno of the socket */
	char certificate[400];	/* what is wrong with the server's; "": nothing */
};

/* To be called where OpenSSL finds fault with a certificate of the server's chain. */
void tls_note_certificate(struct tls_story *story, X509_STORE_CTX *found);

/* After SSL_get_error() said HOW; takes the thread's queue of errors.  Returns false. */
bool tls_tell(const struct tls_story *story, int how, struct error *error);

/* A moment of a certificate; 0 when it cannot be read. */
int64_t tls_moment_us(const ASN1_TIME *time);
