#include "store/redis_tls_fault.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/text.h"

/* ---- what is wrong with the server's certificate ---- */

int64_t tls_moment_us(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) * SECOND_US : 0;
}

static void print_moment(char *to, size_t size, const ASN1_TIME *time)
{
	clock_to_text(to, size, tls_moment_us(time));
}

/* The common name of NAME, or all of it where there is none. */
static void print_name(char *to, size_t size, X509_NAME *name)
{
	char text[256] = "";

	if (X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text)) <= 0)
		X509_NAME_oneline(name, text, sizeof(text));
	text_printable(to, size, text);
}

/* A name that the certificate is for.  False for a kind that is of no use here. */
static bool print_general_name(char *to, size_t size, const GENERAL_NAME *name)
{
	const ASN1_STRING *value = name->d.ia5;
	int family = ASN1_STRING_length(value) == 4 ? AF_INET : AF_INET6;
	char text[256];

	if (name->type == GEN_DNS) {
		snprintf(text, sizeof(text), "%.*s", ASN1_STRING_length(value),
			(const char *)ASN1_STRING_get0_data(value));
		text_printable(to, size, text);
		return true;
	}
	return name->type == GEN_IPADD &&
	       (family == AF_INET || ASN1_STRING_length(value) == 16) &&
	       inet_ntop(family, ASN1_STRING_get0_data(value), to, (socklen_t)size) !=
		       NULL;
}

/* "redis.example, 192.0.2.1", as many as fit. */
static void print_names(char *to, size_t size, X509 *certificate)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	size_t used = 0;
	char one[128];

	text_copy(to, size, "");
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (!print_general_name(
			    one, sizeof(one), sk_GENERAL_NAME_value(names, i)) ||
			used + strlen(one) + 3 > size)
			continue;
		used += (size_t)snprintf(
			to + used, size - used, "%s%s", used > 0 ? ", " : "", one);
	}
	if (used == 0)
		print_name(to, size, X509_get_subject_name(certificate));
	GENERAL_NAMES_free(names);
}

static void note_expired(struct tls_story *story, X509 *certificate, int depth)
{
	char name[128], end[CLOCK_TEXT_SIZE];

	print_name(name, sizeof(name), X509_get_subject_name(certificate));
	print_moment(end, sizeof(end), X509_get0_notAfter(certificate));
	if (depth == 0)
		snprintf(story->certificate, sizeof(story->certificate),
			"its certificate has expired at %s: renew it on the server", end);
	else
		snprintf(story->certificate, sizeof(story->certificate),
			"the certificate of the authority \"%s\" has expired at %s: "
			"renew it on the server and in redis.ca_file",
			name, end);
}

static void note_not_yet(struct tls_story *story, X509 *certificate)
{
	char begin[CLOCK_TEXT_SIZE];

	print_moment(begin, sizeof(begin), X509_get0_notBefore(certificate));
	snprintf(story->certificate, sizeof(story->certificate),
		"its certificate is valid only from %s on: look at the clock of this "
		"host, or give the server one that is in force",
		begin);
}

static void note_other_name(struct tls_story *story, X509 *certificate)
{
	char names[192];

	print_names(names, sizeof(names), certificate);
	snprintf(story->certificate, sizeof(story->certificate),
		"its certificate is for %s and not for %.64s: write a name that it has "
		"into redis.url, or give the server one for that name",
		names, story->host);
}

static void note_unknown_authority(struct tls_story *story, X509 *certificate)
{
	char issuer[128];

	print_name(issuer, sizeof(issuer), X509_get_issuer_name(certificate));
	if (*story->ca_file == '\0')
		snprintf(story->certificate, sizeof(story->certificate),
			"its certificate comes from \"%s\", an authority that this "
			"system does not know: set redis.ca_file to the certificate of "
			"that authority",
			issuer);
	else
		snprintf(story->certificate, sizeof(story->certificate),
			"its certificate comes from \"%s\", an authority that is not in "
			"redis.ca_file %.64s: put the certificate of that authority "
			"there",
			issuer, story->ca_file);
}

void tls_note_certificate(struct tls_story *story, X509_STORE_CTX *found)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(found);
	int wrong = X509_STORE_CTX_get_error(found);

	if (story->certificate[0] != '\0')
		return;
	switch (certificate == NULL ? X509_V_ERR_UNSPECIFIED : wrong) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		note_expired(story, certificate, X509_STORE_CTX_get_error_depth(found));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		note_not_yet(story, certificate);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		note_other_name(story, certificate);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE: /* another of the same name */
		note_unknown_authority(story, certificate);
		break;
	default:
		snprintf(story->certificate, sizeof(story->certificate),
			"its certificate is not taken: %s",
			X509_verify_cert_error_string(wrong));
	}
}

