#include "feedback/sns.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/object.h"

/* Clocks differ: a message may be so much ahead of ours. */
#define FUTURE_MAX_US (5 * 60 * SECOND_US)

const char *const sns_type_names[SNS_TYPE_COUNT] = {
	[SNS_NOTIFICATION] = "Notification",
	[SNS_SUBSCRIPTION_CONFIRMATION] = "SubscriptionConfirmation",
	[SNS_UNSUBSCRIBE_CONFIRMATION] = "UnsubscribeConfirmation",
};

const char *const sns_doubt_texts[SNS_DOUBT_COUNT] = {
	[SNS_BELIEVED] = "it is believed",
	[SNS_NO_OBJECT] = "it is no JSON object, is too large, or names a member twice",
	[SNS_NO_ENVELOPE] = "it has not the members of an SNS message",
	[SNS_TYPE_UNKNOWN] = "its Type is none that SNS documents",
	[SNS_FIELD_MISSING] = "a member that its Type must have is missing or is no text",
	[SNS_FIELD_TWICE] = "a member is there in both spellings",
	[SNS_FIELD_MALFORMED] = "a member has control characters or is too long",
	[SNS_TOPIC_FOREIGN] = "its TopicArn is not in feedback.sns_topics",
	[SNS_TIME_UNREADABLE] = "its Timestamp is not of the form of SNS",
	[SNS_TOO_OLD] = "it was published too long ago",
	[SNS_FROM_THE_FUTURE] = "its Timestamp lies in the future",
	[SNS_VERSION_UNKNOWN] = "its SignatureVersion is neither 1 nor 2",
	[SNS_URL_FOREIGN] = "its SigningCertURL is not one of SNS",
	[SNS_CERTIFICATE_UNREADABLE] =
		"its certificate is not in feedback.sns_certificates, or not in PEM",
	[SNS_CERTIFICATE_NAME] =
		"the certificate is not in the name of SNS in that region",
	[SNS_CERTIFICATE_EXPIRED] = "the certificate is not valid at this time",
	[SNS_CERTIFICATE_KEY] =
		"the certificate's key is no RSA key of 2048 bits or more",
	[SNS_CERTIFICATE_CHAIN] = "the certificate does not lead to a trusted root",
	[SNS_SIGNATURE_WRONG] = "the signature is wrong",
};

/* ---- reading ---- */

/* A member, where it goes, and which types have it.  A Subject need not be there. */
struct member {
	const char *name;
	const char *other_name; /* as Lambda spells it, or NULL */
	size_t offset;
	enum { ALWAYS, CONFIRMATION, SUBJECT } when;
	size_t length_max; /* of one line; 0: a text of any length, with line ends */
};

/*
 * The canonical string is a name and a value on lines of their own, without
 * escapes.  Where a value had line ends in it, a signed message could be
 * taken apart into others, with another MessageId say, and told again.  So
 * only Message, which comes first, may have any: then there is one way only.
 */
static const struct member members[] = {
	{ "MessageId", NULL, offsetof(struct sns, message_id), ALWAYS, 100 },
	{ "TopicArn", NULL, offsetof(struct sns, topic), ALWAYS, 512 },
	{ "Message", NULL, offsetof(struct sns, message), ALWAYS, 0 },
	{ "Timestamp", NULL, offsetof(struct sns, timestamp), ALWAYS, 64 },
	{ "SignatureVersion", NULL, offsetof(struct sns, version), ALWAYS, 16 },
	{ "Signature", NULL, offsetof(struct sns, signature), ALWAYS, 4096 },
	{ "SigningCertURL", "SigningCertUrl", offsetof(struct sns, certificate_url),
		ALWAYS, 512 },
	{ "Subject", NULL, offsetof(struct sns, subject), SUBJECT, 512 },
	{ "Token", NULL, offsetof(struct sns, token), CONFIRMATION, 4096 },
	{ "SubscribeURL", "SubscribeUrl", offsetof(struct sns, subscribe_url),
		CONFIRMATION, 8192 },
};

