#include <stdlib.h>
#include <string.h>

#include "feedback/buffer.h"
#include "feedback/charset.h"
#include "feedback/decode.h"
#include "feedback/header.h"
#include "feedback/html.h"
#include "feedback/mail.h"
#include "feedback/mailbox.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is in BUFFER, as a text; the buffer is empty then. */
static char *take(struct buffer *buffer)
{
	char *text;

	buffer_add(buffer, "", 1);
	text = buffer->bytes;
	*buffer = (struct buffer){ 0 };
	return text;
}

static void decodes_transfer(void **state)
{
	static const struct {
		const char *name;
		enum encoding encoding;
		const char *from, *want;
	} cases[] = {
		{ "none", ENCODING_NONE, "a=3D", "a=3D" },
		{ "base64", ENCODING_BASE64, "aGVsbG8=", "hello" },
		{ "base64 with line ends", ENCODING_BASE64, "aGVs\nbG8=\n", "hello" },
		{ "base64, two put together", ENCODING_BASE64,
			"aGVsbG8=aGVsbG8=", "hellohello" },
		{ "base64 without its end", ENCODING_BASE64, "aGVsbG8", "hello" },
		{ "base64 with a byte too few", ENCODING_BASE64, "aGVsb", "hel" },
		{ "base64 with what is none", ENCODING_BASE64, "aGV!sbG8=", "hello" },
		{ "quoted-printable", ENCODING_QUOTED_PRINTABLE, "a=3Db=41", "a=bA" },
		{ "small letters", ENCODING_QUOTED_PRINTABLE, "a=3db", "a=b" },
		{ "soft line end", ENCODING_QUOTED_PRINTABLE, "ab=\ncd", "abcd" },
		{ "soft line end with blanks", ENCODING_QUOTED_PRINTABLE, "ab=  \ncd",
			"abcd" },
		{ "soft line end at the end", ENCODING_QUOTED_PRINTABLE, "ab=", "ab" },
		{ "an = that is none", ENCODING_QUOTED_PRINTABLE, "a=xyz=4", "a=xyz=4" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer buffer = { 0 };
		char *got;

		decode_transfer(&buffer, span_of(cases[i].from), cases[i].encoding);
		got = take(&buffer);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void makes_utf8(void **state)
{
	static const struct {
		const char *name, *charset, *from, *want;
	} cases[] = {
		{ "ASCII", "us-ascii", "hello", "hello" },
		{ "UTF-8", "UTF-8", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "no label, UTF-8", "", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "no label, Latin 1", "", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f" },
		{ "wrong label", "utf-8", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f" },
		{ "unknown label", "x-nobody//TRANSLIT", "gr\xfc\xdf",
			"gr\xc3\xbc\xc3\x9f" },
		{ "Latin 1", "ISO-8859-1", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f" },
		{ "Latin 2", "iso-8859-2", "\xb1", "\xc4\x85" },
		{ "Cyrillic", "KOI8-R", "\xce\xc5\xd4", "\xd0\xbd\xd0\xb5\xd1\x82" },
		{ "Cyrillic of Windows", "windows-1251", "\xed\xe5\xf2",
			"\xd0\xbd\xd0\xb5\xd1\x82" },
		{ "Japanese of seven bits", "iso-2022-jp", "\033$B$\"\033(B!",
			"\xe3\x81\x82!" },
		{ "that without a label", "", "\033$B$\"\033(B!", "\xe3\x81\x82!" },
		{ "Shift_JIS", "Shift_JIS", "\x82\xa0", "\xe3\x81\x82" },
		{ "EUC-JP", "euc-jp", "\xa4\xa2", "\xe3\x81\x82" },
		{ "Chinese", "gb2312", "\xb2\xbb", "\xe4\xb8\x8d" },
		{ "Chinese of Taiwan", "big5", "\xa4\xa3", "\xe4\xb8\x8d" },
		{ "Korean", "euc-kr", "\xb0\xa1", "\xea\xb0\x80" },
		{ "half a character", "shift_jis", "a\x82", "a\xef\xbf\xbd" },
		{ "a wrong byte", "euc-jp",
			"a\xff"
			"b",
			"a\xef\xbf\xbd"
			"b" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer buffer = { 0 };
		char *got;

		charset_to_utf8(
			&buffer, span_of(cases[i].from), span_of(cases[i].charset));
		got = take(&buffer);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void decodes_words(void **state)
{
	static const struct {
		const char *name, *from, *want;
	} cases[] = {
		{ "none", "hello = there?", "hello = there?" },
		{ "Q", "=?iso-8859-1?Q?gr=FC=DF_dich?=", "gr\xc3\xbc\xc3\x9f dich" },
		{ "B", "=?utf-8?b?Z3LDvMOf?= dich", "gr\xc3\xbc\xc3\x9f dich" },
		{ "two, the space between goes", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
		{ "a character cut in two",
			"=?utf-8?b?w7==?= =?utf-8?q?=A4?=", "\xc3\xa4" },
		{ "a language", "=?utf-8*de?q?a?=", "a" },
		{ "no end", "=?utf-8?q?abc", "=?utf-8?q?abc" },
		{ "no way", "=?utf-8?x", "=?utf-8?x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer buffer = { 0 };
		char *got;

		decode_words(&buffer, span_of(cases[i].from));
		got = take(&buffer);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void makes_text_of_html(void **state)
{
	static const struct {
		const char *name, *from, *want;
	} cases[] = {
		{ "blocks", "<html><p>one</p><p>two</p>", "one\ntwo\n" },
		{ "cells", "<table><tr><td>a</td><td>b</td></tr></table>", " a b\n" },
		{ "white space", "<p>a\n   b</p>", "a b\n" },
		{ "hidden",
			"<head><title>t</title></head><style>p{}</style>a<script>1<2</"
			"script>b",
			"ab\n" },
		{ "entities", "a&lt;b&gt;&amp;&quot;&#64;&#x41;&nosuch;",
			"a<b>&\"@A&nosuch;\n" },
		{ "an address in <>", "to <a@example.com> it",
			"to <a@example.com> it\n" },
		{ "comment", "a<!-- <p> -->b", "ab\n" },
		{ "no end of a tag", "a<p b", "a\n" },
		{ "no tag", "1 < 2", "1 < 2\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer buffer = { 0 };
		char *got;

		html_to_text(&buffer, span_of(cases[i].from));
		got = take(&buffer);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

/* The leaves, as "type:body|". */
static void takes_mails_apart(void **state)
{
	static const struct {
		const char *name, *mail, *want;
	} cases[] = {
		{ "plain", "Subject: a\n\nhello\n", "text/plain:hello\n|" },
		{ "no header", "hello there\n", "text/plain:hello there\n|" },
		{ "mbox", "From a@example.com Mon Nov  3\nSubject: a\n\nhello\n",
			"text/plain:hello\n|" },
		{ "empty lines before", "\n  \nSubject: a\n\nhello\n",
			"text/plain:hello\n|" },
		{ "two parts",
			"Content-Type: multipart/mixed; boundary=\"b b\"\n\nintro\n--b "
			"b\n\none\n"
			"--b b\nContent-Type: TEXT/HTML; charset=x\n\ntwo\n--b "
			"b--\nend\n",
			"text/plain:one|text/html:two|" },
		{ "a part without a header",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\none "
			"two\nthree\n--b--\n",
			"text/plain:one two\nthree|" },
		{ "nested",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
			"Content-Type: multipart/alternative; "
			"boundary=bb\n\n--bb\n\none\n--bb--\n"
			"--b\n\ntwo\n--b--\n",
			"text/plain:one|text/plain:two|" },
		{ "an inner one that does not end",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
			"Content-Type: multipart/alternative; "
			"boundary=bb\n\n--bb\n\none\n--b\n\n"
			"two\n",
			"text/plain:one|text/plain:two|" },
		{ "a message within is not taken apart",
			"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
			"Content-Type: message/rfc822\n\n"
			"Content-Type: multipart/mixed; "
			"boundary=c\n\n--c\n\none\n--c--\n--b--\n",
			"message/rfc822:Content-Type: multipart/mixed; "
			"boundary=c\n\n--c\n\none\n"
			"--c--|" },
		{ "no boundary anywhere",
			"Content-Type: multipart/mixed; boundary=b\n\nhello\n",
			"text/plain:hello\n|" },
		{ "the boundary on a line that is not folded",
			"Content-Type: "
			"multipart/mixed;\nboundary=\"b\"\n\n--b\n\none\n--b--\n",
			"text/plain:one|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mail mail;
		struct buffer buffer = { 0 };
		char *got;

		mail_read(&mail, cases[i].mail, strlen(cases[i].mail));
		for (size_t p = 0; p < mail.count; p++) {
			if (mail.parts[p].multipart)
				continue;
			buffer_add(
				&buffer, mail.parts[p].type, strlen(mail.parts[p].type));
			buffer_add(&buffer, ":", 1);
			part_decode(&mail.parts[p], &buffer);
			buffer_add(&buffer, "|", 1);
		}
		mail_clear(&mail);
		got = take(&buffer);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void finds_mailboxes(void **state)
{
	static const struct {
		const char *name, *from, *want;
	} cases[] = {
		{ "typed", "rfc822; Alice@Example.COM", "alice@example.com" },
		{ "brackets and no type", " <a@example.com>", "a@example.com" },
		{ "a name", "rfc822; Alice <a@example.com>", "a@example.com" },
		{ "a type with /", "rfc/822;a@example.com", "a@example.com" },
		{ "x400", "x400; /S=a@b/", "" },
		{ "local", "LOCAL; alice", "" },
		{ "a route", "rfc822; <@x.example,@y.example:a@example.com>",
			"a@example.com" },
		{ "quoted", "rfc822; \"a b\"@example.com", "\"a b\"@example.com" },
		{ "a dot behind", "a@example.com.", "a@example.com" },
		{ "an address literal", "a@[192.0.2.1]", "a@[192.0.2.1]" },
		{ "an escape", "utf-8; j\\x{FC}rgen@example.com",
			"j\xc3\xbcrgen@example.com" },
		{ "an escape that is none", "utf-8; j\\x{41}@example.com",
			"j\\x{41}@example.com" },
		{ "with Chinese behind it",
			"rfc822; a@example.com"
			"\xe4\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8",
			"a@example.com" },
		{ "in wide brackets",
			"\xef\xbc\x88"
			"a@example.com\xef\xbc\x89",
			"a@example.com" },
		{ "behind a wide colon",
			"\xe5\xae\x9b\xe5\x85\x88\xef\xbc\x9a"
			"a@example.com",
			"a@example.com" },
		{ "of another script",
			"utf-8; \xe7\x94\xa8\xe6\x88\xb7@"
			"\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95",
			"\xe7\x94\xa8\xe6\x88\xb7@"
			"\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95" },
		{ "typographic quotes",
			"\xc2\xab"
			"a@example.com\xc2\xbb",
			"a@example.com" },
		{ "no domain", "rfc822; a@", "" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span mailbox = { "", 0 };
		char got[ADDRESS_SIZE];

		if (!mailbox_of_field(span_of(cases[i].from), &mailbox))
			mailbox.size = 0;
		mailbox_copy(got, mailbox);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
	}
}

static void copies_spans(void **state)
{
	static const struct {
		const char *name, *from;
		size_t size;
		const char *want;
	} cases[] = {
		{ "fits", "abc", 4, "abc" },
		{ "cut", "abcd", 4, "abc" },
		{ "white space", " a \n\t b ", 8, "a b" },
		{ "never half a character", "ab\xc3\xbc", 4, "ab" },
		{ "a whole one at the edge",
			"a\xc3\xbc"
			"bc",
			4, "a\xc3\xbc" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char got[16];

		span_copy(got, cases[i].size, span_of(cases[i].from));
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_transfer),
		cmocka_unit_test(makes_utf8),
		cmocka_unit_test(decodes_words),
		cmocka_unit_test(makes_text_of_html),
		cmocka_unit_test(takes_mails_apart),
		cmocka_unit_test(finds_mailboxes),
		cmocka_unit_test(copies_spans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
