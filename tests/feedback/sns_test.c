#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/feedback/sns_message.h"
#include "tests/support/test.h"

/* ---- reading ---- */

#define WHOLE                                                                            \
	"\"MessageId\":\"1\",\"TopicArn\":\"" TOPIC "\",\"Message\":\"m\","              \
	"\"Timestamp\":\"t\",\"SignatureVersion\":\"1\",\"Signature\":\"AA==\","         \
	"\"SigningCertURL\":\"u\""
#define NOTIFICATION "{\"Type\":\"Notification\"," WHOLE

static void reads_what_is_an_envelope(void **state)
{
	static const struct {
		const char *name, *text;
		enum sns_doubt want;
	} cases[] = {
		{ "a notification", NOTIFICATION "}", SNS_BELIEVED },
		{ "what it does not know", NOTIFICATION ",\"New\":[1,{}]}",
			SNS_BELIEVED },
		{ "nothing", "", SNS_NO_OBJECT },
		{ "no JSON", "Type: Notification", SNS_NO_OBJECT },
		{ "an array", "[" NOTIFICATION "}]", SNS_NO_OBJECT },
		{ "something behind", NOTIFICATION "}{}", SNS_NO_OBJECT },
		{ "cut", NOTIFICATION, SNS_NO_OBJECT },
		{ "a member twice", NOTIFICATION ",\"Message\":\"n\"}", SNS_NO_OBJECT },
		{ "a member twice, escaped", NOTIFICATION ",\"Mess\\u0061ge\":\"n\"}",
			SNS_NO_OBJECT },
		{ "a NUL", NOTIFICATION ",\"Subject\":\"a\\u0000b\"}", SNS_NO_OBJECT },
		{ "half a character", NOTIFICATION ",\"Subject\":\"\xC3\"}",
			SNS_NO_OBJECT },
		{ "of SES", "{\"notificationType\":\"Bounce\"}", SNS_NO_ENVELOPE },
		{ "a type that is none", "{\"Type\":\"UnsubscriptionConfirmation\"}",
			SNS_TYPE_UNKNOWN },
		{ "a type in other letters", "{\"Type\":\"notification\"}",
			SNS_TYPE_UNKNOWN },
		{ "the type alone", "{\"Type\":\"Notification\"}", SNS_FIELD_MISSING },
		{ "a number for a text", NOTIFICATION ",\"Subject\":1}",
			SNS_FIELD_MISSING },
		{ "no subject", NOTIFICATION ",\"Subject\":null}", SNS_BELIEVED },
		{ "an empty subject", NOTIFICATION ",\"Subject\":\"\"}", SNS_BELIEVED },
		{ "a subject of two lines", NOTIFICATION ",\"Subject\":\"a\\nb\"}",
			SNS_FIELD_MALFORMED },
		{ "both spellings", NOTIFICATION ",\"SigningCertUrl\":\"u\"}",
			SNS_FIELD_TWICE },
		{ "a confirmation without its token",
			"{\"Type\":\"SubscriptionConfirmation\",\"SubscribeURL\":"
			"\"u\"," WHOLE "}",
			SNS_FIELD_MISSING },
		{ "a confirmation",
			"{\"Type\":\"SubscriptionConfirmation\",\"SubscribeUrl\":\"u\","
			"\"Token\":\"t\"," WHOLE "}",
			SNS_BELIEVED },
		{ "the other confirmation",
			"{\"Type\":\"UnsubscribeConfirmation\",\"SubscribeURL\":\"u\","
			"\"Token\":\"t\"," WHOLE "}",
			SNS_BELIEVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sns sns;

		CASE_EQUAL_INT(cases[i].name,
			sns_read(&sns, cases[i].text, strlen(cases[i].text)),
			cases[i].want);
		CASE_EQUAL_INT(cases[i].name, sns.doubt, cases[i].want);
		sns_clear(&sns);
	}
}

static enum sns_doubt read_deep(size_t depth)
{
	char text[256] = "{\"Type\":\"x\",\"y\":", *end = text + strlen(text);
	struct sns sns;
	enum sns_doubt doubt;

	memset(end, '[', depth);
	memset(end + depth, ']', depth);
	strcpy(end + 2 * depth, "}");
	doubt = sns_read(&sns, text, strlen(text));
	sns_clear(&sns);
	return doubt;
}

static enum sns_doubt read_large(size_t size)
{
	char *text = xmalloc(size + 1);
	static const char start[] = "{\"Type\":\"x\"}";
	struct sns sns;
	enum sns_doubt doubt;

	memset(text, ' ', size);
	memcpy(text, start, strlen(start));
	doubt = sns_read(&sns, text, size);
	sns_clear(&sns);
	free(text);
	return doubt;
}

static void keeps_within_bounds(void **state)
{
	(void)state;
	assert_int_equal(read_deep(31), SNS_TYPE_UNKNOWN);
	assert_int_equal(read_deep(32), SNS_NO_OBJECT);
	assert_int_equal(read_large(1 << 20), SNS_TYPE_UNKNOWN);
	assert_int_equal(read_large((1 << 20) + 1), SNS_NO_OBJECT);
}

static void writes_what_is_signed(void **state)
{
	static const struct {
		const char *name, *type, *subject, *want; /* JSON; NULL: none */
	} cases[] = {
		{ "without a subject", "Notification", NULL,
			"Message\n" MESSAGE "\nMessageId\nadbc-1\nTimestamp\n" TIME
			"\nTopicArn\n" TOPIC "\nType\nNotification\n" },
		{ "no subject", "Notification", "null",
			"Message\n" MESSAGE "\nMessageId\nadbc-1\nTimestamp\n" TIME
			"\nTopicArn\n" TOPIC "\nType\nNotification\n" },
		{ "a subject", "Notification", "\"S\\u00fc\"",
			"Message\n" MESSAGE "\nMessageId\nadbc-1\nSubject\nS\xC3\xBC\n"
			"Timestamp\n" TIME "\nTopicArn\n" TOPIC
			"\nType\nNotification\n" },
		{ "an empty subject", "Notification", "\"\"",
			"Message\n" MESSAGE
			"\nMessageId\nadbc-1\nSubject\n\nTimestamp\n" TIME
			"\nTopicArn\n" TOPIC "\nType\nNotification\n" },
		{ "a confirmation, whose subject is not signed",
			"SubscriptionConfirmation", "\"S\"",
			"Message\n" MESSAGE "\nMessageId\nadbc-1\nSubscribeURL\n"
			"https://sns.eu-west-1.amazonaws.com/?Action=x\nTimestamp\n" TIME
			"\nToken\n2336\nTopicArn\n" TOPIC
			"\nType\nSubscriptionConfirmation\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = sns_message(cases[i].type);
		struct sns sns;
		char *got;

		json_object_set_new(object, "Signature", json_string(""));
		if (cases[i].subject != NULL)
			json_object_set_new(object, "Subject",
				json_loads(cases[i].subject, JSON_DECODE_ANY, NULL));
		CASE_EQUAL_INT(
			cases[i].name, sns_read_message(&sns, object), SNS_BELIEVED);
		got = sns_canonical(&sns);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
		sns_clear(&sns);
		json_decref(object);
	}
}

/* ---- what can be said without the certificate ---- */

/* A member that is changed, and what is then wrong with the message. */
static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *value;
		enum sns_doubt want;
	} cases[] = {
		{ "Message", "another", SNS_BELIEVED }, /* the signature's business */
		{ "TopicArn", TOPIC "2", SNS_TOPIC_FOREIGN },
		{ "TopicArn", "arn:aws:sns:eu-west-1:999999999999:feedback",
			SNS_TOPIC_FOREIGN },
		{ "TopicArn", "", SNS_TOPIC_FOREIGN },
		{ "SignatureVersion", "1", SNS_BELIEVED },
		{ "SignatureVersion", "3", SNS_VERSION_UNKNOWN },
		{ "SignatureVersion", "", SNS_VERSION_UNKNOWN },
		{ "SignatureVersion", "02", SNS_VERSION_UNKNOWN },
		{ "SigningCertURL", "https://sns.s3-eu-west-1.amazonaws.com/" FILE_NAME,
			SNS_URL_FOREIGN },
		{ "Timestamp", "2026-11-24T07:46:02Z", SNS_BELIEVED },
		{ "Timestamp", "2026-11-24", SNS_TIME_UNREADABLE },
		{ "Timestamp", "2026-11-24T07:46:01", SNS_TIME_UNREADABLE },
		{ "Timestamp", "2026-11-24 07:46:01Z", SNS_TIME_UNREADABLE },
		{ "Timestamp", "2026-11-24T07:46:01+00:00", SNS_TIME_UNREADABLE },
		{ "Timestamp", "2026-11-31T07:46:01Z", SNS_TIME_UNREADABLE },
		{ "Timestamp", "", SNS_TIME_UNREADABLE },
	};
	struct sns_trust trust = sns_trust_message();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = sns_message("Notification");
		struct sns_certificate certificate;
		struct sns sns;

		json_object_set_new(object, "Signature", json_string("AA=="));
		json_object_set_new(object, cases[i].name, json_string(cases[i].value));
		CASE_EQUAL_INT(
			cases[i].value, sns_read_message(&sns, object), SNS_BELIEVED);
		CASE_EQUAL_INT(cases[i].value, sns_check(&sns, &trust, &certificate),
			cases[i].want);
		CASE_EQUAL_INT(cases[i].value, certificate.file[0] != '\0',
			cases[i].want == SNS_BELIEVED);
		sns_clear(&sns);
		json_decref(object);
	}
}