static bool is_line(const char *text, size_t length_max)
{
	size_t length = strnlen(text, length_max + 1);

	if (length > length_max)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static enum sns_doubt read_member(struct sns *sns, const struct member *member)
{
	const json_t *value = json_object_get(sns->object, member->name);
	bool notification = sns->type == SNS_NOTIFICATION;
	const char *text;

	if (member->other_name != NULL) {
		const json_t *other = json_object_get(sns->object, member->other_name);

		if (value != NULL && other != NULL)
			return SNS_FIELD_TWICE;
		if (value == NULL)
			value = other;
	}
	/* What is not signed with this type is not there. */
	if (member->when == (notification ? CONFIRMATION : SUBJECT))
		return SNS_BELIEVED;
	/* null is what some serialisers make of no Subject at all. */
	if (member->when == SUBJECT && (value == NULL || json_is_null(value)))
		return SNS_BELIEVED;
	text = json_string_value(value);
	if (text == NULL)
		return SNS_FIELD_MISSING;
	if (member->length_max > 0 && !is_line(text, member->length_max))
		return SNS_FIELD_MALFORMED;
	memcpy((char *)sns + member->offset, &text, sizeof(text));
	return SNS_BELIEVED;
}

static bool read_type(enum sns_type *type, const char *name)
{
	for (size_t i = 0; i < SNS_TYPE_COUNT; i++) {
		if (strcmp(name, sns_type_names[i]) != 0)
			continue;
		*type = (enum sns_type)i;
		return true;
	}
	return false;
}

static enum sns_doubt read_envelope(struct sns *sns)
{
	const char *type = object_text(sns->object, "Type");
	enum sns_doubt first = SNS_BELIEVED;

	if (sns->object == NULL)
		return SNS_NO_OBJECT;
	if (type == NULL)
		return SNS_NO_ENVELOPE;
	if (!read_type(&sns->type, type))
		return SNS_TYPE_UNKNOWN;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		enum sns_doubt doubt = read_member(sns, &members[i]);

		if (first == SNS_BELIEVED)
			first = doubt;
	}
	return first;
}

enum sns_doubt sns_read(struct sns *sns, const char *bytes, size_t size)
{
	*sns = (struct sns){ .object = object_read(bytes, size) };
	sns->doubt = read_envelope(sns);
	return sns->doubt;
}

void sns_clear(struct sns *sns)
{
	object_free(sns->object);
	*sns = (struct sns){ .object = NULL };
}

/* ---- what is signed ---- */

char *sns_canonical(const struct sns *sns)
{
	/* What the type does not sign was not read. */
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "Message", sns->message },
		{ "MessageId", sns->message_id },
		{ "Subject", sns->subject },
		{ "SubscribeURL", sns->subscribe_url },
		{ "Timestamp", sns->timestamp },
		{ "Token", sns->token },
		{ "TopicArn", sns->topic },
		{ "Type", sns_type_names[sns->type] },
	};
	size_t size = 1;
	char *text, *end;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].value != NULL)
			size += strlen(lines[i].name) + strlen(lines[i].value) + 2;
	text = end = xmalloc(size);
	*end = '\0';
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (lines[i].value == NULL)
			continue;
		end = stpcpy(stpcpy(end, lines[i].name), "\n");
		end = stpcpy(stpcpy(end, lines[i].value), "\n");
	}
	return text;
}

/* ---- what can be said without the certificate ---- */

static bool topic_is_ours(const char *topic, const struct sns_trust *trust)
{
	for (size_t i = 0; i < trust->topic_count; i++)
		if (strcmp(topic, trust->topics[i]) == 0)
			return true;
	return false;
}

/* "2026-11-24T07:46:01.123Z" and nothing else that clock_from_text() would take. */
static bool read_time(const char *text, int64_t *moment_us)
{
	size_t length = strlen(text);

	return length >= strlen("2026-11-24T07:46:01Z") && text[10] == 'T' &&
	       text[length - 1] == 'Z' && clock_from_text(text, moment_us);
}

static enum sns_doubt check_time(const char *text, const struct sns_trust *trust)
{
	int64_t moment_us = 0;

	if (!read_time(text, &moment_us))
		return SNS_TIME_UNREADABLE;
	if (moment_us > trust->now_us + FUTURE_MAX_US)
		return SNS_FROM_THE_FUTURE;
	if (trust->now_us - moment_us > trust->age_max_us)
		return SNS_TOO_OLD;
	return SNS_BELIEVED;
}

enum sns_doubt sns_check(const struct sns *sns, const struct sns_trust *trust,
	struct sns_certificate *certificate)
{
	enum sns_doubt doubt;

	*certificate = (struct sns_certificate){ .file = "" };
	if (sns->doubt != SNS_BELIEVED)
		return sns->doubt;
	if (!topic_is_ours(sns->topic, trust))
		return SNS_TOPIC_FOREIGN;
	doubt = check_time(sns->timestamp, trust);
	if (doubt != SNS_BELIEVED)
		return doubt;
	if (strcmp(sns->version, "1") != 0 && strcmp(sns->version, "2") != 0)
		return SNS_VERSION_UNKNOWN;
	if (!sns_certificate_from_url(certificate, sns->certificate_url))
		return SNS_URL_FOREIGN;
	return SNS_BELIEVED;
}
