/*
 * Keys and certificates are made here: one that signs as SNS does, and others
 * that are wrong in one thing each.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/memory.h"
#include "tests/feedback/sns_message.h"
#include "tests/support/test.h"

static EVP_PKEY *key, *other_key, *small_key, *curve_key, *pss_key;
static char *good_pem;

/* ---- making certificates ---- */

struct wish {
	const char *common_name;
	const char *names; /* "DNS:a,DNS:b", or NULL */
	EVP_PKEY *subject_key;
	X509 *issuer; /* NULL: itself */
	EVP_PKEY *issuer_key;
	int64_t from_s, to_s; /* before and after TIME; 0: a day */
	bool authority;
};

static void add_extension(X509 *certificate, int id, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, id, value);

	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const struct wish *wish)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	time_t now = (time_t)(SENT_US / SECOND_US);
	time_t from = now - (wish->from_s == 0 ? 86400 : wish->from_s);
	time_t to = now + (wish->to_s == 0 ? 86400 : wish->to_s);

	assert_int_equal(X509_set_version(certificate, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	ASN1_TIME_set(X509_getm_notBefore(certificate), from);
	ASN1_TIME_set(X509_getm_notAfter(certificate), to);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)wish->common_name, -1, -1, 0);
	X509_set_issuer_name(certificate,
		wish->issuer == NULL ? name : X509_get_subject_name(wish->issuer));
	X509_set_pubkey(certificate, wish->subject_key);
	if (wish->names != NULL)
		add_extension(certificate, NID_subject_alt_name, wish->names);
	if (wish->authority)
		add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(certificate, wish->issuer_key, EVP_sha256()) > 0);
	return certificate;
}

static char *to_pem(X509 *certificate)
{
	BIO *bytes = BIO_new(BIO_s_mem());
	char *data, *pem;
	long size;

	assert_int_equal(PEM_write_bio_X509(bytes, certificate), 1);
	size = BIO_get_mem_data(bytes, &data);
	pem = xmalloc((size_t)size + 1);
	memcpy(pem, data, (size_t)size);
	pem[size] = '\0';
	BIO_free(bytes);
	return pem;
}

static char *make_pem(const struct wish *wish)
{
	X509 *certificate = make_certificate(wish);
	char *pem = to_pem(certificate);

	X509_free(certificate);
	return pem;
}

static char *pem_of(const char *common_name, const char *names, EVP_PKEY *subject_key)
{
	return make_pem(&(struct wish){ .common_name = common_name,
		.names = names,
		.subject_key = subject_key,
		.issuer_key = subject_key });
}

/* ---- signing ---- */

static void sign(json_t *object, const EVP_MD *hash, EVP_PKEY *with)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[1024];
	size_t size = sizeof(signature);
	char text[BASE64_SIZE(sizeof(signature))], *signed_text;
	struct sns sns;

	json_object_set_new(object, "Signature", json_string(""));
	assert_int_equal(sns_read_message(&sns, object), SNS_BELIEVED);
	signed_text = sns_canonical(&sns);
	assert_int_equal(EVP_DigestSignInit(context, NULL, hash, NULL, with), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &size,
				 (const unsigned char *)signed_text, strlen(signed_text)),
		1);
	base64_write(text, signature, size);
	json_object_set_new(object, "Signature", json_string(text));
	free(signed_text);
	sns_clear(&sns);
	EVP_MD_CTX_free(context);
}

static enum sns_doubt verify(
	const json_t *object, const struct sns_trust *trust, const char *pem)
{
	struct sns sns;
	enum sns_doubt doubt = sns_read_message(&sns, object);

	/* What was read with a doubt is not believed, however good the signature. */
	assert_true(doubt == SNS_BELIEVED ||
		    sns_verify(&sns, trust, pem, strlen(pem)) == doubt);
	if (doubt == SNS_BELIEVED)
		doubt = sns_verify(&sns, trust, pem, strlen(pem));
	sns_clear(&sns);
	return doubt;
}

