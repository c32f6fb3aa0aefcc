#include <stdio.h>
#include <string.h>

#include "feedback/classify.h"
#include "tests/support/test.h"

/*
 * "X does not exist" makes the recipient hard only where X is the recipient:
 * the lists of phrases.txt, each noun with each predicate.
 */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct classifier *classifier;

static int make_classifier(void **state)
{
	(void)state;
	classifier = classifier_new(NULL, NULL, NULL);
	return 0;
}

static int free_classifier(void **state)
{
	(void)state;
	classifier_free(classifier);
	return 0;
}

static enum outcome_class class_of(const char *text, enum smtp_stage stage)
{
	struct evidence evidence = { text, strlen(text), "", "failed", "a@example.com",
		"", "", stage };
	struct judgement judgement;

	classify(classifier, &evidence, &judgement);
	return judgement.class;
}

static const char *const predicates[] = { "unknown", "is not known here", "not found",
	"cannot be found", "could not be located", "does not exist", "no longer exists",
	"is invalid", "is not valid", "was not recognised", "is not registered",
	"is not in our database", "nonexistent", "is gone", "unrouteable",
	"is incorrect" };
static const char *const prefixes[] = { "no such", "unknown", "invalid", "bad",
	"nonexistent", "unable to find", "could not locate the", "that is not a valid",
	"undefined" };

/* NOUN in all sentences, of which none may, or all must, be hard. */
static void check_noun(const char *noun, const char *code, bool hard)
{
	char text[200];

	for (size_t i = 0; i < COUNT(predicates) + COUNT(prefixes); i++) {
		bool behind = i < COUNT(predicates);
		const char *words =
			behind ? predicates[i] : prefixes[i - COUNT(predicates)];

		snprintf(text, sizeof(text), "550 %s%s %s", code, behind ? noun : words,
			behind ? words : noun);
		CASE_EQUAL_INT(text, class_of(text, STAGE_RCPT) == CLASS_HARD, hard);
	}
}

static void the_recipient_is_hard(void **state)
{
	static const char *const nouns[] = { "user", "recipient", "mailbox", "account",
		"address", "email address", "user account", "addressee", "alias",
		"customer", "local part", "destination address" };

	(void)state;
	for (size_t i = 0; i < COUNT(nouns); i++) {
		check_noun(nouns[i], "", true);
		check_noun(nouns[i], "5.1.1 ", true);
		check_noun(nouns[i], "5.7.1 ", true);
	}
}

static void nothing_else_is(void **state)
{
	static const char *const nouns[] = { "sender", "sender address",
		"envelope sender", "return path", "reply-to address", "from header",
		"HELO name", "client host", "your IP", "your address", "your domain",
		"your hostname", "PTR record", "originator", "SPF record", "URL",
		"attachment", "character set", "command", "parameter", "rule",
		"certificate", "file", "password" };

	(void)state;
	for (size_t i = 0; i < COUNT(nouns); i++) {
		check_noun(nouns[i], "", false);
		check_noun(nouns[i], "5.7.1 ", false);
	}
}

/* Said to MAIL, the same words are about who sends. */
static void not_even_the_recipient_at_mail(void **state)
{
	static const char *const texts[] = { "550 user unknown", "550 no such mailbox",
		"550 5.1.1 address not found", "550 unrecognized recipient" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		CASE_EQUAL_INT(texts[i], class_of(texts[i], STAGE_MAIL), CLASS_POLICY);
}

static void the_nearest_noun_counts(void **state)
{
	static const struct {
		const char *text;
		enum outcome_class want;
	} cases[] = {
		{ "550 user a@example.com: the sender's domain does not exist",
			CLASS_POLICY },
		{ "550 sender a@example.org, recipient b does not exist", CLASS_HARD },
		{ "550 for this mailbox the charset is unknown", CLASS_POLICY },
		{ "550 command refused: user unknown", CLASS_HARD },
		{ "550 mailbox: unknown error", CLASS_SOFT },
		{ "550 your account has exceeded what it may send", CLASS_POLICY },
		{ "552 the account has exceeded what it may keep", CLASS_SOFT },
		{ "550 your account is suspended", CLASS_POLICY },
		{ "550 the account is suspended", CLASS_SOFT },
		{ "550 login failed: user not found", CLASS_POLICY },
		{ "550 the message for user a was deleted", CLASS_HARD },
		{ "550 user a: the message was deleted", CLASS_SOFT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_INT(cases[i].text, class_of(cases[i].text, STAGE_RCPT),
			cases[i].want);
}

/* The words in which the world says it, each for a whole row of wordings. */
static void in_other_languages(void **state)
{
	static const struct {
		const char *text;
		enum outcome_class want;
	} cases[] = {
		{ "550 Die Adresse gibt es hier nicht", CLASS_HARD },
		{ "550 Cette adresse n'est pas reconnue", CLASS_HARD },
		{ "550 La cuenta no est\xc3\xa1 registrada", CLASS_HARD },
		{ "550 Casella di posta non trovata", CLASS_HARD },
		{ "550 Usu\xc3\xa1rio n\xc3\xa3o cadastrado", CLASS_HARD },
		{ "550 Brak takiego konta", CLASS_HARD },
		{ "550 \xd0\xb0\xd0\xb4\xd1\x80\xd0\xb5\xd1\x81 "
		  "\xd0\xbd\xd0\xb5\xd0\xb4\xd0\xb5\xd0\xb9\xd1\x81\xd1\x82\xd0\xb2\xd0"
		  "\xb8\xd1\x82\xd0\xb5\xd0\xbb\xd0\xb5\xd0\xbd",
			CLASS_HARD },
		{ "550 unbekannter Fehler", CLASS_SOFT },
		{ "550 errore sconosciuto", CLASS_SOFT },
		{ "552 La casilla del cliente est\xc3\xa1 llena", CLASS_SOFT },
		{ "552 Skrzynka odbiorcy jest przepelniona", CLASS_SOFT },
		{ "554 Ihre IP-Adresse ist gesperrt", CLASS_POLICY },
		{ "550 Das Postfach ist gesperrt", CLASS_SOFT },
		{ "554 filtr antyspamowy: wiadomosc zablokowana", CLASS_POLICY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_INT(cases[i].text, class_of(cases[i].text, STAGE_RCPT),
			cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recipient_is_hard),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(not_even_the_recipient_at_mail),
		cmocka_unit_test(the_nearest_noun_counts),
		cmocka_unit_test(in_other_languages),
	};

	return cmocka_run_group_tests(tests, make_classifier, free_classifier);
}
