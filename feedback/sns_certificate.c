#include "feedback/sns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/clock.h"

enum {
	PEM_SIZE_MAX = 256 << 10,
	CHAIN_MAX = 8, /* certificates behind the first */
	KEY_BITS_MIN = 2048,
	SIGNATURE_MAX = 1024, /* bytes, of a key of 8192 bits */
	HEX_MIN = 16,
	HEX_MAX = 64,
};

/* ---- where the certificate is ---- */

static const char scheme[] = "https://sns.", china[] = "amazonaws.com.cn/",
		  world[] = "amazonaws.com/", file_start[] = "SimpleNotificationService-",
		  file_end[] = ".pem", lower[] = "abcdefghijklmnopqrstuvwxyz",
		  digits[] = "0123456789", hexadecimal[] = "0123456789abcdef";

/*
 * How long the name of a region at TEXT is ("us-gov-west-1"); 0 when there is
 * none.  Two letters, words of letters, a number: "s3-us-east-1", under which
 * a bucket by the name of "sns" answers, is none.
 */
static size_t region_length(const char *text)
{
	size_t length = strspn(text, lower), words = 0, part;

	if (length != 2)
		return 0;
	while (text[length] == '-' && (part = strspn(text + length + 1, lower)) > 0) {
		length += 1 + part;
		words++;
	}
	part = text[length] == '-' ? strspn(text + length + 1, digits) : 0;
	if (words == 0 || words > 3 || part == 0 || part > 2)
		return 0;
	return length + 1 + part;
}

