#include "store/redis_tls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/redis_tls_fault.h"
#include "store/redis_tls_files.h"

struct tls {
	SSL_CTX *context;
	BIO_METHOD *socket;
	char *host; /* as certificates have it */
	bool is_address;
	char *ca_file;
};

struct tls_session {
	SSL *ssl;
	int fd;
	bool is_over;	/* by a failure: nothing more may be said */
	bool is_closed; /* there is no more to read */
	struct tls_story story;
};

/* ---- the socket, as OpenSSL sees it ---- */

/* OpenSSL's own would raise SIGPIPE, which is not ours to ignore in a library. */
static int socket_write(BIO *bio, const char *bytes, int size)
{
	struct tls_session *session = BIO_get_data(bio);
	ssize_t sent = send(session->fd, bytes, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent >= 0)
		return (int)sent;
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(bio);
	else
		session->story.failure = errno;
	return -1;
}

/* TLS begins with a record of a handshake or of an alert (RFC 8446 5.1). */
static bool begins_tls(unsigned char first)
{
	return first == SSL3_RT_HANDSHAKE || first == SSL3_RT_ALERT;
}

static int socket_read(BIO *bio, char *bytes, int size)
{
	struct tls_session *session = BIO_get_data(bio);
	struct tls_story *story = &session->story;
	ssize_t got = recv(session->fd, bytes, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (got > 0 && !story->is_heard) {
		story->is_heard = true;
		story->is_no_tls = !begins_tls((unsigned char)bytes[0]);
	}
	if (got >= 0) {
		session->is_closed = got == 0;
		return (int)got;
	}
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_read(bio);
	else
		story->failure = errno;
	return -1;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_session *session = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1; /* nothing is kept back */
	case BIO_CTRL_EOF:
		return session->is_closed;
	default:
		return 0;
	}
}

static BIO_METHOD *new_socket_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket to Redis");

	if (method == NULL || BIO_meth_set_write(method, socket_write) != 1 ||
		BIO_meth_set_read(method, socket_read) != 1 ||
		BIO_meth_set_ctrl(method, socket_control) != 1)
		abort(); /* out of memory, as in xmalloc() */
	return method;
}

/* ---- what connections have in common ---- */

static int verify(int good, X509_STORE_CTX *found)
{
	SSL *ssl =
		X509_STORE_CTX_get_ex_data(found, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *session = SSL_get_app_data(ssl);

	if (!good)
		tls_note_certificate(&session->story, found);
	return good;
}

/* The server asks for a certificate.  That of redis.cert_file goes by itself. */
static int note_wish(SSL *ssl, void *context)
{
	struct tls_session *session = SSL_get_app_data(ssl);

	(void)context;
	session->story.wants_certificate = true;
	return 1;
}

static SSL_CTX *new_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		abort();
	/* A stricter rule of the system's openssl.cnf stays. */
	if (SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION)
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	/* What is left to write is gathered anew, elsewhere but the same. */
	SSL_CTX_set_mode(context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verify);
	SSL_CTX_set_cert_cb(context, note_wish, NULL);
	return context;
}

/* The dot at the end of a whole name is for name servers only. */
static char *certificate_name(const char *host)
{
	size_t length = strlen(host);

	if (length > 1 && host[length - 1] == '.')
		length--;
	return xasprintf("%.*s", (int)length, host);
}

/* Whom the certificate must be for.  False: it can never be for such a host. */
static bool demand_host(struct tls *tls, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->context);

	tls->host = certificate_name(host);
	tls->is_address = X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1;
	if (tls->is_address)
		return true;
	ERR_clear_error();
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, tls->host, 0) == 1;
}

struct tls *tls_open(
	const struct redis_settings *settings, const char *host, struct error *error)
{
	struct tls *tls = xcalloc(1, sizeof(*tls));

	tls->context = new_context();
	tls->socket = new_socket_method();
	tls->ca_file = xstrdup(settings->ca_file);
	if (!demand_host(tls, host))
		error_set(error, "redis.url: %.64s is no host for a certificate", host);
	else if (tls_read_files(tls->context, settings, error))
		return tls;
	tls_close(tls);
	return NULL;
}

void tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	BIO_meth_free(tls->socket);
	free(tls->host);
	free(tls->ca_file);
	free(tls);
}

/* ---- one connection ---- */

