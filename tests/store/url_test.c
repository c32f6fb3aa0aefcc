#include <stdio.h>
#include <string.h>

#include "store/redis_url.h"
#include "tests/support/test.h"

static void parses(void **state)
{
	static const struct {
		const char *text;
		bool want;
		struct redis_url url;
	} cases[] = {
		{ "redis://127.0.0.1:6379/0", true,
			{ .host = "127.0.0.1", .port = "6379" } },
		{ "redis://127.0.0.1", true, { .host = "127.0.0.1", .port = "6379" } },
		{ "redis://cache.example:7000/12", true,
			{ .host = "cache.example", .port = "7000", .database = 12 } },
		{ "redis://cache.example/", true,
			{ .host = "cache.example", .port = "6379" } },
		{ "redis://[::1]:7000/1", true,
			{ .host = "::1", .port = "7000", .database = 1 } },
		{ "redis://[::1]", true, { .host = "::1", .port = "6379" } },
		{ "redis://:s3cret@h", true,
			{ .host = "h", .port = "6379", .password = "s3cret" } },
		{ "redis://me:a%40b%2Fc@h:1", true,
			{ .host = "h", .port = "1", .user = "me", .password = "a@b/c" } },
		{ "redis://me@h", true, { .host = "h", .port = "6379", .user = "me" } },
		{ "rediss://cache.example", true,
			{ .tls = true, .host = "cache.example", .port = "6379" } },
		{ "rediss://me:secret@[::1]:6380/2", true,
			{ .tls = true,
				.host = "::1",
				.port = "6380",
				.user = "me",
				.password = "secret",
				.database = 2 } },
		{ "unix:///run/redis.sock", true, { .path = "/run/redis.sock" } },
		{ "unix:///run/redis.sock?db=3", true,
			{ .path = "/run/redis.sock", .database = 3 } },
		{ "", false, { .path = "" } },
		{ "127.0.0.1:6379", false, { .path = "" } },
		{ "redis://", false, { .path = "" } },
		{ "redis://:6379", false, { .path = "" } },
		{ "redis://h:0", false, { .path = "" } },
		{ "redis://h:65536", false, { .path = "" } },
		{ "redis://h:", false, { .path = "" } },
		{ "redis://h/x", false, { .path = "" } },
		{ "redis://h/-1", false, { .path = "" } },
		{ "redis://[::1", false, { .path = "" } },
		{ "redis://[]:7000", false, { .path = "" } },
		{ "redis://[::1]x", false, { .path = "" } },
		{ "redis://me:%zz@h", false, { .path = "" } },
		{ "redis://me:%0@h", false, { .path = "" } },
		{ "unix://relative.sock", false, { .path = "" } },
		{ "unix:///run/redis.sock?base=3", false, { .path = "" } },
		{ "rediss://", false, { .path = "" } },
		{ "rediss://h:0", false, { .path = "" } },
		{ "rediss:/h", false, { .path = "" } },
		{ "http://h", false, { .path = "" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct redis_url *want = &cases[i].url;
		struct redis_url got;
		struct error error = ERROR_NONE;

		CASE_EQUAL_INT(cases[i].text,
			redis_url_parse(&got, cases[i].text, &error), cases[i].want);
		if (!cases[i].want)
			continue;
		CASE_EQUAL_INT(cases[i].text, got.tls, want->tls);
		CASE_EQUAL_INT(cases[i].text, redis_url_is_tls(cases[i].text), want->tls);
		CASE_EQUAL_TEXT(cases[i].text, got.path, want->path);
		CASE_EQUAL_TEXT(cases[i].text, got.host, want->host);
		CASE_EQUAL_TEXT(cases[i].text, got.port, want->port);
		CASE_EQUAL_TEXT(cases[i].text, got.user, want->user);
		CASE_EQUAL_TEXT(cases[i].text, got.password, want->password);
		CASE_EQUAL_INT(cases[i].text, got.database, want->database);
	}
}

static void keeps_passwords_to_itself(void **state)
{
	struct redis_url url;
	struct error error = ERROR_NONE;

	(void)state;
	assert_false(redis_url_parse(&url, "redis://me:s3cret@h:x", &error));
	assert_null(strstr(error.text, "s3cret"));
}

static void refuses_long_parts(void **state)
{
	char text[1024];
	struct redis_url url;
	struct error error = ERROR_NONE;

	(void)state;
	snprintf(text, sizeof(text), "unix:///%0107d", 0);
	assert_false(redis_url_parse(&url, text, &error));
	snprintf(text, sizeof(text), "unix:///%0106d", 0);
	assert_true(redis_url_parse(&url, text, &error));
	snprintf(text, sizeof(text), "redis://%0300d", 0);
	assert_false(redis_url_parse(&url, text, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(keeps_passwords_to_itself),
		cmocka_unit_test(refuses_long_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
