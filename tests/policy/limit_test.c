#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/limit.h"
#include "policy/message.h"
#include "tests/support/test.h"

static const uint8_t bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

/* A message of the account "shop", as each case changes it. */
static void make(struct message *message, struct recipient *recipient, const char *to)
{
	struct secret *secret = secret_new(bytes);
	struct address address;

	*message = (struct message){ .account = "shop", .login = "shop" };
	assert_null(address_parse(&message->sender, "<news@shop.example>", NULL));
	assert_true(client_from_text(&message->client, "192.0.2.7"));
	assert_null(address_parse(&address, to, NULL));
	recipient_set(recipient, &address, secret);
	secret_free(secret);
}

#define PER(field) (1u << (field))

static void applies(void **state)
{
	char *gmail[] = { (char *)"gmail.com" },
	     *any[] = { (char *)"*.shop.example", (char *)"shop.example" };
	char *nobody[] = { (char *)"nobody" };
	struct network near, far;
	struct condition to_gmail = { FIELD_RECIPIENT_DOMAIN, gmail, NULL, 1 };
	struct condition from_shop = { FIELD_SENDER_DOMAIN, any, NULL, 2 };
	struct condition by_nobody = { FIELD_LOGIN, nobody, NULL, 1 };
	struct condition from_near = { FIELD_CLIENT, NULL, &near, 1 };
	struct condition from_far = { FIELD_CLIENT, NULL, &far, 1 };
	struct condition both[] = { to_gmail, from_shop };
	struct condition one_not[] = { to_gmail, by_nobody };
	const struct {
		const char *name;
		unsigned per;
		struct condition *when;
		size_t when_count;
		const char *login, *sender, *to;
		bool want;
	} cases[] = {
		{ "without conditions", PER(FIELD_ACCOUNT), NULL, 0, "shop",
			"a@b.example", "x@y.example", true },
		{ "everyone", PER(FIELD_EVERYONE), NULL, 0, "", "", "x@y.example", true },
		{ "no login", PER(FIELD_LOGIN), NULL, 0, "", "a@b.example", "x@y.example",
			false },
		{ "null sender", PER(FIELD_SENDER), NULL, 0, "shop", "", "x@y.example",
			false },
		{ "null sender has no domain", PER(FIELD_SENDER_DOMAIN), NULL, 0, "shop",
			"", "x@y.example", false },
		{ "one of two fields is empty", PER(FIELD_ACCOUNT) | PER(FIELD_SENDER),
			NULL, 0, "shop", "", "x@y.example", false },
		{ "the domain", PER(FIELD_ACCOUNT), &to_gmail, 1, "shop", "a@b.example",
			"x@GMail.com", true },
		{ "another domain", PER(FIELD_ACCOUNT), &to_gmail, 1, "shop",
			"a@b.example", "x@gmail.com.example", false },
		{ "wildcard", PER(FIELD_ACCOUNT), &from_shop, 1, "shop",
			"a@mail.shop.example", "x@y.example", true },
		{ "the second pattern", PER(FIELD_ACCOUNT), &from_shop, 1, "shop",
			"a@shop.example", "x@y.example", true },
		{ "neither pattern", PER(FIELD_ACCOUNT), &from_shop, 1, "shop",
			"a@myshop.example", "x@y.example", false },
		{ "both conditions", PER(FIELD_ACCOUNT), both, 2, "shop",
			"a@shop.example", "x@gmail.com", true },
		{ "one of two conditions", PER(FIELD_ACCOUNT), one_not, 2, "shop",
			"a@shop.example", "x@gmail.com", false },
		{ "client inside", PER(FIELD_ACCOUNT), &from_near, 1, "shop",
			"a@b.example", "x@y.example", true },
		{ "client outside", PER(FIELD_ACCOUNT), &from_far, 1, "shop",
			"a@b.example", "x@y.example", false },
	};

	(void)state;
	assert_true(network_from_text(&near, "192.0.2.0/24"));
	assert_true(network_from_text(&far, "198.51.100.0/24"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limit limit = { .per = cases[i].per,
			.when = cases[i].when,
			.when_count = cases[i].when_count };
		struct message message;
		struct recipient recipient;

		make(&message, &recipient, cases[i].to);
		strcpy(message.login, cases[i].login);
		assert_null(address_parse(&message.sender, cases[i].sender, NULL));
		CASE_EQUAL_INT(cases[i].name, limit_applies(&limit, &message, &recipient),
			cases[i].want);
	}
}

static void keys(void **state)
{
	const struct {
		const char *name;
		unsigned per;
		enum limit_kind kind;
		enum limit_count count;
		int64_t window_us;
		const char *account, *want;
	} cases[] = {
		{ "of an account", PER(FIELD_ACCOUNT), LIMIT_RATE, COUNT_RECIPIENTS,
			SECOND_US, "shop", "{a:shop}:l:day:r" },
		{ "a quota knows its window", PER(FIELD_ACCOUNT), LIMIT_QUOTA,
			COUNT_RECIPIENTS, 24 * HOUR_US, "shop", "{a:shop}:l:day:q24h" },
		{ "another window is another count", PER(FIELD_ACCOUNT), LIMIT_QUOTA,
			COUNT_RECIPIENTS, HOUR_US, "shop", "{a:shop}:l:day:q1h" },
		{ "different recipients", PER(FIELD_ACCOUNT), LIMIT_QUOTA, COUNT_DISTINCT,
			HOUR_US, "shop", "{a:shop}:l:day:d1h" },
		{ "several fields", PER(FIELD_ACCOUNT) | PER(FIELD_RECIPIENT_DOMAIN),
			LIMIT_RATE, COUNT_RECIPIENTS, SECOND_US, "shop",
			"{a:shop}:l:day:r:y.example" },
		{ "of a client", PER(FIELD_CLIENT), LIMIT_RATE, COUNT_RECIPIENTS,
			SECOND_US, "shop", "{l:day:r:192.0.2.7}" },
		{ "of everyone", PER(FIELD_EVERYONE), LIMIT_RATE, COUNT_RECIPIENTS,
			SECOND_US, "shop", "{l:day:r}" },
		{ "a login that looks like a key", PER(FIELD_ACCOUNT), LIMIT_RATE,
			COUNT_RECIPIENTS, SECOND_US, "x}:l:day:r",
			"{a:x%7d%3al%3aday%3ar}:l:day:r" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limit limit = { .name = "day",
			.per = cases[i].per,
			.kind = cases[i].kind,
			.count = cases[i].count };
		struct capacity capacity = { .amount = 1,
			.window_us = cases[i].window_us };
		struct message message;
		struct recipient recipient;
		char *got;

		make(&message, &recipient, "x@y.example");
		strcpy(message.account, cases[i].account);
		got = limit_key(&limit, &capacity, &message, &recipient);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void keys_hide_recipients(void **state)
{
	struct limit limit = {
		.name = "each", .per = PER(FIELD_RECIPIENT), .kind = LIMIT_RATE
	};
	struct message message;
	struct recipient recipient;
	char *key;

	(void)state;
	make(&message, &recipient, "hidden@y.example");
	key = limit_key(&limit, &limit.capacity, &message, &recipient);
	assert_null(strstr(key, "hidden"));
	assert_non_null(strstr(key, recipient.digest));
	free(key);
}

static void prefixes(void **state)
{
	char *all = limit_key_prefix("shop", NULL),
	     *one = limit_key_prefix("shop", "day");

	(void)state;
	assert_string_equal(all, "{a:shop}:l:");
	/* With its colon: the limit "day" is not the limit "days". */
	assert_string_equal(one, "{a:shop}:l:day:");
	free(all);
	free(one);
}

static void capacities(void **state)
{
	static const struct {
		const char *text;
		bool want, lifted;
		int64_t amount, window_us;
		const char *back;
	} cases[] = {
		{ "14/s", true, false, 14, 1000000, "14/s" },
		{ "50000/24h", true, false, 50000, 86400000000, "50000/24h" },
		{ "1/10s", true, false, 1, 10000000, "1/10s" },
		{ "30/m", true, false, 30, 60000000, "30/m" },
		{ "none", true, true, 0, 0, "none" },
		{ "", false, false, 0, 0, "" },
		{ "14", false, false, 0, 0, "" },
		{ "14/", false, false, 0, 0, "" },
		{ "/s", false, false, 0, 0, "" },
		{ "-1/s", false, false, 0, 0, "" },
		{ "14/s ", false, false, 0, 0, "" },
		{ "14/0s", false, false, 0, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capacity capacity = { .burst = 7 };
		char back[64];

		CASE_EQUAL_INT(cases[i].text, capacity_parse(&capacity, cases[i].text),
			cases[i].want);
		if (!cases[i].want)
			continue;
		CASE_EQUAL_INT(cases[i].text, capacity.lifted, cases[i].lifted);
		CASE_EQUAL_INT(cases[i].text, capacity.burst, 7);
		if (!capacity.lifted) {
			CASE_EQUAL_INT(cases[i].text, capacity.amount, cases[i].amount);
			CASE_EQUAL_INT(
				cases[i].text, capacity.window_us, cases[i].window_us);
		}
		CASE_EQUAL_TEXT(cases[i].text,
			capacity_to_text(&capacity, back, sizeof(back)), cases[i].back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(applies),
		cmocka_unit_test(keys),
		cmocka_unit_test(keys_hide_recipients),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(capacities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
