#include "tests/support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "store/redis_tls.h"

/*
 * Our side of TLS against a server of OpenSSL's, both in this thread over a
 * pair of sockets: what real servers do only now and then.
 */
static char path[] = "/tmp/okite-tls-test-XXXXXX"; /* of the server's certificate */
static EVP_PKEY *key;
static X509 *certificate;

static void add_extension(int id, const char *text)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, text);

	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* Signed by itself, and its own authority. */
static int make_certificate(void **state)
{
	FILE *file;
	X509_NAME *name;

	(void)state;
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"a test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_set_pubkey(certificate, key);
	add_extension(NID_subject_alt_name, "DNS:redis.example, DNS:*.wild.example, "
					    "DNS:part*.example, IP:192.0.2.1");
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	file = fdopen(mkstemp(path), "w");
	PEM_write_X509(file, certificate);
	return fclose(file);
}

static int forget_certificate(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return unlink(path);
}

/* ---- both ends ---- */

struct pair {
	int fds[2];
	struct tls *tls;
	struct tls_session *client;
	SSL_CTX *context;
	SSL *server;
};

static void pair_open(struct pair *pair, const char *host, int version)
{
	struct redis_settings settings = {
		.ca_file = path,
		.cert_file = (char *)"",
		.key_file = (char *)"",
	};
	struct error error = ERROR_NONE;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fds), 0);
	pair->tls = tls_open(&settings, host, &error);
	if (pair->tls == NULL)
		fail_msg("%s", error.text);
	pair->client = tls_begin(pair->tls, pair->fds[0]);
	pair->context = SSL_CTX_new(TLS_server_method());
	/* A server that speaks nothing newer than VERSION. */
	SSL_CTX_set_security_level(pair->context, 0);
	SSL_CTX_set_min_proto_version(pair->context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(pair->context, version);
	SSL_CTX_use_certificate(pair->context, certificate);
	SSL_CTX_use_PrivateKey(pair->context, key);
	pair->server = SSL_new(pair->context);
	SSL_set_fd(pair->server, pair->fds[1]);
	SSL_set_accept_state(pair->server);
}

static void pair_close(struct pair *pair)
{
	tls_end(pair->client);
	tls_close(pair->tls);
	SSL_free(pair->server);
	SSL_CTX_free(pair->context);
	close(pair->fds[0]);
	close(pair->fds[1]);
	ERR_clear_error();
}

/* 1 when it is done, -1 when the client refuses. */
static int shake_hands(struct pair *pair, struct error *error)
{
	short events;
	int done = 0;

	for (int turn = 0; turn < 20 && done == 0; turn++) {
		done = tls_handshake(pair->client, &events, error);
		(void)SSL_do_handshake(pair->server);
		ERR_clear_error();
	}
	return done;
}

static void pair_connect(struct pair *pair)
{
	struct error error = ERROR_NONE;

	pair_open(pair, "redis.example", TLS1_3_VERSION);
	if (shake_hands(pair, &error) != 1)
		fail_msg("%s", error.text);
	while (SSL_do_handshake(pair->server) != 1)
		continue;
}

/* The first question and its answer, and with them the tickets of the handshake. */
static void say_hello(struct pair *pair)
{
	struct iovec parts[] = { { (char *)"hello", 5 } };
	struct error error = ERROR_NONE;
	char text[8] = "";
	short events;

	assert_int_equal(tls_write(pair->client, parts, 1, &events, &error), 5);
	assert_int_equal(SSL_read(pair->server, text, sizeof(text)), 5);
	assert_int_equal(SSL_write(pair->server, "world", 5), 5);
	assert_int_equal(tls_read(pair->client, text, sizeof(text), &events, &error), 5);
	assert_memory_equal(text, "world", 5);
}

/* ---- what comes while nothing was asked ---- */

static void say_nothing(struct pair *pair)
{
	(void)pair;
}

static void send_ticket(struct pair *pair)
{
	assert_int_equal(SSL_new_session_ticket(pair->server), 1);
	assert_int_equal(SSL_do_handshake(pair->server), 1);
}

