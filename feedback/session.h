#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/buffer.h"
#include "feedback/classify.h"
#include "feedback/span.h"

/*
 * An SMTP session as reports tell it: Sendmail's transcript and those of
 * others.  ">>> RCPT To:<a@b>" or "--> " is what was sent, "<<< 550 ..." or
 * "<-- " what came, "550 5.1.1 <a@b>... User unknown" Sendmail's own words.
 */
enum { SESSION_MAX = 32 << 10 };

struct session_line {
	bool sent, reply;      /* neither: said by who reports */
	struct span text;      /* behind the sign */
	struct span mailbox;   /* of RCPT, or before "..."; empty for none */
	enum smtp_stage stage; /* of a command */
	int code;	       /* of a reply, or of the reporter's words; 0 for none */
};

/* The next line that is one of a session's; false at the end. */
bool session_next(struct span *rest, struct session_line *line);

/*
 * What was replied to MAILBOX, and to what concerned all recipients, behind
 * what TO holds.  STAGE is where the refusal came.
 */
void session_replies(
	struct span text, struct span mailbox, struct buffer *to, enum smtp_stage *stage);
