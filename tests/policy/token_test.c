#include <string.h>

#include "policy/token.h"
#include "tests/support/test.h"

static const uint8_t ours[SECRET_BYTES] = "a secret of thirty-two bytes 123";
static const uint8_t theirs[SECRET_BYTES] = "another secret, of other nodes 1";

static void make(struct token *token, size_t recipients)
{
	*token = (struct token){ .account = "shop", .time_us = 1700000000123456 };
	token->recipient_count = recipients;
	for (size_t i = 0; i < recipients && i < TOKEN_RECIPIENTS_MAX; i++)
		memset(token->recipients[i], (int)i + 1, DIGEST_BYTES);
}

static void reads_what_it_wrote(void **state)
{
	static const struct {
		const char *name;
		size_t recipients, want;
	} cases[] = {
		{ "one recipient", 1, 1 },
		{ "as many as fit", TOKEN_RECIPIENTS_MAX, TOKEN_RECIPIENTS_MAX },
		{ "one more proves the account alone", TOKEN_RECIPIENTS_MAX + 1, 0 },
		{ "a thousand prove the account alone", 1000, 0 },
	};
	struct secret *secret = secret_new(ours);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct token token, back;
		char text[TOKEN_TEXT_MAX];

		make(&token, cases[i].recipients);
		token_write(&token, secret, text);
		assert_true(strlen(text) < TOKEN_TEXT_MAX);
		CASE_EQUAL_INT(cases[i].name, token_read(&back, secret, text), true);
		CASE_EQUAL_TEXT(cases[i].name, back.account, "shop");
		CASE_EQUAL_INT(cases[i].name, back.time_us, token.time_us);
		CASE_EQUAL_INT(cases[i].name, back.recipient_count, cases[i].want);
		assert_memory_equal(
			back.recipients, token.recipients, cases[i].want * DIGEST_BYTES);
	}
	secret_free(secret);
}

static void fits_with_the_longest_account(void **state)
{
	struct secret *secret = secret_new(ours);
	struct token token, back;
	char text[TOKEN_TEXT_MAX];

	(void)state;
	make(&token, TOKEN_RECIPIENTS_MAX);
	memset(token.account, 'x', ACCOUNT_SIZE - 1);
	token_write(&token, secret, text);
	assert_true(token_read(&back, secret, text));
	assert_string_equal(back.account, token.account);
	secret_free(secret);
}

/* Two messages of one second are two: what comes back is known by the microsecond. */
static void keeps_the_microsecond(void **state)
{
	static const int64_t times[] = { 0, 1, 1700000000000000, 1700000000000001,
		1700000000999999, INT64_MAX };
	struct secret *secret = secret_new(ours);

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct token token, back;
		char text[TOKEN_TEXT_MAX];

		make(&token, 1);
		token.time_us = times[i];
		token_write(&token, secret, text);
		assert_true(token_read(&back, secret, text));
		assert_true(back.time_us == times[i]);
	}
	secret_free(secret);
}

static void no_line_is_long(void **state)
{
	struct secret *secret = secret_new(ours);
	struct token token;
	char text[TOKEN_TEXT_MAX];

	(void)state;
	make(&token, 50);
	token_write(&token, secret, text);
	for (const char *line = text; *line != '\0';
		line += line[strcspn(line, "\n")] != '\0') {
		assert_true(strcspn(line, "\n") <= 76);
		line += strcspn(line, "\n");
	}
	secret_free(secret);
}

/* Other MTAs unfold, refold, and put carriage returns in. */
static void survives_refolding(void **state)
{
	struct secret *secret = secret_new(ours);
	struct token token, back;
	char text[TOKEN_TEXT_MAX], refolded[2 * TOKEN_TEXT_MAX], *to = refolded;

	(void)state;
	make(&token, 3);
	token_write(&token, secret, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (i % 30 == 0)
			to = stpcpy(to, "\r\n ");
		if (text[i] != '\n')
			*to++ = text[i];
	}
	*to = '\0';
	assert_true(token_read(&back, secret, refolded));
	secret_free(secret);
}

static void refuses_what_is_not_ours(void **state)
{
	struct secret *secret = secret_new(ours), *other = secret_new(theirs);
	struct token token, back;
	char text[TOKEN_TEXT_MAX], changed[TOKEN_TEXT_MAX];

	(void)state;
	make(&token, 1);
	token_write(&token, other, text);
	assert_false(token_read(&back, secret, text));
	token_write(&token, secret, text);
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (strchr("\n\t=", text[i]) != NULL)
			continue;
		strcpy(changed, text);
		changed[i] = text[i] == 'A' ? 'B' : 'A';
		/* The last character before padding has bits that mean nothing. */
		if (text[i + 1] != '=' && token_read(&back, secret, changed))
			fail_msg("a token changed at %zu is taken", i);
	}
	text[strlen(text) / 2] = '\0';
	assert_false(token_read(&back, secret, text));
	assert_false(token_read(&back, secret, ""));
	assert_false(token_read(&back, secret, "no token at all"));
	secret_free(secret);
	secret_free(other);
}

static void no_two_are_alike(void **state)
{
	struct secret *secret = secret_new(ours);
	struct token token;
	char one[TOKEN_TEXT_MAX], two[TOKEN_TEXT_MAX];

	(void)state;
	make(&token, 1);
	token_write(&token, secret, one);
	token_write(&token, secret, two);
	assert_string_not_equal(one, two);
	secret_free(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(fits_with_the_longest_account),
		cmocka_unit_test(keeps_the_microsecond),
		cmocka_unit_test(no_line_is_long),
		cmocka_unit_test(survives_refolding),
		cmocka_unit_test(refuses_what_is_not_ours),
		cmocka_unit_test(no_two_are_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