static void update_keys(struct pair *pair)
{
	assert_int_equal(SSL_key_update(pair->server, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(pair->server), 1);
}

static void send_data(struct pair *pair)
{
	assert_int_equal(SSL_write(pair->server, "+x\r\n", 4), 4);
}

static void send_ticket_and_data(struct pair *pair)
{
	send_ticket(pair);
	send_data(pair);
}

static void say_goodbye(struct pair *pair)
{
	(void)SSL_shutdown(pair->server);
}

static void hang_up(struct pair *pair)
{
	shutdown(pair->fds[1], SHUT_RDWR);
}

static void send_garbage(struct pair *pair)
{
	assert_int_equal(write(pair->fds[1], "HTTP/1.1 400\r\n", 14), 14);
}

static void only_what_concerns_us_ends_an_idle_connection(void **state)
{
	static const struct {
		const char *name;
		void (*happens)(struct pair *pair);
		bool want; /* is it quiet? */
	} cases[] = {
		{ "nothing", say_nothing, true },
		{ "a ticket", send_ticket, true },
		{ "new keys", update_keys, true },
		{ "data", send_data, false },
		{ "a ticket, and data behind it", send_ticket_and_data, false },
		{ "good-bye", say_goodbye, false },
		{ "hanging up", hang_up, false },
		{ "garbage", send_garbage, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair pair;

		pair_connect(&pair);
		say_hello(&pair);
		cases[i].happens(&pair);
		for (int turn = 0; turn < 2; turn++)
			CASE_EQUAL_INT(
				cases[i].name, tls_is_quiet(pair.client), cases[i].want);
		if (cases[i].want)
			say_hello(&pair); /* it still works */
		pair_close(&pair);
	}
}

/* The tickets of the handshake may come late, when the connection is idle already. */
static void tickets_before_the_first_answer(void **state)
{
	struct pair pair;

	(void)state;
	pair_connect(&pair);
	assert_true(tls_is_quiet(pair.client));
	say_hello(&pair);
	pair_close(&pair);
}

/* ---- who is on the other side ---- */

static void hosts_that_the_certificate_is_for(void **state)
{
	static const struct {
		const char *host;
		const char *wrong; /* NULL: it is for it */
	} cases[] = {
		{ "redis.example", NULL }, { "REDIS.example", NULL },
		{ "redis.example.", NULL }, { "a.wild.example", NULL },
		{ "192.0.2.1", NULL }, { "wild.example", "wild.example" },
		{ "a.b.wild.example", "a.b.wild.example" },
		{ "parts.example", "parts.example" }, /* no * in the middle of a label */
		{ "example", "redis.example, *.wild.example" },
		{ "192.0.2.2", "192.0.2.1 and not for 192.0.2.2" },
		{ "::1", "not for ::1" },
		{ "a test",
			"not for a test" }, /* no name beside those of the extension */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = ERROR_NONE;
		struct pair pair;

		pair_open(&pair, cases[i].host, TLS1_3_VERSION);
		CASE_EQUAL_INT(cases[i].host, shake_hands(&pair, &error),
			cases[i].wrong == NULL ? 1 : -1);
		if (cases[i].wrong != NULL && strstr(error.text, cases[i].wrong) == NULL)
			fail_msg("%s: %s", cases[i].host, error.text);
		pair_close(&pair);
	}
}

/* A name is told to the server, an address is not. */
static void the_server_is_told_the_name(void **state)
{
	struct error error = ERROR_NONE;
	struct pair pair;
	const char *told;

	(void)state;
	pair_open(&pair, "redis.example.", TLS1_3_VERSION);
	assert_int_equal(shake_hands(&pair, &error), 1);
	told = SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name);
	assert_non_null(told);
	assert_string_equal(told, "redis.example");
	pair_close(&pair);
	pair_open(&pair, "192.0.2.1", TLS1_3_VERSION);
	assert_int_equal(shake_hands(&pair, &error), 1);
	assert_null(SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name));
	pair_close(&pair);
}

