#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/secret.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In a folder of the test's own. */

static int make_folder(void **state)
{
	char *folder = xstrdup("/tmp/okite-secret-test.XXXXXX");

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
	secret = secret_read(path, true, &error);
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

	secret = secret_read("secret", true, &error); /* a path without a folder */
	assert_non_null(secret);
	secret_fingerprint(secret, second);
	secret_free(secret);
	assert_string_equal(second, first);

	assert_int_equal(unlink(path), 0);
	secret = secret_read("secret", true, &error);
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
			struct secret *secret = secret_read("secret", true, NULL);

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
		secret = secret_read("secret", true, &error);
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
	assert_null(secret_read("secret", true, &error));
	assert_non_null(strstr(error.text, "not a regular file"));
	rmdir("secret");

	/* Must not wait for somebody to write. */
	assert_int_equal(mkfifo("secret", 0640), 0);
	assert_null(secret_read("secret", true, &error));
	assert_non_null(strstr(error.text, "not a regular file"));
	unlink("secret");

	assert_int_equal(symlink("nowhere", "secret"), 0);
	assert_null(secret_read("secret", true, &error));
	assert_non_null(strstr(error.text, "cannot be read"));
	unlink("secret");

	assert_null(secret_read("no/such/folder/secret", true, &error));
	assert_non_null(strstr(error.text, "cannot be made: No such file or directory"));
	assert_null(secret_read("no/such/folder/secret", true, NULL));
}

/* Who only looks is told what to do, and leaves nothing behind. */
static void makes_none_unasked(void **state)
{
	struct error error = ERROR_NONE;
	struct secret *secret;

	(void)state;
	assert_null(secret_read("secret", false, &error));
	assert_int_equal(strncmp(error.text, "secret: there is no secret: ", 28), 0);
	assert_non_null(strstr(error.text, "copy that of another node"));
	assert_int_equal(access("secret", F_OK), -1);
	assert_null(secret_read("no/such/folder/secret", false, &error));

	write_file("secret", SECRET_BYTES, 0640);
	secret = secret_read("secret", false, &error);
	assert_non_null(secret);
	secret_free(secret);
	write_file("secret", 0, 0640);
	assert_null(secret_read("secret", false, &error));
	assert_non_null(strstr(error.text, "0 bytes, not 32"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			makes_a_secret_and_keeps_it, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(makers_agree, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_secret, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			refuses_what_is_no_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			makes_none_unasked, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
