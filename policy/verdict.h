#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What becomes of a recipient, or of a whole message, and what the client is
 * told.  Plain values, no ownership.
 */
enum verdict_kind {
	VERDICT_ACCEPT,
	VERDICT_TEMPFAIL,
	VERDICT_REJECT,
	VERDICT_DISCARD, /* the client is told 250, this recipient gets nothing */
	VERDICT_HOLD,	 /* accepted, and the message is put on hold */
	VERDICT_COUNT,
};
extern const char *const verdict_names[VERDICT_COUNT];

enum { RULE_SIZE = 33, REPLY_SIZE = 480 };

struct verdict {
	enum verdict_kind kind;
	bool of_message; /* not this recipient's alone: the whole message is refused */
	bool observed;	 /* it would have been so; the mail passes all the same */
	char rule[RULE_SIZE]; /* a limit's name, suppressed, sandbox, paused, caps, redis,
				 simulator, internal; "" */
	int code;	      /* 550 ...; 0 when accepted */
	char status[12];      /* enhanced status code (RFC 3463), "5.1.1" */
	char text[REPLY_SIZE]; /* what follows the codes, with its [okite:RULE] */
	int64_t used, allowed; /* of a limit that is full */
	int64_t retry_s;       /* seconds until one more fits; 0: time does not heal it */
};

/* A verdict by RULE without text yet; CODE is 0 and STATUS "" where the client is told 250. */
void verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *rule,
	int code, const char *status);

/* A tempfail or a reject, whether it is only observed or not. */
bool verdict_is_refusal(const struct verdict *verdict);

/* A tempfail where nobody will try again becomes a reject. */
void verdict_make_permanent(struct verdict *verdict);

/* "550 5.1.1 text", as the client sees it. */
char *verdict_reply(const struct verdict *verdict, char *to, size_t size);