static void old_versions_are_refused(void **state)
{
	static const struct {
		const char *name;
		int version, want;
		const char *told;
	} cases[] = {
		{ "1.3", TLS1_3_VERSION, 1, "TLSv1.3" },
		{ "1.2", TLS1_2_VERSION, 1, "TLSv1.2" },
		{ "1.1", TLS1_1_VERSION, -1, "TLSv1.2 or TLSv1.3" },
		{ "1.0", TLS1_VERSION, -1, "TLSv1.2 or TLSv1.3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = ERROR_NONE;
		struct tls_facts facts;
		struct pair pair;

		pair_open(&pair, "redis.example", cases[i].version);
		CASE_EQUAL_INT(cases[i].name, shake_hands(&pair, &error), cases[i].want);
		tls_describe(pair.client, &facts);
		if (cases[i].want == 1)
			CASE_EQUAL_TEXT(cases[i].name, facts.version, cases[i].told);
		else if (strstr(error.text, cases[i].told) == NULL)
			fail_msg("%s: %s", cases[i].name, error.text);
		pair_close(&pair);
	}
}

/* ---- bytes ---- */

/* What the server reads, until SIZE bytes or nothing more. */
static size_t drain(struct pair *pair, char *to, size_t size)
{
	size_t got = 0;
	int read;

	while (got < size &&
		(read = SSL_read(pair->server, to + got, (int)(size - got))) > 0)
		got += (size_t)read;
	ERR_clear_error();
	return got;
}

/* Parts of all sizes, through a socket that takes only some at once. */
static void all_parts_arrive_in_order(void **state)
{
	enum { PARTS = 60, ALL = 2 << 20 };
	static const size_t sizes[] = { 1, 17, 0, 16383, 16384, 16385, 100, 200000,
		4096 };
	char *bytes = xmalloc(ALL), *got = xmalloc(ALL);
	struct iovec parts[PARTS];
	size_t size = 0, arrived = 0, at = 0;
	bool waited = false;
	struct pair pair;

	(void)state;
	for (size_t i = 0; i < ALL; i++)
		bytes[i] = (char)(i * 31 ^ i >> 11);
	for (size_t i = 0; i < PARTS; i++) {
		parts[i] = (struct iovec){ bytes + size, sizes[i % 9] };
		size += parts[i].iov_len;
	}
	assert_true(size < ALL);
	pair_connect(&pair);
	while (at < PARTS) {
		struct error error = ERROR_NONE;
		short events = 0;
		int sent = tls_write(
			pair.client, parts + at, (int)(PARTS - at), &events, &error);

		assert_true(sent >= 0);
		if (sent == 0) {
			waited = true;
			assert_int_equal(events, POLLOUT);
			arrived += drain(&pair, got + arrived, ALL - arrived);
		}
		while (at < PARTS && (size_t)sent >= parts[at].iov_len)
			sent -= (int)parts[at++].iov_len;
		if (at < PARTS) {
			parts[at].iov_base = (char *)parts[at].iov_base + sent;
			parts[at].iov_len -= (size_t)sent;
		}
	}
	arrived += drain(&pair, got + arrived, ALL - arrived);
	assert_true(waited);
	assert_int_equal(arrived, size);
	assert_memory_equal(got, bytes, size);
	pair_close(&pair);
	free(bytes);
	free(got);
}

/* The other side is gone: no signal, but a failure that says so. */
static void writing_to_nobody_is_a_failure(void **state)
{
	struct iovec part = { (char *)"hello", 5 };
	struct error error = ERROR_NONE;
	struct pair pair;
	short events;

	(void)state;
	pair_connect(&pair);
	say_hello(&pair);
	hang_up(&pair);
	assert_int_equal(tls_write(pair.client, &part, 1, &events, &error), -1);
	assert_non_null(strstr(error.text, "connection lost"));
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_concerns_us_ends_an_idle_connection),
		cmocka_unit_test(tickets_before_the_first_answer),
		cmocka_unit_test(hosts_that_the_certificate_is_for),
		cmocka_unit_test(the_server_is_told_the_name),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(all_parts_arrive_in_order),
		cmocka_unit_test(writing_to_nobody_is_a_failure),
	};

	return cmocka_run_group_tests(tests, make_certificate, forget_certificate);
}
