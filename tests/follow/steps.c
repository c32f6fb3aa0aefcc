#include "tests/follow/steps.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct following now;

static void note(const char *text, void *context)
{
	size_t length = strlen(now.said);

	(void)context;
	snprintf(now.said + length, sizeof(now.said) - length, "%s\n", text);
}

static int remove_entry(
	const char *path, const struct stat *status, int type, struct FTW *level)
{
	(void)status;
	(void)type;
	(void)level;
	return remove(path);
}

int make_folder(void **state)
{
	char *folder = xstrdup("/tmp/okite-follow-test.XXXXXX");

	memset(&now, 0, sizeof(now));
	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("state", 0750) != 0)
		return -1;
	*state = folder;
	return 0;
}

int remove_folder(void **state)
{
	char *folder = *state;
	int result;

	follow_close(now.follow);
	now.follow = NULL;
	result = chdir("/");
	result |= nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(folder);
	return result;
}

bool start_following(void)
{
	struct error error = ERROR_NONE;

	follow_close(now.follow);
	now.follow = follow_open("log", "state", note, NULL, &error);
	text_copy(now.error, sizeof(now.error), error.text);
	return now.follow != NULL;
}

void add_to_file(const char *path, off_t offset, const char *bytes, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | (offset < 0 ? O_APPEND : 0), 0644);

	assert_true(file >= 0);
	assert_int_equal(
		offset < 0 ? write(file, bytes, size) : pwrite(file, bytes, size, offset),
		size);
	close(file);
}

static void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	FILE *file = fopen(from, "r");
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	add_to_file(to, -1, bytes, size);
}

/* SECONDS after some moment long ago. */
static void set_time(const char *path, const char *seconds)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = 1700000000 + atol(seconds) } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* All lines there are, each with a | behind it.  Kept, unless that is not wanted. */
void read_lines(char *got, size_t size, bool keep)
{
	struct error error = ERROR_NONE;
	const struct span *lines;
	enum follow_result result;
	size_t count, length = 0;

	got[0] = '\0';
	while ((result = follow_next(now.follow, &lines, &count, &error)) ==
		FOLLOW_LINES) {
		for (size_t i = 0; i < count && length < size; i++)
			length += (size_t)snprintf(got + length, size - length, "%.*s|",
				(int)lines[i].size, lines[i].text);
		if (!keep)
			break;
		assert_true(follow_keep(now.follow, &error));
	}
	if (result == FOLLOW_FAILED)
		snprintf(got, size, "failed: %s", error.text);
}

/* ---- steps ---- */

struct step {
	const char *name; /* of the case */
	const char *all;  /* what comes behind the verb */
	char first[256];  /* the first word of that */
	const char *rest; /* what comes behind that one */
};

static void step_start(const struct step *step)
{
	if (!start_following())
		fail_msg("%s: %s", step->name, now.error);
}
static void step_stop(const struct step *step)
{
	(void)step;
	follow_close(now.follow);
	now.follow = NULL;
}
static void step_refused(const struct step *step)
{
	if (start_following())
		fail_msg("%s: not refused, want \"%s\"", step->name, step->all);
	if (strstr(now.error, step->all) == NULL)
		fail_msg("%s: \"%s\" says nothing of \"%s\"", step->name, now.error,
			step->all);
}

static void step_twice(const struct step *step)
{
	struct error error = ERROR_NONE;
	struct follow *other = follow_open("log", "state", note, NULL, &error);

	if (other != NULL || strstr(error.text, step->all) == NULL)
		fail_msg("%s: \"%s\" says nothing of \"%s\"", step->name, error.text,
			step->all);
}

/* A | in the text is the end of a line. */
static void step_write(const struct step *step)
{
	char text[256];

	text_copy(text, sizeof(text), step->rest);
	for (char *next = text; *next != '\0'; next++)
		if (*next == '|')
			*next = '\n';
	add_to_file(step->first, -1, text, strlen(text));
}
static void step_hole(const struct step *step)
{
	add_to_file("log", atol(step->first), step->rest, strlen(step->rest));
	add_to_file("log", -1, "\n", 1);
}
static void step_move(const struct step *step)
{
	assert_int_equal(rename(step->first, step->rest), 0);
}
static void step_copy(const struct step *step)
{
	copy_file(step->first, step->rest);
}
static void step_empty(const struct step *step)
{
	assert_int_equal(truncate(step->first, 0), 0);
}
static void step_remove(const struct step *step)
{
	assert_int_equal(remove(step->first), 0);
}
static void step_link(const struct step *step)
{
	(void)unlink(step->rest);
	assert_int_equal(symlink(step->first, step->rest), 0);
}
static void step_folder(const struct step *step)
{
	assert_int_equal(mkdir(step->first, 0755), 0);
}
static void step_time(const struct step *step)
{
	set_time(step->first, step->rest);
}

static void expect(const struct step *step, bool keep)
{
	char got[2048];

	read_lines(got, sizeof(got), keep);
	CASE_EQUAL_TEXT(step->name, got, step->all);
}
static void step_want(const struct step *step)
{
	expect(step, true);
}
static void step_peek(const struct step *step)
{
	expect(step, false);
}
static void step_fails(const struct step *step)
{
	char got[2048];

	read_lines(got, sizeof(got), true);
	if (strncmp(got, "failed: ", 8) != 0 || strstr(got, step->all) == NULL)
		fail_msg("%s: \"%s\" says nothing of \"%s\"", step->name, got, step->all);
}
static void step_said(const struct step *step)
{
	if (strstr(now.said, step->all) == NULL)
		fail_msg("%s: \"%s\" was said, want \"%s\"", step->name, now.said,
			step->all);
	now.said[0] = '\0';
}

static const struct {
	const char *word;
	void (*run)(const struct step *step);
} verbs[] = {
	{ "start", step_start },     /* also again */
	{ "stop", step_stop },	     /* as if it were killed */
	{ "refused", step_refused }, /* to start, and that is said */
	{ "twice", step_twice },     /* a second one is refused */
	{ "write", step_write },     /* FILE TEXT: add it */
	{ "hole", step_hole },	     /* OFFSET TEXT: a line there */
	{ "move", step_move },	     /* FROM TO */
	{ "copy", step_copy },	     /* FROM TO */
	{ "empty", step_empty },     /* FILE */
	{ "remove", step_remove },   /* FILE */
	{ "link", step_link },	     /* TARGET NAME */
	{ "folder", step_folder },   /* NAME */
	{ "time", step_time },	     /* FILE SECONDS: when it was changed */
	{ "want", step_want },	     /* LINES: and keep them */
	{ "peek", step_peek },	     /* LINES: and keep none */
	{ "fails", step_fails },     /* when it is asked for lines */
	{ "said", step_said },	     /* TEXT: nothing else may be said */
};

/* The part of TEXT up to the next space, and what is behind that. */
static const char *split(const char *text, char *word, size_t size)
{
	size_t length = strcspn(text, " ");

	snprintf(word, size, "%.*s", (int)length, text);
	return text[length] == ' ' ? text + length + 1 : text + length;
}

static void run_step(const char *name, const char *text)
{
	struct step step = { .name = name };
	char verb[16];

	step.all = split(text, verb, sizeof(verb));
	step.rest = split(step.all, step.first, sizeof(step.first));
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verb, verbs[i].word) == 0) {
			verbs[i].run(&step);
			return;
		}
	fail_msg("%s: there is no step \"%s\"", name, text);
}

void run_steps(const char *name, const char *const *steps)
{
	for (; *steps != NULL; steps++)
		run_step(name, *steps);
	CASE_EQUAL_TEXT(name, now.said, "");
}