/* ---- what the server says, or does, instead of answering ---- */

static const char gives_none[] =
	"the server wants a client certificate: set redis.cert_file and redis.key_file";
static const char no_cipher[] =
	"the server finds no cipher in common: see tls-ciphers, tls-ciphersuites and "
	"tls-protocols in its redis.conf";
static const char too_old[] =
	"the server speaks no TLS that is new enough: allow TLSv1.2 or TLSv1.3 by "
	"tls-protocols in its redis.conf";

/* Alerts of the server's, by their number (RFC 8446 6). */
static const struct {
	int alert;
	const char *text; /* NULL: about our certificate */
} alerts[] = {
	{ SSL3_AD_HANDSHAKE_FAILURE, no_cipher },
	{ SSL3_AD_BAD_CERTIFICATE, NULL },
	{ SSL3_AD_UNSUPPORTED_CERTIFICATE, NULL },
	{ SSL3_AD_CERTIFICATE_REVOKED, NULL },
	{ SSL3_AD_CERTIFICATE_EXPIRED, NULL },
	{ SSL3_AD_CERTIFICATE_UNKNOWN, NULL },
	{ TLS1_AD_UNKNOWN_CA, NULL },
	{ TLS1_AD_PROTOCOL_VERSION, too_old },
	{ TLS13_AD_CERTIFICATE_REQUIRED, gives_none },
};

/* Where the server asked for a certificate and then broke off, that is most likely why. */
static const char *explain_silence(const struct tls_story *story)
{
	if (story->is_answered || !story->wants_certificate)
		return NULL;
	return story->has_certificate
		       ? "the server closed the connection when it had our certificate: "
			 "see that redis.cert_file is in force and from an authority "
			 "that the server knows (tls-ca-cert-file)"
		       : gives_none;
}

static bool tell_alert(const struct tls_story *story, int alert, struct error *error)
{
	const char *name = SSL_alert_desc_string_long(alert);
	const char *silence = explain_silence(story);

	for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
		if (alerts[i].alert != alert)
			continue;
		if (alerts[i].text == NULL)
			return error_set(error,
				"the server does not take our certificate, "
				"redis.cert_file (%s): see that it is in force and "
				"from an authority that the server knows "
				"(tls-ca-cert-file)",
				name);
		/* TLS 1.2 has no other word for a certificate that is missing. */
		if (alert == SSL3_AD_HANDSHAKE_FAILURE && silence != NULL)
			return error_set(error, "%s", silence);
		return error_set(error, "%s", alerts[i].text);
	}
	return error_set(error, "the server ends the TLS connection (%s)", name);
}

static bool tell_protocol(
	const struct tls_story *story, unsigned long code, struct error *error)
{
	int reason = ERR_GET_REASON(code);
	char text[160];

	if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255)
		return tell_alert(story, reason - SSL_AD_REASON_OFFSET, error);
	if (reason == SSL_R_UNSUPPORTED_PROTOCOL)
		return error_set(error, "%s", too_old);
	ERR_error_string_n(code, text, sizeof(text));
	return error_set(error, "TLS fails: %s", text);
}

static bool tell_lost(const struct tls_story *story, struct error *error)
{
	const char *silence = explain_silence(story);

	if (silence != NULL)
		return error_set(error, "%s", silence);
	if (!story->is_heard)
		return error_set(error,
			"the server closes the connection at once: does it speak TLS on "
			"that port (tls-port in its redis.conf)?");
	if (story->failure != 0)
		return error_set(error, "connection lost: %s", strerror(story->failure));
	return error_set(error, "connection closed by Redis");
}

bool tls_tell(const struct tls_story *story, int how, struct error *error)
{
	unsigned long code = ERR_peek_error();

	ERR_clear_error();
	if (story->certificate[0] != '\0')
		return error_set(error, "%s", story->certificate);
	if (story->is_no_tls)
		return error_set(error,
			"the server does not speak TLS on that port: write its tls-port "
			"into redis.url, or redis:// for a connection in clear text");
	if (how != SSL_ERROR_SSL ||
		ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return tell_lost(story, error);
	return tell_protocol(story, code, error);
}
