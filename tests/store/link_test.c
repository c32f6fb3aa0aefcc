#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/redis_link.h"
#include "tests/support/redis_server.h"
#include "tests/support/test.h"

static const uint8_t ours[SECRET_BYTES] = "a secret of thirty-two bytes 123";
static const uint8_t theirs[SECRET_BYTES] = "another secret, of other nodes 1";

static struct redis_server *server;
static struct secret *secret;

static int start(void **state)
{
	(void)state;
	server = redis_server_start();
	secret = secret_new(ours);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_server_stop(server);
	secret_free(secret);
	return 0;
}

static struct link *open_link(
	const char *url, const char *prefix, const struct secret *by)
{
	struct redis_settings settings = { .url = (char *)(uintptr_t)url,
		.user = (char *)"",
		.password_file = (char *)"",
		.prefix = (char *)(uintptr_t)prefix,
		.timeout_us = 500000 };
	struct error error = ERROR_NONE;
	struct link *link = link_open(&settings, by, true, &error);

	assert_non_null(link);
	return link;
}

static enum link_outcome say(
	struct link *link, const char *word, char *answer, size_t size)
{
	struct question question = QUESTION_NONE;
	struct error error = ERROR_NONE;
	enum link_outcome outcome;

	question_words(&question, "ECHO", word, NULL);
	outcome = link_ask(link, &question, &error);
	snprintf(answer, size, "%s",
		outcome == LINK_ANSWERED ? question.replies[0]->str : error.text);
	question_clear(&question);
	return outcome;
}

enum { THREADS = 32, QUESTIONS = 500 };
static atomic_int wrong;

static void *ask_many(void *context)
{
	for (int i = 0; i < QUESTIONS; i++) {
		char word[64], answer[64];

		snprintf(word, sizeof(word), "%lx-%d", (unsigned long)pthread_self(), i);
		if (say(context, word, answer, sizeof(answer)) != LINK_ANSWERED ||
			strcmp(word, answer) != 0)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void everyone_gets_their_own_answer(void **state)
{
	pthread_t threads[THREADS];
	struct link *link;

	(void)state;
	if (server == NULL)
		skip();
	link = open_link(redis_server_url(server), "many:", secret);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, link), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
	link_close(link);
}

static void a_lost_connection_is_replaced(void **state)
{
	struct question kill = QUESTION_NONE;
	struct link *link, *other;
	char answer[64];

	(void)state;
	if (server == NULL)
		skip();
	link = open_link(redis_server_url(server), "lost:", secret);
	other = open_link(redis_server_url(server), "lost:", secret);
	assert_int_equal(say(link, "before", answer, sizeof(answer)), LINK_ANSWERED);
	question_words(&kill, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes", NULL);
	assert_int_equal(link_ask(other, &kill, NULL), LINK_ANSWERED);
	assert_true(kill.replies[0]->integer > 0);
	assert_int_equal(say(link, "after", answer, sizeof(answer)), LINK_ANSWERED);
	assert_string_equal(answer, "after");
	question_clear(&kill);
	link_close(link);
	link_close(other);
}

static void another_secret_is_refused(void **state)
{
	struct secret *other = secret_new(theirs);
	struct link *first, *second;
	char answer[512];

	(void)state;
	if (server == NULL)
		skip();
	first = open_link(redis_server_url(server), "fleet:", secret);
	second = open_link(redis_server_url(server), "fleet:", other);
	assert_int_equal(say(first, "first", answer, sizeof(answer)), LINK_ANSWERED);
	assert_int_equal(say(second, "second", answer, sizeof(answer)), LINK_NOT_ASKED);
	assert_non_null(strstr(answer, "secret"));
	assert_true(link_is_foreign(second));
	assert_false(link_is_foreign(first));
	link_close(first);
	link_close(second);
	secret_free(other);
}

static void nobody_there_is_not_asked(void **state)
{
	struct link *link = open_link("unix:///nowhere/redis.sock", "x:", secret);
	char answer[512];
	int64_t began_us;

	(void)state;
	assert_int_equal(say(link, "hello", answer, sizeof(answer)), LINK_NOT_ASKED);
	assert_non_null(strstr(answer, "/nowhere/redis.sock"));
	/* The next does not even try, for a moment. */
	began_us = clock_monotonic_us();
	assert_int_equal(say(link, "hello", answer, sizeof(answer)), LINK_NOT_ASKED);
	assert_true(clock_monotonic_us() - began_us < 100000);
	link_close(link);
}

/* A listener that takes connections and says what a case wants, or nothing. */
struct listener {
	int fd;
	struct sockaddr_un address;
	const char *says;
	pthread_t thread;
};

static void *say_to_everyone(void *context)
{
	struct listener *listener = context;

	for (;;) {
		int fd = accept(listener->fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		if (listener->says != NULL) {
			(void)!write(fd, listener->says, strlen(listener->says));
			close(fd);
		}
	}
}

static void listener_start(struct listener *listener, const char *says)
{
	listener->says = says;
	listener->address.sun_family = AF_UNIX;
	snprintf(listener->address.sun_path, sizeof(listener->address.sun_path),
		"/tmp/okite-link-test-%d.sock", (int)getpid());
	unlink(listener->address.sun_path);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener->fd, (struct sockaddr *)&listener->address,
				 sizeof(listener->address)),
		0);
	assert_int_equal(listen(listener->fd, 16), 0);
	assert_int_equal(
		pthread_create(&listener->thread, NULL, say_to_everyone, listener), 0);
}

static void listener_stop(struct listener *listener)
{
	shutdown(listener->fd, SHUT_RDWR);
	pthread_join(listener->thread, NULL);
	close(listener->fd);
	unlink(listener->address.sun_path);
}

static void strange_answers_are_none(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "silence", NULL },
		{ "another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n" },
		{ "half an answer", "$100\r\nhalf" },
		{ "an answer that never ends", "*1000000\r\n" },
		{ "the connection is closed", "" },
		{ "wrong password", "-WRONGPASS invalid username-password pair\r\n" },
		{ "loading", "-LOADING Redis is loading the dataset in memory\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct listener listener;
		char url[160], answer[512];
		int64_t began_us;
		struct link *link;

		listener_start(&listener, cases[i].says);
		snprintf(url, sizeof(url), "unix://%s", listener.address.sun_path);
		link = open_link(url, "x:", secret);
		began_us = clock_monotonic_us();
		CASE_EQUAL_INT(cases[i].name, say(link, "hello", answer, sizeof(answer)),
			LINK_NOT_ASKED);
		/* The deadline is 0.5 s; the rest is for a busy machine. */
		assert_true(clock_monotonic_us() - began_us < 5 * SECOND_US);
		link_close(link);
		listener_stop(&listener);
	}
}

