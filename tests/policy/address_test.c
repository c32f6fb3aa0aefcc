#include <string.h>

#include "policy/address.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define A63 A60 "aaa"
#define A250 A60 A60 A60 A60 A10
#define A256 A250 "aaaaaa"
#define D255 A63 "." A63 "." A63 "." A63

static void makes_addresses_canonical(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "<>", "" },
		{ "<a@x>", "a@x" },
		{ "A@X", "a@x" },
		{ "<John.Smith@Example.COM>", "john.smith@example.com" },
		{ "john-smith@x", "john-smith@x" },
		{ "user+Tag=x@x", "user+tag=x@x" },
		{ "!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x" },
		{ "a@example.com.", "a@example.com" },
		{ "a@x_y.example", "a@x_y.example" },
		{ "a@ab--cd.example", "a@ab--cd.example" },
		{ "a@x-y", "a@x-y" },
		{ "a@1.2.3.4", "a@1.2.3.4" },
		/* bare local parts */
		{ "alice", "alice" },
		{ "<Postmaster>", "postmaster" },
		/* source routes */
		{ "<@a.example:user@c>", "user@c" },
		{ "<@a.example,@b.example:user@c>", "user@c" },
		{ "<@[IPv6:::1]:user@c>", "user@c" },
		/* address literals */
		{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
		{ "a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]" },
		/* quotes that quote nothing, and those that do */
		{ "\"john\"@x", "john@x" },
		{ "\"John.Smith\"@x", "john.smith@x" },
		{ "\"jo\\hn\"@x", "john@x" },
		{ "\"john\".smith@x", "john.smith@x" },
		{ "\"John Smith\"@x", "\"john smith\"@x" },
		{ "\"a@b\"@x", "\"a@b\"@x" },
		{ "\"a\\\"b\\\\c\"@x", "\"a\\\"b\\\\c\"@x" },
		{ "\"a,\\b\"@x", "\"a,b\"@x" },
		{ "\"a.\"@x", "\"a.\"@x" },
		/* not in the grammar, but Postfix takes them: equal to what the quotes
		   make good */
		{ "a.@x", "\"a.\"@x" },
		{ ".a@x", "\".a\"@x" },
		{ "a..b@x", "\"a..b\"@x" },
		{ "\"<a>\"", "\"<a>\"" },
		/* Unicode: \u00fc u umlaut, \u00e9 e acute, \u00df sharp s */
		{ "a@B\u00fccher.example", "a@xn--bcher-kva.example" },
		{ "a@BU\u0308CHER.example", "a@xn--bcher-kva.example" },
		{ "a@XN--BCHER-KVA.Example", "a@xn--bcher-kva.example" },
		{ "a@stra\u00dfe.example", "a@xn--strae-oqa.example" },
		{ "a@\uff45xample\u3002com", "a@example.com" },
		{ "a@xn--zzzzzz99.example", "a@xn--zzzzzz99.example" },
		{ "a@XN--a", "a@xn--a" },
		{ "Jos\u00c9@x", "jos\u00e9@x" },
		{ "JOSE\u0301@x", "jos\u00e9@x" },
		{ "Stra\u00dfe@x", "strasse@x" },
		{ "\u212a@x", "k@x" }, /* the Kelvin sign */
		{ "a\u037e@x",
			"\"a;\"@x" }, /* the Greek question mark is a semicolon in NFC */
		{ "\"\u00fc\u00fc x\"@x", "\"\u00fc\u00fc x\"@x" },
		/* lengths */
		{ A256 "@x", A256 "@x" },
		{ "a@" D255, "a@" D255 },
		{ "a@" D255 ".", "a@" D255 },
		{ A256 "@" D255, A256 "@" D255 },
		{ "\"" A250 " aaa\"@x", "\"" A250 " aaa\"@x" },
		{ "\"" A250 " a\\\"\"@x", "\"" A250 " a\\\"\"@x" },
	};
	struct address address, again;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *wrong = address_parse(&address, cases[i].text, NULL);
		const char *at = strrchr(cases[i].want, '@');

		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		CASE_EQUAL_TEXT(cases[i].text, address.text, cases[i].want);
		CASE_EQUAL_TEXT(cases[i].text, address.domain, at != NULL ? at + 1 : "");
		assert_null(address_parse(&again, address.text, NULL));
		CASE_EQUAL_TEXT(cases[i].text, again.text, address.text);
	}
}

