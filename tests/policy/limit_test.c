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
		{ "messages are not recipients", PER(FIELD_ACCOUNT), LIMIT_QUOTA,
			COUNT_MESSAGES, HOUR_US, "shop", "{a:shop}:l:day:qm1h" },
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

static void account_of_a_key(void **state)
{
	static const struct {
		const char *name, *key, *account, *rest;
	} cases[] = {
		{ "plain", "{a:shop}:l:day:q24h", "shop", ":l:day:q24h" },
		{ "nothing behind it", "{a:shop}", "shop", "" },
		{ "escaped", "{a:x%7d%3al%2c%20y%25}:sent", "x}:l, y%", ":sent" },
		{ "no account", "{l:day:r}", NULL, NULL },
		{ "without an end", "{a:shop", NULL, NULL },
		{ "empty", "", NULL, NULL },
		{ "an escape that is cut off", "{a:shop%7}:sent", NULL, NULL },
		{ "an escape that is none", "{a:shop%zz}:sent", NULL, NULL },
		{ "a NUL byte", "{a:shop%00}:sent", NULL, NULL },
		{ "just fits", "{a:fifteen%20bytes..}", "fifteen bytes..", "" },
		{ "too long", "{a:sixteen%20bytes...}", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char account[16];
		const char *rest =
			account_key_read(cases[i].key, account, sizeof(account));

		CASE_EQUAL_INT(cases[i].name, rest != NULL, cases[i].rest != NULL);
		if (rest == NULL)
			continue;
		CASE_EQUAL_TEXT(cases[i].name, account, cases[i].account);
		CASE_EQUAL_TEXT(cases[i].name, rest, cases[i].rest);
	}
}

/* What limit_key() writes, limit_key_values() reads. */
static void keys_there_and_back(void **state)
{
	static const struct {
		const char *name, *account, *login, *sender, *client, *to;
	} cases[] = {
		{ "plain", "shop", "shop", "a@b.example", "192.0.2.7", "x@y.example" },
		{ "what looks like a key", "x}:l:day:r", "a:b}%c{", "\"a:b}\"@c.example",
			"2001:db8::1", "\"%7d:\"@y.example" },
		{ "blanks, bytes and a wildcard", "*", "a b\xff\x01",
			"j\xc3\xb6rg@b.example", "192.0.2.7", "x@y.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Of all fields. */
		struct limit limit = {
			.name = "all", .per = (1u << FIELD_COUNT) - 1, .kind = LIMIT_QUOTA
		};
		struct capacity capacity = { .amount = 1, .window_us = HOUR_US };
		char client[CLIENT_TEXT_SIZE];
		struct field_values values;
		struct recipient recipient;
		struct message message;
		char *key;

		make(&message, &recipient, cases[i].to);
		strcpy(message.account, cases[i].account);
		strcpy(message.login, cases[i].login);
		assert_null(address_parse(&message.sender, cases[i].sender, NULL));
		assert_true(client_from_text(&message.client, cases[i].client));
		key = limit_key(&limit, &capacity, &message, &recipient);
		if (!limit_key_values(&limit, &capacity, key, &values))
			fail_msg("%s: cannot read %s", cases[i].name, key);
		free(key);
		CASE_EQUAL_TEXT(
			cases[i].name, values.text[FIELD_ACCOUNT], cases[i].account);
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_LOGIN], cases[i].login);
		CASE_EQUAL_TEXT(
			cases[i].name, values.text[FIELD_SENDER], message.sender.text);
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_SENDER_DOMAIN],
			message.sender.domain);
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_CLIENT],
			client_to_key(&message.client, client));
		CASE_EQUAL_TEXT(
			cases[i].name, values.text[FIELD_RECIPIENT], recipient.digest);
		CASE_EQUAL_TEXT(
			cases[i].name, values.text[FIELD_RECIPIENT_DOMAIN], "y.example");
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_EVERYONE], "");
	}
}

static void values_of_keys(void **state)
{
	static const struct {
		const char *name;
		enum limit_kind kind;
		enum limit_count count;
		const char *key;
		const char *want; /* the domain, or NULL */
	} cases[] = {
		{ "a quota", LIMIT_QUOTA, COUNT_RECIPIENTS,
			"{a:shop}:l:each:q24h:gmail.com", "gmail.com" },
		{ "a rate", LIMIT_RATE, COUNT_RECIPIENTS, "{a:shop}:l:each:r:gmail.com",
			"gmail.com" },
		{ "distinct", LIMIT_QUOTA, COUNT_DISTINCT,
			"{a:shop}:l:each:d24h:gmail.com", "gmail.com" },
		{ "another window", LIMIT_QUOTA, COUNT_RECIPIENTS,
			"{a:shop}:l:each:q1h:gmail.com", NULL },
		{ "a window that begins alike", LIMIT_QUOTA, COUNT_RECIPIENTS,
			"{a:shop}:l:each:q24h1:gmail.com", NULL },
		{ "another kind", LIMIT_RATE, COUNT_RECIPIENTS,
			"{a:shop}:l:each:q24h:gmail.com", NULL },
		{ "counted otherwise", LIMIT_QUOTA, COUNT_RECIPIENTS,
			"{a:shop}:l:each:d24h:gmail.com", NULL },
		{ "another limit", LIMIT_RATE, COUNT_RECIPIENTS,
			"{a:shop}:l:eachs:r:gmail.com", NULL },
		{ "a field too few", LIMIT_RATE, COUNT_RECIPIENTS, "{a:shop}:l:each:r",
			NULL },
		{ "a field too many", LIMIT_RATE, COUNT_RECIPIENTS,
			"{a:shop}:l:each:r:gmail.com:x", NULL },
		{ "an escape that is none", LIMIT_RATE, COUNT_RECIPIENTS,
			"{a:shop}:l:each:r:gmail%.com", NULL },
		{ "of no account", LIMIT_RATE, COUNT_RECIPIENTS, "{l:each:r:gmail.com}",
			NULL },
		{ "something else", LIMIT_RATE, COUNT_RECIPIENTS, "{a:shop}:sent", NULL },
		{ "empty", LIMIT_RATE, COUNT_RECIPIENTS, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct limit limit = { .name = "each",
			.per = PER(FIELD_ACCOUNT) | PER(FIELD_RECIPIENT_DOMAIN),
			.kind = cases[i].kind,
			.count = cases[i].count };
		struct capacity capacity = { .amount = 1, .window_us = 24 * HOUR_US };
		struct field_values values;

		CASE_EQUAL_INT(cases[i].name,
			limit_key_values(&limit, &capacity, cases[i].key, &values),
			cases[i].want != NULL);
		if (cases[i].want == NULL)
			continue;
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_ACCOUNT], "shop");
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_RECIPIENT_DOMAIN],
			cases[i].want);
		CASE_EQUAL_TEXT(cases[i].name, values.text[FIELD_LOGIN], "");
	}
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
		cmocka_unit_test(account_of_a_key),
		cmocka_unit_test(keys_there_and_back),
		cmocka_unit_test(values_of_keys),
		cmocka_unit_test(capacities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
