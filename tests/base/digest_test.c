#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The secret of the cases: the bytes 0 to 31. */
static struct secret *counting_secret(void)
{
	uint8_t bytes[SECRET_BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	return secret_new(bytes);
}

/* ---- digests: what other implementations (Python's hmac, cryptography) make of it ----
 */

static void digests_are_stable(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "john@example.com", "77f09b2802f66ce06637d160f1f883ca" },
		{ "", "a3c40280e5aeca1f5d136e0eefed6915" },
	};
	struct secret *secret = counting_secret();
	char digest[DIGEST_TEXT_SIZE];

	(void)state;
	/* Twice, for the first must leave nothing behind. */
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		digest_of(secret, cases[i / 2].text, digest);
		assert_string_equal(digest, cases[i / 2].want);
	}
	secret_fingerprint(secret, digest);
	assert_string_equal(digest, "347a3c68bd5d3aad90d1dbae136f0986");
	secret_free(secret);
	secret_free(NULL);
}

static void another_secret_gives_other_digests(void **state)
{
	uint8_t bytes[SECRET_BYTES] = { 1 };
	struct secret *secret = secret_new(bytes);
	char digest[DIGEST_TEXT_SIZE];

	(void)state;
	digest_of(secret, "john@example.com", digest);
	assert_string_not_equal(digest, "77f09b2802f66ce06637d160f1f883ca");
	secret_fingerprint(secret, digest);
	assert_string_not_equal(digest, "347a3c68bd5d3aad90d1dbae136f0986");
	secret_free(secret);
}

static void reads_digests(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ "00112233445566778899aabbccddeeff", true },
		{ "00112233445566778899aabbccddeef", false },
		{ "00112233445566778899aabbccddeeff0", false },
		{ "00112233445566778899AABBCCDDEEFF", false },
		{ "00112233445566778899aabbccddeefg", false },
		{ "0x112233445566778899aabbccddeeff", false },
		{ "", false },
	};
	uint8_t digest[DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_INT(cases[i].text, digest_from_text(cases[i].text, digest),
			cases[i].want);
	assert_true(digest_from_text("00112233445566778899aabbccddeeff", digest));
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		assert_int_equal(digest[i], i * 0x11);
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *digest_in_thread(void *context)
{
	const struct secret *secret = context;
	char digest[DIGEST_TEXT_SIZE];

	for (int i = 0; i < ROUNDS; i++) {
		digest_of(secret, "john@example.com", digest);
		if (strcmp(digest, "77f09b2802f66ce06637d160f1f883ca") != 0)
			return context;
	}
	return NULL;
}

static void threads_share_a_secret(void **state)
{
	struct secret *secret = counting_secret();
	pthread_t threads[THREADS];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, digest_in_thread, secret), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	secret_free(secret);
}

/* ---- sealing ---- */

static void opens_what_others_sealed(void **state)
{
	static const uint8_t sealed[] = { 0xda, 0xea, 0x9c, 0x19, 0x00, 0x01, 0x02, 0x03,
		0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xc1, 0xa2, 0x8d, 0x8d,
		0x59, 0x59, 0x72, 0xaf, 0xef, 0x48, 0xe9, 0x1e, 0x63, 0xc2, 0x9c, 0x2a,
		0x75, 0x23, 0xb4, 0x06, 0xac, 0x5c, 0xf6, 0xf3, 0xee, 0xc4, 0x57, 0x15,
		0x0c, 0x34, 0x83, 0x1f, 0x55, 0x75 };
	struct secret *secret = counting_secret();
	char plain[sizeof(sealed) - SEAL_OVERHEAD + 1] = "";

	(void)state;
	assert_true(unseal(secret, sealed, sizeof(sealed), (uint8_t *)plain));
	assert_string_equal(plain, "shop, 3 recipients");
	secret_free(secret);
}

static void opens_what_it_sealed(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 3000 };
	struct secret *secret = counting_secret();

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t size = sizes[i];
		uint8_t *plain = xcalloc(1, size), *opened = xmalloc(size);
		uint8_t *sealed = xmalloc(size + SEAL_OVERHEAD);
		uint8_t *again = xmalloc(size + SEAL_OVERHEAD);

		seal(secret, plain, size, sealed);
		assert_true(unseal(secret, sealed, size + SEAL_OVERHEAD, opened));
		assert_memory_equal(opened, plain, size);
		/* A nonce is never used twice. */
		seal(secret, plain, size, again);
		assert_memory_not_equal(again, sealed, size + SEAL_OVERHEAD);
		free(again);
		free(sealed);
		free(opened);
		free(plain);
	}
	secret_free(secret);
}

static void refuses_what_was_changed(void **state)
{
	static const uint8_t plain[] = "account";
	enum { SIZE = sizeof(plain) + SEAL_OVERHEAD };
	uint8_t other_bytes[SECRET_BYTES] = { 1 };
	struct secret *secret = counting_secret(), *other = secret_new(other_bytes);
	uint8_t sealed[SIZE + 1] = { 0 }, opened[SIZE + 1];

	(void)state;
	seal(secret, plain, sizeof(plain), sealed);
	assert_false(unseal(other, sealed, SIZE, opened));
	for (size_t i = 0; i < SIZE; i++) {
		sealed[i] ^= 0x40;
		assert_false(unseal(secret, sealed, SIZE, opened));
		sealed[i] ^= 0x40;
	}
	for (size_t size = 0; size < SIZE; size++)
		assert_false(unseal(secret, sealed, size, opened));
	assert_false(unseal(secret, sealed, SIZE + 1, opened));
	assert_true(unseal(secret, sealed, SIZE, opened));
	secret_free(other);
	secret_free(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_stable),
		cmocka_unit_test(another_secret_gives_other_digests),
		cmocka_unit_test(reads_digests),
		cmocka_unit_test(threads_share_a_secret),
		cmocka_unit_test(opens_what_others_sealed),
		cmocka_unit_test(opens_what_it_sealed),
		cmocka_unit_test(refuses_what_was_changed),
	};

	return cmocka_run_group_tests_name("base/digest", tests, NULL, NULL);
}