static void equals_what_is_the_same_mailbox(void **state)
{
	static const struct {
		const char *one, *other;
		bool want;
	} cases[] = {
		{ "A@X", "a@x", true }, { "\"john\"@x", "john@x", true },
		{ "\"a b\"@x", "\"a\\ b\"@x", true },
		{ "a@B\u00fccher.example", "a@xn--bcher-kva.example", true },
		{ "STRASSE@x", "stra\u00dfe@x", true }, { "\"a..b\"@x", "a..b@x", true },
		{ "John.Smith@x", "johnsmith@x", false },
		{ "john-smith@x", "john@x", false }, { "john+tag@x", "john@x", false },
		{ "jos\u00e9@x", "jose@x", false }, { "a@x", "a@x.example", false },
		{ "a@fa\u00df.example", "a@fass.example", false }, /* IDNA 2008 */
	};
	struct address one, other;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_null(address_parse(&one, cases[i].one, NULL));
		assert_null(address_parse(&other, cases[i].other, NULL));
		CASE_EQUAL_INT(
			cases[i].one, strcmp(one.text, other.text) == 0, cases[i].want);
	}
}

static void says_what_is_wrong(void **state)
{
	static const char control[] = "a control character";
	static const char utf8[] = "bytes that are not UTF-8";
	static const char no_local_part[] = "no local part before the @";
	static const char no_domain[] = "no domain after the @";
	static const char long_local_part[] = "a local part of more than 256 bytes";
	static const char long_domain[] = "a domain of more than 255 bytes";
	static const char long_label[] = "a label of more than 63 bytes in the domain";
	static const char empty_label[] = "an empty label in the domain";
	static const char hyphen[] =
		"a label that begins or ends with a hyphen in the domain";
	static const char two[] = "more than one @";
	static const char space[] = "a space outside quotes";
	static const char special[] = "a character that must stand in quotes";
	static const char bad[] = "a character that a domain cannot have";
	static const char quote[] = "a quote in the middle of a word";
	static const char open_quote[] = "a quote that is not closed";
	static const char bracket[] = "a < without its >";
	static const char literal[] = "an address literal that is empty or not closed";
	static const char bad_literal[] =
		"a character that an address literal cannot have";
	static const char idna[] = "a domain that IDNA 2008 does not allow";
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "@x", no_local_part },
		{ "@", no_local_part },
		{ "\"\"@x", no_local_part },
		{ "<@a:>", no_local_part },
		{ "<@a:@b>", no_local_part },
		{ "<@[::1]@b>", no_local_part },
		{ "a@", no_domain },
		{ "<a@>", no_domain },
		{ "a@b@c", two },
		{ "a@@c", two },
		{ "a@b\uff20c", two },
		{ "<a@x", bracket },
		{ "<", bracket },
		{ "a@x>", bad },
		{ "a>@x", special },
		{ "<a@x>x", bracket },
		{ "<<a@x>>", special },
		{ " a@x", space },
		{ "a@x ", space },
		{ "< >", space },
		{ "a b@x", space },
		{ "a@x y", space },
		{ "a(comment)@x", special },
		{ "a,b@x", special },
		{ "a\\@b@x", special },
		{ "a\nb@x", control },
		{ "a\tb@x", control },
		{ "a\x7f@x", control },
		{ "\"a\rb\"@x", control },
		{ "\"a\\\nb\"@x", control },
		{ "a@x\n", control },
		{ "a\xc2\x85@x", control },
		{ "a@x\xc2\x85", control },
		{ "a\xff@x", utf8 },
		{ "a\xc3@x", utf8 },
		{ "\"\xc3\\\xa9\"@x", utf8 },
		{ "a\xc0\xaf@x", utf8 },
		{ "a@x\xff", utf8 },
		{ "\"a@x", open_quote },
		{ "\"a\\", open_quote },
		{ "<\"a>", open_quote },
		{ "a\"b\"@x", quote },
		{ "\"a\"b@x", quote },
		{ "\"a\"\"b\"@x", quote },
		{ "a@.", empty_label },
		{ "a@.x", empty_label },
		{ "a@x..y", empty_label },
		{ "a@x..", empty_label },
		{ "a@-", hyphen },
		{ "a@-x", hyphen },
		{ "a@x-.y", hyphen },
		{ "a@x,y", bad },
		{ "a@x*", bad },
		{ "a@x/y", bad },
		{ "a@[]", literal },
		{ "a@[1.2.3.4", literal },
		{ "a@[1.2.3.4]x", literal },
		{ "a@[1 2]", bad_literal },
		{ "a@[[1]]", bad_literal },
		{ "a@[\u00fc]", bad_literal },
		{ "a@\u2603.example", idna },
		{ "a@b\u00fc_.ab--\u00fc", idna },
		{ A256 "a@x", long_local_part },
		{ "\"" A250 " aaaa\"@x", long_local_part },
		{ "\"" A250 " aa\\\"\"@x", long_local_part },
		{ "\"" A256 "a\"@x", long_local_part },
		/* sharp s is two bytes before folding and after, capital sigma and a dot
		   grow */
		{ A250 "\u0130\u0130\u0130@x", long_local_part },
		{ "a@" A63 "a", long_label },
		{ "a@xn--" A60 ".x", long_label },
		{ "a@" D255 "a", long_domain },
		{ "a@" D255 "..", long_domain },
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *wrong = address_parse(&address, cases[i].text, NULL);

		CASE_EQUAL_TEXT(cases[i].text, wrong != NULL ? wrong : address.text,
			cases[i].want);
		CASE_EQUAL_TEXT(cases[i].text, address.text, "");
		CASE_EQUAL_TEXT(cases[i].text, address.domain, "");
	}
}