static struct link *open_as(
	const char *user, const char *password_file, struct error *error)
{
	struct redis_settings settings = {
		.url = (char *)(uintptr_t)redis_server_url(server),
		.user = (char *)(uintptr_t)user,
		.password_file = (char *)(uintptr_t)password_file,
		.prefix = (char *)"who:",
		.timeout_us = 500000,
	};

	return link_open(&settings, secret, true, error);
}

/* What is too long is told, not cut: cut, it would be a wrong one. */
static void a_user_that_does_not_fit(void **state)
{
	struct error error = ERROR_NONE;
	char user[129] = "";
	struct link *link;

	(void)state;
	if (server == NULL)
		skip();
	memset(user, 'u', 128);
	assert_null(open_as(user, "", &error));
	assert_string_equal(error.text, "redis.user is longer than 127 bytes");
	user[127] = '\0';
	link = open_as(user, "", &error);
	assert_non_null(link);
	link_close(link);
}

static void passwords_of_files(void **state)
{
	static const struct {
		const char *name;
		size_t length;		/* of the password, and what stands behind it */
		const char *end, *want; /* in the error */
	} cases[] = {
		{ "longest", 255, "", "WRONGPASS" },
		{ "longest, with an end", 255, "\r\nmore\n", "WRONGPASS" },
		{ "too long", 256, "", "more than 255 bytes" },
		{ "too long, with an end", 256, "\n", "more than 255 bytes" },
	};
	char path[64], answer[512];
	struct error error = ERROR_NONE;
	struct link *link;

	(void)state;
	if (server == NULL)
		skip();
	snprintf(path, sizeof(path), "/tmp/okite-link-test-%d.pw", (int)getpid());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file, "%0*d%s", (int)cases[i].length, 0, cases[i].end);
		fclose(file);
		link = open_as("nobody", path, &error);
		CASE_EQUAL_INT(cases[i].name, say(link, "hello", answer, sizeof(answer)),
			LINK_NOT_ASKED);
		if (strstr(answer, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].name, answer);
		link_close(link);
	}
	unlink(path);
	/* A folder can be opened, but not read. */
	link = open_as("nobody", "/tmp", &error);
	assert_int_equal(say(link, "hello", answer, sizeof(answer)), LINK_NOT_ASKED);
	assert_non_null(strstr(answer, "redis.password_file /tmp cannot be read: Is a"));
	link_close(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everyone_gets_their_own_answer),
		cmocka_unit_test(a_lost_connection_is_replaced),
		cmocka_unit_test(another_secret_is_refused),
		cmocka_unit_test(nobody_there_is_not_asked),
		cmocka_unit_test(strange_answers_are_none),
		cmocka_unit_test(a_user_that_does_not_fit),
		cmocka_unit_test(passwords_of_files),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