/* An RSA key that is for another padding than that of SNS. */
static EVP_PKEY *make_pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *made = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
	assert_int_equal(EVP_PKEY_generate(context, &made), 1);
	EVP_PKEY_CTX_free(context);
	return made;
}

static int set_up(void **state)
{
	(void)state;
	key = EVP_RSA_gen(2048);
	other_key = EVP_RSA_gen(2048);
	small_key = EVP_RSA_gen(1024);
	curve_key = EVP_EC_gen("P-256");
	pss_key = make_pss_key();
	good_pem = pem_of("sns.amazonaws.com", "DNS:sns.amazonaws.com", key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(small_key);
	EVP_PKEY_free(curve_key);
	EVP_PKEY_free(pss_key);
	free(good_pem);
	return 0;
}

/* ---- the URL of the certificate ---- */

static void takes_only_urls_of_sns(void **state)
{
	static const struct {
		const char *url, *region; /* NULL: refused */
	} cases[] = {
		{ URL, "eu-west-1" },
		{ "https://sns.us-gov-west-1.amazonaws.com/" FILE_NAME, "us-gov-west-1" },
		{ "https://sns.ap-southeast-12.amazonaws.com/" FILE_NAME,
			"ap-southeast-12" },
		{ "https://sns.cn-north-1.amazonaws.com.cn/" FILE_NAME, "cn-north-1" },
		{ "https://sns.cn-north-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com.cn/" FILE_NAME, NULL },
		{ "http://sns.eu-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "HTTPS://sns.eu-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ " " URL, NULL },
		{ URL " ", NULL },
		{ URL "\n", NULL },
		{ "", NULL },
		/* a bucket by the name of "sns" */
		{ "https://sns.s3-us-west-2.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.s3.us-west-2.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.s3-website-us-east-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.s3.amazonaws.com/" FILE_NAME, NULL },
		{ "https://s3.amazonaws.com/sns/" FILE_NAME, NULL },
		/* other hosts */
		{ "https://sns.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.euro-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.e-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1a.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-123.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1-.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu--west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.EU-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://"
		  "sns.eu-abcdefghijklmnopqrstuvwxyzabcdef-1.amazonaws.com/" FILE_NAME,
			NULL },
		{ "https://sns.eu-west-1.amazonaws.com.evil.example/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.org/" FILE_NAME, NULL },
		{ "https://evil.example/sns.eu-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://evil.sns.eu-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com./" FILE_NAME, NULL },
		/* more than a host */
		{ "https://sns.eu-west-1.amazonaws.com:443/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com:8443/" FILE_NAME, NULL },
		{ "https://user@sns.eu-west-1.amazonaws.com/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com@evil.example/" FILE_NAME, NULL },
		/* another path */
		{ URL "?x=1", NULL },
		{ URL "#x", NULL },
		{ URL "/", NULL },
		{ "https://sns.eu-west-1.amazonaws.com//" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com/a/" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com/../" FILE_NAME, NULL },
		{ "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-.pem",
			NULL },
		{ "https://sns.eu-west-1.amazonaws.com/"
		  "SimpleNotificationService-0123456789abcdef/../x.pem",
			NULL },
		{ "https://sns.eu-west-1.amazonaws.com/"
		  "SimpleNotificationService-0123456789abcde.pem",
			NULL },
		{ "https://sns.eu-west-1.amazonaws.com/"
		  "SimpleNotificationService-0123456789abcdeg.pem",
			NULL },
		{ "https://sns.eu-west-1.amazonaws.com/"
		  "SimpleNotificationService-0123456789abcdef.pem",
			"eu-west-1" },
		{ "https://sns.eu-west-1.amazonaws.com/"
		  "simplenotificationservice-0123456789abcdef.pem",
			NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sns_certificate certificate;
		bool taken = sns_certificate_from_url(&certificate, cases[i].url);

		CASE_EQUAL_INT(cases[i].url, taken, cases[i].region != NULL);
		if (!taken)
			continue;
		CASE_EQUAL_TEXT(cases[i].url, certificate.region, cases[i].region);
		CASE_EQUAL_TEXT(
			cases[i].url, certificate.file, strrchr(cases[i].url, '/') + 1);
	}
}

/* ---- believing ---- */

static void believes_what_is_signed(void **state)
{
	static const char *const subjects[] = { NULL, "", "a subject" };
	struct sns_trust trust = sns_trust_message();

	(void)state;
	for (size_t type = 0; type < SNS_TYPE_COUNT; type++) {
		for (size_t i = 0; i < 3; i++) {
			json_t *object = sns_message(sns_type_names[type]);

			if (subjects[i] != NULL)
				json_object_set_new(
					object, "Subject", json_string(subjects[i]));
			sign(object, EVP_sha256(), key);
			assert_int_equal(verify(object, &trust, good_pem), SNS_BELIEVED);
			json_object_set_new(object, "SignatureVersion", json_string("1"));
			assert_int_equal(
				verify(object, &trust, good_pem), SNS_SIGNATURE_WRONG);
			sign(object, EVP_sha1(), key);
			assert_int_equal(verify(object, &trust, good_pem), SNS_BELIEVED);
			json_decref(object);
		}
	}
}

/* A member that is changed after the signing. */
static void believes_nothing_that_was_changed(void **state)
{
	static const struct {
		const char *name, *value;
		enum sns_doubt want;
	} cases[] = {
		{ "Message", MESSAGE " ", SNS_SIGNATURE_WRONG },
		{ "MessageId", "adbc-2", SNS_SIGNATURE_WRONG },
		{ "Subject", "", SNS_SIGNATURE_WRONG },
		{ "Timestamp", "2026-11-24T07:46:02.123Z", SNS_SIGNATURE_WRONG },
		{ "TopicArn", "arn:aws:sns:eu-west-1:123456789012:other",
			SNS_SIGNATURE_WRONG },
		{ "TopicArn", "arn:aws:sns:eu-west-1:999999999999:feedback",
			SNS_TOPIC_FOREIGN },
		{ "Type", "SubscriptionConfirmation", SNS_FIELD_MISSING },
		{ "SignatureVersion", "1", SNS_SIGNATURE_WRONG },
		{ "SignatureVersion", "3", SNS_VERSION_UNKNOWN },
		{ "Signature", "", SNS_SIGNATURE_WRONG },
		{ "Signature", "AAAA", SNS_SIGNATURE_WRONG },
		{ "Signature", "no base64!", SNS_SIGNATURE_WRONG },
		{ "SigningCertURL", "https://sns.s3-eu-west-1.amazonaws.com/" FILE_NAME,
			SNS_URL_FOREIGN },
		{ "Timestamp", "", SNS_TIME_UNREADABLE },
		/* The same text that was signed, taken apart in another way. */
		{ "Subject", "x\nTimestamp\nt", SNS_FIELD_MALFORMED },
		{ "MessageId", "adbc-1\nx", SNS_FIELD_MALFORMED },
	};
	struct sns_trust trust = sns_trust_message();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = sns_message("Notification");

		sign(object, EVP_sha256(), key);
		json_object_set_new(object, cases[i].name, json_string(cases[i].value));
		CASE_EQUAL_INT(
			cases[i].value, verify(object, &trust, good_pem), cases[i].want);
		json_decref(object);
	}
}

/*
 * With a subject of several lines a signed message could be told again under
 * another id: what SNS signed stays the same.
 */
static void one_signature_one_message(void **state)
{
	json_t *object = sns_message("Notification");
	struct sns_trust trust = sns_trust_message();

	(void)state;
	json_object_set_new(object, "Message", json_string("m\nMessageId\n7"));
	sign(object, EVP_sha256(), key);
	assert_int_equal(verify(object, &trust, good_pem), SNS_BELIEVED);
	json_object_set_new(object, "Message", json_string("m"));
	json_object_set_new(object, "MessageId", json_string("7\nMessageId\nadbc-1"));
	assert_int_equal(verify(object, &trust, good_pem), SNS_FIELD_MALFORMED);
	json_decref(object);
}

/* ---- certificates ---- */

static void asks_whose_certificate_it_is(void **state)
{
	static const struct {
		const char *common_name, *names, *host;
		enum sns_doubt want;
	} cases[] = {
		{ "sns.amazonaws.com", NULL, "sns.eu-west-1.amazonaws.com",
			SNS_BELIEVED },
		{ "x", "DNS:sns.amazonaws.com", "sns.eu-west-1.amazonaws.com",
			SNS_BELIEVED },
		{ "x", "DNS:a.example,DNS:sns.eu-west-1.amazonaws.com",
			"sns.eu-west-1.amazonaws.com", SNS_BELIEVED },
		{ "x", "DNS:sns-signing.af-south-1.amazonaws.com",
			"sns.af-south-1.amazonaws.com", SNS_BELIEVED },
		{ "sns-cn-north-1.amazonaws.com.cn", NULL,
			"sns.cn-north-1.amazonaws.com.cn", SNS_BELIEVED },
		{ "sns-us-gov-west-1.amazonaws.com", NULL,
			"sns.us-gov-east-1.amazonaws.com", SNS_BELIEVED },
		{ "sns-us-gov-west-1.amazonaws.com", NULL, "sns.us-east-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
		{ "x", "DNS:sns-signing.af-south-1.amazonaws.com",
			"sns.eu-west-1.amazonaws.com", SNS_CERTIFICATE_NAME },
		/* The common name counts only where there is no other. */
		{ "sns.amazonaws.com", "DNS:evil.example", "sns.eu-west-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
		{ "evil.example", NULL, "sns.eu-west-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
		{ "*.amazonaws.com", NULL, "sns.eu-west-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
		{ "sns.amazonaws.com.evil.example", NULL, "sns.eu-west-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
		{ "ec2.amazonaws.com", NULL, "sns.eu-west-1.amazonaws.com",
			SNS_CERTIFICATE_NAME },
	};
	struct sns_trust trust = sns_trust_message();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = sns_message("Notification");
		char *url = xasprintf("https://%s/" FILE_NAME, cases[i].host);
		char *pem = pem_of(cases[i].common_name, cases[i].names, key);

		json_object_set_new(object, "SigningCertURL", json_string(url));
		sign(object, EVP_sha256(), key);
		CASE_EQUAL_INT(
			cases[i].common_name, verify(object, &trust, pem), cases[i].want);
		free(pem);
		free(url);
		json_decref(object);
	}
}

static void asks_whether_it_is_valid(void **state)
{
	/* Now is a minute after TIME. */
	static const struct {
		const char *name;
		int64_t from_s, to_s;
		enum sns_doubt want;
	} cases[] = {
		{ "valid", 0, 0, SNS_BELIEVED },
		{ "from now on", -59, 0, SNS_BELIEVED },
		{ "soon", -61, 0, SNS_CERTIFICATE_EXPIRED },
		{ "until now", 0, 61, SNS_BELIEVED },
		{ "no more", 0, 59, SNS_CERTIFICATE_EXPIRED },
	};
	struct sns_trust trust = sns_trust_message();
	json_t *object = sns_message("Notification");

	(void)state;
	sign(object, EVP_sha256(), key);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *pem = make_pem(&(struct wish){ .common_name = "sns.amazonaws.com",
			.subject_key = key,
			.issuer_key = key,
			.from_s = cases[i].from_s,
			.to_s = cases[i].to_s });

		CASE_EQUAL_INT(cases[i].name, verify(object, &trust, pem), cases[i].want);
		free(pem);
	}
	json_decref(object);
}

static void asks_for_a_good_key(void **state)
{
	struct sns_trust trust = sns_trust_message();
	const struct {
		const char *name;
		EVP_PKEY *key;
		enum sns_doubt want;
	} cases[] = {
		{ "RSA of 2048 bits", key, SNS_BELIEVED },
		{ "RSA of 1024 bits", small_key, SNS_CERTIFICATE_KEY },
		{ "a curve", curve_key, SNS_CERTIFICATE_KEY },
		{ "RSA for another padding", pss_key, SNS_CERTIFICATE_KEY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = sns_message("Notification");
		char *pem = pem_of("sns.amazonaws.com", NULL, cases[i].key);

		sign(object, EVP_sha256(), cases[i].key);
		CASE_EQUAL_INT(cases[i].name, verify(object, &trust, pem), cases[i].want);
		free(pem);
		json_decref(object);
	}
}

static void asks_for_the_key_that_signed(void **state)
{
	struct sns_trust trust = sns_trust_message();
	json_t *object = sns_message("Notification");

	(void)state;
	sign(object, EVP_sha256(), other_key);
	assert_int_equal(verify(object, &trust, good_pem), SNS_SIGNATURE_WRONG);
	json_decref(object);
}

static void reads_certificates_only(void **state)
{
	static const struct {
		const char *name, *pem;
	} cases[] = {
		{ "nothing", "" },
		{ "a text", "no certificate" },
		{ "an empty one",
			"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" },
		{ "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
				       "CERTIFICATE-----\n" },
		{ "one with a password, which nobody is asked for",
			"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
			"DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
			"AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n" },
	};
	struct sns_trust trust = sns_trust_message();
	json_t *object = sns_message("Notification");

	(void)state;
	sign(object, EVP_sha256(), key);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CASE_EQUAL_INT(cases[i].name, verify(object, &trust, cases[i].pem),
			SNS_CERTIFICATE_UNREADABLE);
	json_decref(object);
}

/* A root, an authority below it, and a certificate of that: file and roots as they come. */
static void follows_the_chain(void **state)
{
	X509 *root = make_certificate(&(struct wish){ .common_name = "a root",
		.subject_key = other_key,
		.issuer_key = other_key,
		.authority = true });
	X509 *between = make_certificate(&(struct wish){ .common_name = "an authority",
		.subject_key = curve_key,
		.issuer = root,
		.issuer_key = other_key,
		.authority = true });
	X509 *leaf = make_certificate(&(struct wish){ .common_name = "sns.amazonaws.com",
		.subject_key = key,
		.issuer = between,
		.issuer_key = curve_key });
	char *leaf_pem = to_pem(leaf), *between_pem = to_pem(between);
	char *both = xasprintf("%s%s", leaf_pem, between_pem);
	X509_STORE *roots = X509_STORE_new();
	struct sns_trust trust = sns_trust_message();
	json_t *object = sns_message("Notification");

	(void)state;
	sign(object, EVP_sha256(), key);
	assert_int_equal(verify(object, &trust, leaf_pem), SNS_BELIEVED);
	trust.roots = roots;
	assert_int_equal(verify(object, &trust, both), SNS_CERTIFICATE_CHAIN);
	X509_STORE_add_cert(roots, root);
	assert_int_equal(verify(object, &trust, both), SNS_BELIEVED);
	assert_int_equal(verify(object, &trust, leaf_pem), SNS_CERTIFICATE_CHAIN);
	/* One that signed itself does not lead there. */
	assert_int_equal(verify(object, &trust, good_pem), SNS_CERTIFICATE_CHAIN);
	json_decref(object);
	X509_STORE_free(roots);
	free(both);
	free(between_pem);
	free(leaf_pem);
	X509_free(leaf);
	X509_free(between);
	X509_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_only_urls_of_sns),
		cmocka_unit_test(believes_what_is_signed),
		cmocka_unit_test(believes_nothing_that_was_changed),
		cmocka_unit_test(one_signature_one_message),
		cmocka_unit_test(asks_whose_certificate_it_is),
		cmocka_unit_test(asks_whether_it_is_valid),
		cmocka_unit_test(asks_for_a_good_key),
		cmocka_unit_test(asks_for_the_key_that_signed),
		cmocka_unit_test(reads_certificates_only),
		cmocka_unit_test(follows_the_chain),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
