#include "tests/feedback/sns_message.h"

#include <stdlib.h>
#include <string.h>

static const char *const topics[] = { "arn:aws:sns:eu-west-1:123456789012:other", TOPIC };

json_t *sns_message(const char *type)
{
	json_t *object = json_pack("{ss ss ss ss ss ss ss}", "Type", type, "MessageId",
		"adbc-1", "TopicArn", TOPIC, "Message", MESSAGE, "Timestamp", TIME,
		"SignatureVersion", "2", "SigningCertURL", URL);

	if (strcmp(type, "Notification") != 0) {
		json_object_set_new(object, "Token", json_string("2336"));
		json_object_set_new(object, "SubscribeURL",
			json_string("https://sns.eu-west-1.amazonaws.com/?Action=x"));
	}
	return object;
}

enum sns_doubt sns_read_message(struct sns *sns, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	enum sns_doubt doubt = sns_read(sns, text, strlen(text));

	free(text);
	return doubt;
}

struct sns_trust sns_trust_message(void)
{
	return (struct sns_trust){ .topics = topics,
		.topic_count = 2,
		.now_us = SENT_US + 60 * SECOND_US,
		.age_max_us = HOUR_US };
}
