#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The envelope in which Amazon SNS delivers a notification, and whether it is
 * believed.  Pure: the topics, the time and the certificate are arguments.
 *
 * A signature that verifies says no more than that SNS sent this for some
 * topic, and anybody may have a topic: the list of one's own is what counts.
 * Nothing here follows a URL.  That of the certificate is no place to go to,
 * but the name of a file that the operator has put in place, and SubscribeURL
 * is signed text for a person to look at.
 */
enum sns_type {
	SNS_NOTIFICATION,
	SNS_SUBSCRIPTION_CONFIRMATION,
	SNS_UNSUBSCRIBE_CONFIRMATION,
	SNS_TYPE_COUNT,
};
extern const char *const sns_type_names[SNS_TYPE_COUNT];

/* Why it is not believed; sns_doubt_texts says it in a sentence's second half. */
enum sns_doubt {
	SNS_BELIEVED,
	SNS_NO_OBJECT,
	SNS_NO_ENVELOPE, /* JSON, but not SNS's: perhaps a bare object of SES */
	SNS_TYPE_UNKNOWN,
	SNS_FIELD_MISSING,
	SNS_FIELD_TWICE,
	SNS_FIELD_MALFORMED,
	SNS_TOPIC_FOREIGN,
	SNS_TIME_UNREADABLE,
	SNS_TOO_OLD,
	SNS_FROM_THE_FUTURE,
	SNS_VERSION_UNKNOWN,
	SNS_URL_FOREIGN,
	SNS_CERTIFICATE_UNREADABLE,
	SNS_CERTIFICATE_NAME,
	SNS_CERTIFICATE_EXPIRED,
	SNS_CERTIFICATE_KEY,
	SNS_CERTIFICATE_CHAIN,
	SNS_SIGNATURE_WRONG,
	SNS_DOUBT_COUNT,
};
extern const char *const sns_doubt_texts[SNS_DOUBT_COUNT];

/*
 * What was sent; the texts live as long as it does.  Where DOUBT is set they
 * are NULL where they are missing: good for showing what somebody sent.
 */
struct json_t;
struct sns {
	struct json_t *object;
	enum sns_doubt doubt; /* of reading it: sns_check() begins with this */
	enum sns_type type;
	const char *message_id; /* the same when SNS sends it again */
	const char *topic;
	const char *subject; /* NULL where there is none, which "" is not */
	const char *message; /* for SES, JSON again: feedback/ses.h */
	const char *timestamp;
	const char *token;	   /* of a confirmation, else NULL */
	const char *subscribe_url; /* of a confirmation, else NULL */
	const char *version;
	const char *signature;
	const char *certificate_url;
};

/* Only reads, and returns its doubt.  Whatever that is, sns_clear() is right afterwards. */
enum sns_doubt sns_read(struct sns *sns, const char *bytes, size_t size);
void sns_clear(struct sns *sns);

/*
 * The string that SNS signs, to be freed: a name and a value on lines of
 * their own.  Only of what was read without a doubt.
 */
char *sns_canonical(const struct sns *sns);

enum { SNS_REGION_SIZE = 32, SNS_FILE_SIZE = 96, SNS_HOST_SIZE = 64 };

/* Where a certificate is said to be. */
struct sns_certificate {
	char host[SNS_HOST_SIZE];     /* sns.eu-west-1.amazonaws.com */
	char region[SNS_REGION_SIZE]; /* eu-west-1 */
	char file
		[SNS_FILE_SIZE]; /* SimpleNotificationService-HEX.pem: no slash, no dots before */
};

/* False when URL is anything but https, an SNS host and a file of that form. */
bool sns_certificate_from_url(struct sns_certificate *certificate, const char *url);

struct x509_store_st;
struct sns_trust {
	const char *const *topics;
	size_t topic_count; /* 0: nothing is believed */
	int64_t now_us;
	int64_t age_max_us; /* since it was published: repetitions within must be told by message_id */
	/*
	 * The roots of the certificate's chain; NULL where the operator put the
	 * certificate itself in place and so has looked at it.
	 */
	struct x509_store_st *roots;
};

/*
 * All that can be said without the certificate: the topic, the time, the
 * version, and the file (CERTIFICATE is set when BELIEVED is returned) that
 * sns_verify() then wants to see.
 */
enum sns_doubt sns_check(const struct sns *sns, const struct sns_trust *trust,
	struct sns_certificate *certificate);

/*
 * The whole: sns_check() again, and the signature by the first certificate in
 * PEM.  Others behind it serve for the chain.
 */
enum sns_doubt sns_verify(const struct sns *sns, const struct sns_trust *trust,
	const char *pem, size_t size);
