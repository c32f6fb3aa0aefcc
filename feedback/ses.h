#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/outcome.h"

/*
 * The object in which Amazon SES tells what became of a message: what stands
 * in the Message of an SNS notification, or comes bare.  Nothing in it is
 * believed here: see feedback/sns.h and the tokens.
 */
enum ses_event {
	SES_OTHER, /* Send, Open, Click, Reject, ...: nobody to act on */
	SES_BOUNCE,
	SES_COMPLAINT,
	SES_DELIVERY, /* its outcomes are of KIND_NONE, their action is "delivered" */
	SES_DELAY,    /* likewise; "delayed" */
};

enum {
	SES_OUTCOMES_MAX = 1000,
	SES_TOKENS_MAX = 8,
	SES_TAGS_MAX = 64,
	SES_ID_SIZE = 128,
	SES_NAME_SIZE = 32,
	SES_TAG_SIZE = 257, /* SES allows 256 characters, all of them ASCII */
};

struct ses_tag {
	char name[SES_TAG_SIZE];
	char value[SES_TAG_SIZE];
};

struct ses {
	enum ses_event event;
	char name
		[SES_NAME_SIZE]; /* of the event, as it is written: "Rendering Failure" */
	char type
		[SES_NAME_SIZE]; /* bounceType or complaintFeedbackType, as it is written */
	char subtype[SES_NAME_SIZE]; /* bounceSubType or complaintSubType */
	/*
	 * One for each recipient.  Those of a complaint are candidates: whoever
	 * complained is one of them, where the provider hides who it was.
	 */
	struct outcome *outcomes;
	size_t count;
	/*
	 * SES did not try: the recipient is on a list of its own.  Worth the same
	 * entry on ours, but nothing was sent that a rate could count.
	 */
	bool not_sent;
	char message_id
		[SES_ID_SIZE]; /* of SES, not the header Message-ID; several events share it */
	char feedback_id
		[SES_ID_SIZE]; /* of a bounce or complaint: the same when it is told again */
	int64_t sent_us;       /* mail.timestamp; 0 where it is not given */
	int64_t happened_us;	   /* of the bounce, complaint, delivery; 0 likewise */
	char source[ADDRESS_SIZE]; /* who sent it, as it is written there */
	/* Of the returned headers, where the topic includes them. */
	char *tokens[SES_TOKENS_MAX]; /* the values of X-Okite-Token */
	size_t token_count;
	struct ses_tag *tags; /* mail.tags and X-SES-MESSAGE-TAGS */
	size_t tag_count;
};

/*
 * False when BYTES hold no such object ("Successfully validated SNS topic
 * ..." is none); ses_clear() is right in any case.
 */
bool ses_read(struct ses *ses, const char *bytes, size_t size);
void ses_clear(struct ses *ses);
