#pragma once

#include <jansson.h>

#include "base/clock.h"
#include "feedback/sns.h"

/* A message of SNS as the tests of feedback/sns*.c begin with it; they change one thing each. */
#define TOPIC "arn:aws:sns:eu-west-1:123456789012:feedback"
#define FILE_NAME "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
#define URL "https://sns.eu-west-1.amazonaws.com/" FILE_NAME
#define TIME "2026-11-24T07:46:01.123Z"
#define MESSAGE "{\"notificationType\":\"Bounce\"}\nand \"more\" \xC3\xBC"
#define SENT_US (1795506361 * SECOND_US) /* TIME, but for the fraction */

/* Of TYPE, with all it must have but a signature. */
json_t *sns_message(const char *type);
enum sns_doubt sns_read_message(struct sns *sns, const json_t *object);

/* A minute after TIME, TOPIC is one of two topics, and the certificate is good as it is. */
struct sns_trust sns_trust_message(void);
