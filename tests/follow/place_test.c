#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "follow/place.h"
#include "tests/follow/steps.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct place some = {
	.file = "/var/log/mail.log.1",
	.device = 65025,
	.inode = UINT64_MAX,
	.offset = INT64_MAX,
	.mark = { MARK_MAX, UINT64_MAX - 1 },
	.modified_us = INT64_C(1795521600123456),
	.kept_us = INT64_C(1795521601000000),
};

static const char *const good_text = "okite place 1\n"
				     "log /var/log/mail.log\n"
				     "file /var/log/mail.log.1\n"
				     "device 65025\n"
				     "inode 18446744073709551615\n"
				     "offset 9223372036854775807\n"
				     "beginning 4096\n"
				     "hash 18446744073709551614\n"
				     "modified 1795521600123456\n"
				     "kept 1795521601000000\n";

static struct place_file *open_log_place(void)
{
	struct error error = ERROR_NONE;
	struct place_file *file = place_open("state", "/var/log/mail.log", &error);

	assert_string_equal(error.text, "");
	assert_non_null(file);
	return file;
}

/* The one file that matches. */
static const char *find(const char *pattern, char path[256])
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	text_copy(path, 256, found.gl_pathv[0]);
	globfree(&found);
	return path;
}

static void read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void keeps_a_place(void **state)
{
	struct place_file *file = open_log_place();
	struct place got;
	char path[256], text[1024];
	struct stat status;

	(void)state;
	umask(0077); /* whatever it is, the mode is 0640 */
	assert_int_equal(place_read(file, &got, NULL), PLACE_NONE);
	for (int i = 0; i < 2; i++) {
		/* The rest of one who was killed. */
		assert_true(place_write(file, &some, NULL));
		assert_int_equal(place_read(file, &got, NULL), PLACE_READ);
		assert_string_equal(got.file, some.file);
		assert_int_equal(got.device, some.device);
		assert_true(got.inode == some.inode);
		assert_true(got.offset == some.offset);
		assert_int_equal(got.mark.size, some.mark.size);
		assert_true(got.mark.hash == some.mark.hash);
		assert_true(got.modified_us == some.modified_us);
		assert_true(got.kept_us == some.kept_us);

		find("state/feedback-mail.log-*.place", path);
		read_text(path, text, sizeof(text));
		assert_string_equal(text, good_text);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0640);
		text_copy(path + strlen(path), 5, ".new");
		assert_int_equal(access(path, F_OK), -1);
		add_to_file(path, -1, "okite pl", 8);
	}
	place_close(file);
}

static void reads_no_other_text(void **state)
{
	static const struct {
		const char *name;
		const char *from, *to; /* in the good text */
		enum place_found want;
		const char *error;
	} cases[] = {
		{ "good", "65025", "65025", PLACE_READ, "" },
		{ "empty beginning", "9223372036854775807\nbeginning 4096",
			"0\nbeginning 0", PLACE_READ, "" },
		{ "short beginning", "9223372036854775807\nbeginning 4096",
			"4095\nbeginning 4095", PLACE_READ, "" },
		{ "too short a beginning", "9223372036854775807\nbeginning 4096",
			"4096\nbeginning 4095", PLACE_DAMAGED, "is damaged" },
		{ "a longer beginning", "9223372036854775807\nbeginning 4096",
			"5\nbeginning 6", PLACE_READ, "" },
		{ "too long a beginning", "beginning 4096", "beginning 4097",
			PLACE_DAMAGED, "is damaged" },
		{ "too large an offset", "9223372036854775807", "9223372036854775808",
			PLACE_DAMAGED, "is damaged" },
		{ "too large an inode", "18446744073709551615", "18446744073709551616",
			PLACE_DAMAGED, "is damaged" },
		{ "a sign", "65025", "-1", PLACE_DAMAGED, "is damaged" },
		{ "a blank", "65025", " 1", PLACE_DAMAGED, "is damaged" },
		{ "no number", "65025", "", PLACE_DAMAGED, "is damaged" },
		{ "a relative path", "file /", "file ", PLACE_DAMAGED, "is damaged" },
		{ "more behind it", "1000000\n", "1000000\nmore\n", PLACE_DAMAGED,
			"is damaged" },
		{ "an end is missing", "1000000\n", "1000000", PLACE_DAMAGED,
			"is damaged" },
		{ "a line is missing", "inode 18446744073709551615\n", "", PLACE_DAMAGED,
			"is damaged" },
		{ "another version", "place 1", "place 2", PLACE_FAILED,
			"another version of okite; remove it" },
		{ "another log", "/var/log/mail.log\n", "/var/log/syslog\n", PLACE_FAILED,
			"is the place in another log, /var/log/syslog" },
		{ "another file", "okite place", "mail place", PLACE_DAMAGED,
			"is damaged" },
	};
	struct place_file *file = open_log_place();
	char path[256];

	(void)state;
	assert_true(place_write(file, &some, NULL));
	find("state/*.place", path);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *at = strstr(good_text, cases[i].from);
		struct error error = ERROR_NONE;
		struct place place;
		char text[1024];

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good_text), good_text,
			cases[i].to, at + strlen(cases[i].from));
		assert_int_equal(truncate(path, 0), 0);
		add_to_file(path, -1, text, strlen(text));
		CASE_EQUAL_INT(
			cases[i].name, place_read(file, &place, &error), cases[i].want);
		if (strstr(error.text, cases[i].error) == NULL)
			fail_msg("%s: %s", cases[i].name, error.text);
	}
	place_close(file);
}