struct tls_session *tls_begin(const struct tls *tls, int fd)
{
	struct tls_session *session = xcalloc(1, sizeof(*session));
	BIO *bio = BIO_new(tls->socket);

	session->fd = fd;
	session->story = (struct tls_story){
		.host = tls->host,
		.ca_file = tls->ca_file,
		.has_certificate = SSL_CTX_get0_certificate(tls->context) != NULL,
	};
	session->ssl = SSL_new(tls->context);
	if (session->ssl == NULL || bio == NULL)
		abort();
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	SSL_set_app_data(session->ssl, session);
	SSL_set_connect_state(session->ssl);
	/* An address is no name for SNI (RFC 6066 3). */
	if (!tls->is_address && SSL_set_tlsext_host_name(session->ssl, tls->host) != 1)
		abort();
	return session;
}

void tls_end(struct tls_session *session)
{
	if (session == NULL)
		return;
	ERR_clear_error();
	if (!session->is_over && SSL_is_init_finished(session->ssl))
		(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
	SSL_free(session->ssl);
	free(session);
}

/* What RESULT of OpenSSL means: see the header. */
static int judge(
	struct tls_session *session, int result, short *events, struct error *error)
{
	int how;

	if (result > 0)
		return result;
	how = SSL_get_error(session->ssl, result);
	if (how == SSL_ERROR_WANT_READ || how == SSL_ERROR_WANT_WRITE) {
		*events = how == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return 0;
	}
	session->is_over = how != SSL_ERROR_ZERO_RETURN;
	tls_tell(&session->story, how, error);
	return -1;
}

int tls_handshake(struct tls_session *session, short *events, struct error *error)
{
	ERR_clear_error();
	return judge(session, SSL_do_handshake(session->ssl), events, error);
}

int tls_read(struct tls_session *session, void *buffer, size_t size, short *events,
	struct error *error)
{
	int got;

	ERR_clear_error();
	got = judge(session,
		SSL_read(session->ssl, buffer, size > INT_MAX ? INT_MAX : (int)size),
		events, error);
	if (got > 0)
		session->story.is_answered = true;
	return got;
}

/* The first of PARTS, as many as fit; how many bytes that are. */
static size_t gather(unsigned char *to, const struct iovec *parts, int count)
{
	size_t used = 0;

	for (int i = 0; i < count && used < SSL3_RT_MAX_PLAIN_LENGTH; i++) {
		size_t room = SSL3_RT_MAX_PLAIN_LENGTH - used, size = parts[i].iov_len;

		if (size > room)
			size = room;
		memcpy(to + used, parts[i].iov_base, size);
		used += size;
	}
	return used;
}

int tls_write(struct tls_session *session, const struct iovec *parts, int count,
	short *events, struct error *error)
{
	unsigned char record[SSL3_RT_MAX_PLAIN_LENGTH];
	const void *bytes = parts->iov_base;
	size_t size = parts->iov_len;

	if (count > 1 && size < sizeof(record)) {
		size = gather(record, parts, count);
		bytes = record;
	}
	ERR_clear_error();
	return judge(session,
		SSL_write(session->ssl, bytes, size > INT_MAX ? INT_MAX : (int)size),
		events, error);
}

bool tls_is_quiet(struct tls_session *session)
{
	char byte;
	int result, how;

	ERR_clear_error();
	result = SSL_peek(session->ssl, &byte, 1);
	how = SSL_get_error(session->ssl, result);
	ERR_clear_error();
	session->is_over =
		session->is_over || how == SSL_ERROR_SSL || how == SSL_ERROR_SYSCALL;
	return how == SSL_ERROR_WANT_READ || how == SSL_ERROR_WANT_WRITE;
}

static void read_dates(const X509 *certificate, int64_t *begin_us, int64_t *end_us)
{
	if (certificate == NULL)
		return;
	*begin_us = tls_moment_us(X509_get0_notBefore(certificate));
	*end_us = tls_moment_us(X509_get0_notAfter(certificate));
}

void tls_describe(const struct tls_session *session, struct tls_facts *facts)
{
	*facts = (struct tls_facts){ .begin_us = 0 };
	text_copy(facts->version, sizeof(facts->version), SSL_get_version(session->ssl));
	read_dates(SSL_get0_peer_certificate(session->ssl), &facts->begin_us,
		&facts->end_us);
	read_dates(SSL_get_certificate(session->ssl), &facts->own_begin_us,
		&facts->own_end_us);
}