static void completes_bare_local_parts(void **state)
{
	struct address address;

	(void)state;
	assert_null(address_parse(&address, "<Alice>", "Mail.Example"));
	assert_string_equal(address.text, "alice@mail.example");
	assert_string_equal(address.domain, "mail.example");
	assert_null(address_parse(&address, "a@x", "mail.example"));
	assert_string_equal(address.text, "a@x");
	assert_null(address_parse(&address, "<>", "mail.example"));
	assert_string_equal(address.text, "");
	assert_string_equal(
		address_parse(&address, "a@", "mail.example"), "no domain after the @");
	assert_non_null(address_parse(&address, "alice", "no domain"));
}

static void reads_domains(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} cases[] = {
		{ "example.com", "example.com" },
		{ "@B\u00fccher.example", "xn--bcher-kva.example" },
		{ "Example.COM.", "example.com" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "", NULL },
		{ "@", NULL },
		{ "@@x", NULL },
		{ "a@x", NULL },
		{ "*.example", NULL },
	};
	char domain[DOMAIN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *wrong = domain_parse(domain, cases[i].text);

		CASE_EQUAL_INT(cases[i].text, wrong == NULL, cases[i].want != NULL);
		CASE_EQUAL_TEXT(cases[i].text, domain,
			cases[i].want != NULL ? cases[i].want : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_addresses_canonical),
		cmocka_unit_test(equals_what_is_the_same_mailbox),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(completes_bare_local_parts),
		cmocka_unit_test(reads_domains),
	};

	return cmocka_run_group_tests_name("policy/address", tests, NULL, NULL);
}
