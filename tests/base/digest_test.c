#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* ---- the secret's file, in a folder of the test's own ---- */

static int make_folder(void **state)
{
	char *folder = xstrdup("/tmp/okite-digest-test.XXXXXX");

	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return -1;
	*state = folder;
	return 0;
}

/* Fails when anything but the secret has been left behind. */
static int remove_folder(void **state)
{
	char *folder = *state;
	int result;

	unlink("secret");
	result = chdir("/") == 0 ? rmdir(folder) : -1;
	free(folder);
	return result;
}

static void write_file(const char *path, size_t size, mode_t mode)
{
	static const char bytes[SECRET_BYTES + 1];
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, size), size);
	assert_int_equal(fchmod(file, mode), 0);
	close(file);
}

static void makes_a_secret_and_keeps_it(void **state)
{
	char *path = xasprintf("%s/secret", (char *)*state);
	struct error error = ERROR_NONE;
	char first[DIGEST_TEXT_SIZE], second[DIGEST_TEXT_SIZE];
	struct stat status, folder;
	struct secret *secret;

	umask(0077); /* whatever it is, the mode is 0640 */
	secret = secret_read(path, &error);
	assert_string_equal(error.text, "");
	assert_non_null(secret);
	secret_fingerprint(secret, first);
	secret_free(secret);

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(stat(".", &folder), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(status.st_size, SECRET_BYTES);
	assert_int_equal(status.st_gid, folder.st_gid);
	assert_int_equal(status.st_nlink, 1);

	secret = secret_read("secret", &error); /* a path without a folder */
	assert_non_null(secret);
	secret_fingerprint(secret, second);
	secret_free(secret);
	assert_string_equal(second, first);

	assert_int_equal(unlink(path), 0);
	secret = secret_read("secret", &error);
	assert_non_null(secret);
	secret_fingerprint(secret, second);
	secret_free(secret);
	assert_string_not_equal(second, first);
	free(path);
}

/* Several programs start at once: one secret comes of it. */
static void makers_agree(void **state)
{
	enum { MAKERS = 8 };
	char fingerprints[MAKERS][DIGEST_TEXT_SIZE];
	int ends[2], status;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < MAKERS; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			struct secret *secret = secret_read("secret", NULL);

			if (secret == NULL)
				_exit(1);
			secret_fingerprint(secret, fingerprints[0]);
			secret_free(secret);
			_exit(write(ends[1], fingerprints[0], DIGEST_TEXT_SIZE) !=
				DIGEST_TEXT_SIZE);
		}
	}
	for (size_t i = 0; i < MAKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(ends[0], fingerprints[i], DIGEST_TEXT_SIZE),
			DIGEST_TEXT_SIZE);
		assert_string_equal(fingerprints[i], fingerprints[0]);
	}
	close(ends[0]);
	close(ends[1]);
}

static void refuses_what_is_no_secret(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		mode_t mode;
		const char *want; /* in the error; NULL: it is a good one */
	} cases[] = {
		{ "good", SECRET_BYTES, 0640, NULL },
		{ "owner's alone", SECRET_BYTES, 0400, NULL },
		{ "one byte short", SECRET_BYTES - 1, 0640, "31 bytes, not 32" },
		{ "one byte long", SECRET_BYTES + 1, 0640, "33 bytes, not 32" },
		{ "empty", 0, 0640, "0 bytes, not 32" },
		{ "readable by all", SECRET_BYTES, 0644, "chmod 0640" },
		{ "writable by all", SECRET_BYTES, 0642, "chmod 0640" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_NONE;
		struct secret *secret;

		write_file("secret", cases[i].size, cases[i].mode);
		secret = secret_read("secret", &error);
		CASE_EQUAL_INT(cases[i].name, secret != NULL, cases[i].want == NULL);
		if (cases[i].want == NULL)
			CASE_EQUAL_TEXT(cases[i].name, error.text, "");
		else if (strncmp(error.text, "secret: ", 8) != 0 ||
			 strstr(error.text, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].name, error.text);
		secret_free(secret);
		unlink("secret");
	}
}

static void refuses_what_is_no_file(void **state)
{
	struct error error = ERROR_NONE;

	(void)state;
	assert_int_equal(mkdir("secret", 0750), 0);
	assert_null(secret_read("secret", &error));
	assert_non_null(strstr(error.text, "not a regular file"));
	rmdir("secret");

	/* Must not wait for somebody to write. */
	assert_int_equal(mkfifo("secret", 0640), 0);
	assert_null(secret_read("secret", &error));
	assert_non_null(strstr(error.text, "not a regular file"));
	unlink("secret");

	assert_int_equal(symlink("nowhere", "secret"), 0);
	assert_null(secret_read("secret", &error));
	assert_non_null(strstr(error.text, "cannot be read"));
	unlink("secret");

	assert_null(secret_read("no/such/folder/secret", &error));
	assert_non_null(strstr(error.text, "cannot be made: No such file or directory"));
	assert_null(secret_read("no/such/folder/secret", NULL));
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
		cmocka_unit_test_setup_teardown(
			makes_a_secret_and_keeps_it, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(makers_agree, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_secret, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_file, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("base/digest", tests, NULL, NULL);
}