/* Cut anywhere, or any byte of it another: a place or none, but no crash. */
static void survives_damage(void **state)
{
	struct place_file *file = open_log_place();
	struct error error = ERROR_NONE;
	struct place place;
	char path[256], text[1024];
	size_t size = strlen(good_text);

	(void)state;
	assert_true(place_write(file, &some, NULL));
	find("state/*.place", path);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(truncate(path, 0), 0);
		add_to_file(path, -1, good_text, i);
		assert_int_equal(place_read(file, &place, &error), PLACE_DAMAGED);
		memcpy(text, good_text, size);
		text[i] = '\0';
		assert_int_equal(truncate(path, 0), 0);
		add_to_file(path, -1, text, size);
		assert_int_not_equal(place_read(file, &place, &error), PLACE_READ);
	}
	assert_int_equal(truncate(path, 0), 0);
	for (int i = 0; i < 2000; i++)
		add_to_file(path, -1, good_text, size);
	assert_int_equal(place_read(file, &place, &error), PLACE_DAMAGED);
	place_close(file);
}

static void refuses_what_is_no_place(void **state)
{
	struct place_file *file = open_log_place();
	struct error error = ERROR_NONE;
	struct place place;
	char path[256];

	(void)state;
	assert_true(place_write(file, &some, NULL));
	find("state/*.place", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0750), 0);
	assert_int_equal(place_read(file, &place, &error), PLACE_FAILED);
	assert_non_null(strstr(error.text, "cannot be read"));
	assert_false(place_write(file, &some, &error));
	assert_non_null(strstr(error.text, "cannot be written: Is a directory"));
	assert_int_equal(rmdir(path), 0);

	assert_int_equal(mkfifo(path, 0640), 0);
	assert_int_equal(place_read(file, &place, &error), PLACE_FAILED);
	assert_int_equal(unlink(path), 0);

	/* Nobody is led to another file by a link. */
	add_to_file("target", -1, good_text, strlen(good_text));
	assert_int_equal(symlink("../target", path), 0);
	assert_int_equal(place_read(file, &place, &error), PLACE_FAILED);
	text_copy(path + strlen(path), 5, ".new");
	assert_int_equal(symlink("../victim", path), 0);
	assert_true(place_write(file, &some, NULL));
	assert_int_equal(access("victim", F_OK), -1);
	assert_int_equal(place_read(file, &place, &error), PLACE_READ);
	place_close(file);
}

/* Each log has its own place, however its path looks. */
static void parts_logs(void **state)
{
	static const char *const logs[] = {
		"/var/log/mail.log",
		"/var/log/mail.log2",
		"/srv/log/mail.log",
		"/var/log/mail-log",
		"/var/log/mail/log",
		"/m\xc3\xa4il log",
		"/",
		"/a-name-that-is-longer-than-what-is-shown-of-it-in-the-name-of-its-"
		"place-1",
		"/a-name-that-is-longer-than-what-is-shown-of-it-in-the-name-of-its-"
		"place-2",
	};
	struct place_file *files[COUNT(logs)];
	struct error error = ERROR_NONE;
	struct place place;

	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++) {
		files[i] = place_open("state", logs[i], &error);
		CASE_EQUAL_TEXT(logs[i], error.text, "");
		CASE_EQUAL_INT(logs[i], place_read(files[i], &place, &error), PLACE_NONE);
		assert_true(place_write(files[i], &some, &error));
	}
	assert_null(place_open("state", logs[0], &error));
	assert_non_null(strstr(error.text, "/var/log/mail.log: is followed by another"));
	for (size_t i = 0; i < COUNT(logs); i++)
		place_close(files[i]);
	place_close(open_log_place());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(keeps_a_place),
		TEST(reads_no_other_text),
		TEST(survives_damage),
		TEST(refuses_what_is_no_place),
		TEST(parts_logs),
	};
#undef TEST

	return cmocka_run_group_tests_name("follow/place", tests, NULL, NULL);
}