/* Moves *TEXT behind WORD when it begins so. */
static bool take_word(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool is_file(const char *text)
{
	size_t length;

	if (!take_word(&text, file_start))
		return false;
	length = strspn(text, hexadecimal);
	return length >= HEX_MIN && length <= HEX_MAX &&
	       strcmp(text + length, file_end) == 0;
}

/* Compared from the left to the end, so there is no room for a port, a login or a query. */
bool sns_certificate_from_url(struct sns_certificate *certificate, const char *url)
{
	size_t region;
	bool chinese;

	*certificate = (struct sns_certificate){ .file = "" };
	if (!take_word(&url, scheme))
		return false;
	region = region_length(url);
	if (region == 0 || region >= sizeof(certificate->region) || url[region] != '.')
		return false;
	chinese = strncmp(url, "cn-", 3) == 0;
	memcpy(certificate->region, url, region);
	url += region + 1;
	if (!take_word(&url, chinese ? china : world) || !is_file(url))
		return false;
	snprintf(certificate->host, sizeof(certificate->host), "sns.%s.amazonaws.com%s",
		certificate->region, chinese ? ".cn" : "");
	snprintf(certificate->file, sizeof(certificate->file), "%s", url);
	return true;
}

/* ---- the certificate ---- */

struct chain {
	X509 *leaf;
	STACK_OF(X509) * others;
};

/* An encrypted file would make OpenSSL ask the terminal: there is no password. */
static int no_password(char *password, int size, int writing, void *data)
{
	(void)password;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

static bool read_chain(struct chain *chain, const char *pem, size_t size)
{
	BIO *bytes;
	X509 *next;

	if (size == 0 || size > PEM_SIZE_MAX)
		return false;
	bytes = BIO_new_mem_buf(pem, (int)size);
	if (bytes == NULL)
		return false;
	chain->leaf = PEM_read_bio_X509(bytes, NULL, no_password, NULL);
	chain->others = sk_X509_new_null();
	while (chain->leaf != NULL && sk_X509_num(chain->others) < CHAIN_MAX &&
		(next = PEM_read_bio_X509(bytes, NULL, no_password, NULL)) != NULL)
		if (sk_X509_push(chain->others, next) <= 0)
			X509_free(next);
	BIO_free(bytes);
	return chain->leaf != NULL && chain->others != NULL;
}

/*
 * What SNS has its certificates made out to: its own name, and in regions
 * that are not on by default, in China and for the government, one with the
 * region in it.  So a certificate of one such region is none for another.
 */
static bool name_is_right(X509 *leaf, const struct sns_certificate *certificate)
{
	static const struct {
		const char *region; /* of those that begin so */
		const char *start;
		bool whole; /* else the region and the domain follow */
	} names[] = {
		{ "", "sns.amazonaws.com", true },
		{ "", "sns.", false },
		{ "", "sns-", false },
		{ "", "sns-signing.", false },
		{ "us-gov-", "sns-us-gov-west-1.amazonaws.com", true },
	};
	const char *rest = certificate->host + strlen("sns.");
	char name[SNS_HOST_SIZE + 16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(rest, names[i].region, strlen(names[i].region)) != 0)
			continue;
		snprintf(name, sizeof(name), "%s%s", names[i].start,
			names[i].whole ? "" : rest);
		if (X509_check_host(leaf, name, 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) ==
			1)
			return true;
	}
	return false;
}

static bool is_valid_at(const X509 *leaf, int64_t now_us)
{
	time_t now = (time_t)(now_us / SECOND_US);

	/* 0 is a time that cannot be read. */
	return X509_cmp_time(X509_get0_notBefore(leaf), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(leaf), &now) > 0;
}

static bool is_trusted(const struct chain *chain, const struct sns_trust *trust)
{
	X509_STORE_CTX *context;
	bool ok = false;

	if (trust->roots == NULL)
		return true;
	context = X509_STORE_CTX_new();
	if (context != NULL && X509_STORE_CTX_init(context, trust->roots, chain->leaf,
				       chain->others) == 1) {
		X509_STORE_CTX_set_time(context, 0, (time_t)(trust->now_us / SECOND_US));
		ok = X509_verify_cert(context) == 1;
	}
	X509_STORE_CTX_free(context);
	return ok;
}

/* ---- the signature ---- */

/* PKCS #1 v1.5, which is what EVP does with an RSA key when told nothing else. */
static bool signature_is_right(const struct sns *sns, EVP_PKEY *key)
{
	const EVP_MD *hash = strcmp(sns->version, "2") == 0 ? EVP_sha256() : EVP_sha1();
	char *text = sns_canonical(sns);
	uint8_t signature[SIGNATURE_MAX];
	size_t size = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok;

	ok = context != NULL &&
	     base64_read(signature, sizeof(signature), &size, sns->signature) &&
	     EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
	     EVP_DigestVerify(context, signature, size, (const unsigned char *)text,
		     strlen(text)) == 1;
	EVP_MD_CTX_free(context);
	free(text);
	return ok;
}

static enum sns_doubt check_chain(const struct sns *sns, const struct sns_trust *trust,
	const struct sns_certificate *certificate, const struct chain *chain)
{
	EVP_PKEY *key = X509_get0_pubkey(chain->leaf);

	if (!name_is_right(chain->leaf, certificate))
		return SNS_CERTIFICATE_NAME;
	if (!is_valid_at(chain->leaf, trust->now_us))
		return SNS_CERTIFICATE_EXPIRED;
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		EVP_PKEY_get_bits(key) < KEY_BITS_MIN)
		return SNS_CERTIFICATE_KEY;
	if (!is_trusted(chain, trust))
		return SNS_CERTIFICATE_CHAIN;
	return signature_is_right(sns, key) ? SNS_BELIEVED : SNS_SIGNATURE_WRONG;
}

enum sns_doubt sns_verify(const struct sns *sns, const struct sns_trust *trust,
	const char *pem, size_t size)
{
	struct sns_certificate certificate;
	struct chain chain = { NULL, NULL };
	enum sns_doubt doubt = sns_check(sns, trust, &certificate);

	if (doubt != SNS_BELIEVED)
		return doubt;
	if (read_chain(&chain, pem, size))
		doubt = check_chain(sns, trust, &certificate, &chain);
	else
		doubt = SNS_CERTIFICATE_UNREADABLE;
	X509_free(chain.leaf);
	sk_X509_pop_free(chain.others, X509_free);
	/* What OpenSSL noted down is nobody else's concern: the link to Redis asks the same queue. */
	ERR_clear_error();
	return doubt;
}