static enum sns_doubt check(const struct sns_trust *trust)
{
	json_t *object = sns_message("Notification");
	struct sns_certificate certificate;
	struct sns sns;
	enum sns_doubt doubt;

	json_object_set_new(object, "Signature", json_string("AA=="));
	sns_read_message(&sns, object);
	doubt = sns_check(&sns, trust, &certificate);
	sns_clear(&sns);
	json_decref(object);
	return doubt;
}

static void takes_no_topic_but_ours(void **state)
{
	struct sns_trust trust = sns_trust_message();

	(void)state;
	assert_int_equal(check(&trust), SNS_BELIEVED);
	trust.topic_count = 1;
	assert_int_equal(check(&trust), SNS_TOPIC_FOREIGN);
	trust.topic_count = 0;
	assert_int_equal(check(&trust), SNS_TOPIC_FOREIGN);
}

static void keeps_to_its_time(void **state)
{
	static const struct {
		const char *name;
		int64_t ahead_us; /* of now, before TIME; with its fraction */
		enum sns_doubt want;
	} cases[] = {
		{ "at once", 123000, SNS_BELIEVED },
		{ "as old as may be", HOUR_US + 123000, SNS_BELIEVED },
		{ "older", HOUR_US + 123001, SNS_TOO_OLD },
		{ "as far ahead as may be", 123000 - 300 * SECOND_US, SNS_BELIEVED },
		{ "further", 122999 - 300 * SECOND_US, SNS_FROM_THE_FUTURE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sns_trust trust = sns_trust_message();

		trust.now_us = SENT_US + cases[i].ahead_us;
		CASE_EQUAL_INT(cases[i].name, check(&trust), cases[i].want);
	}
}

static void says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < SNS_DOUBT_COUNT; i++)
		assert_non_null(sns_doubt_texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_an_envelope),
		cmocka_unit_test(keeps_within_bounds),
		cmocka_unit_test(writes_what_is_signed),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(takes_no_topic_but_ours),
		cmocka_unit_test(keeps_to_its_time),
		cmocka_unit_test(says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
