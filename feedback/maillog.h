#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/classify.h"
#include "feedback/span.h"

/*
 * A line of Postfix's log.  Pure: one line in, at most one event out, and all
 * texts of it are pieces of the line.  A log has words of strangers in it
 * (addresses, and what remote servers say), so it is read from the left, word
 * by word, and where an address could be taken apart in two ways the line is
 * none of ours.  That wants Postfix's own info_log_address_format, external.
 * What a refusal means is for classify() to say.
 */
enum maillog_kind {
	MAILLOG_OTHER, /* nothing for us */
	/* One recipient; "deferred" comes again with every try. */
	MAILLOG_SENT,
	MAILLOG_DEFERRED, /* with soft_bounce: what Postfix would have returned */
	MAILLOG_BOUNCED,
	/* The whole message: the recipients are those that were deferred last. */
	MAILLOG_EXPIRED,
	MAILLOG_REMOVED, /* the queue id is free for another message */
	/* Whose message it is. */
	MAILLOG_CLIENT,	    /* smtpd: client, login, original_id */
	MAILLOG_LOCAL,	    /* pickup: user_id, sender, original_id */
	MAILLOG_MESSAGE_ID, /* cleanup: message_id */
	MAILLOG_SENDER,	    /* qmgr: sender; again whenever it comes back to the queue */
	MAILLOG_NOTICE,	    /* bounce: text says what was sent back, new_id under which */
	MAILLOG_REFUSED, /* a milter's refusal, hold or discard; the queue id may be "" */
	MAILLOG_KIND_COUNT,
};
extern const char *const maillog_kind_names[MAILLOG_KIND_COUNT];

enum { MAILLOG_LINE_MAX = 32 << 10 };

/* Text is NULL and size 0 where the line has no such thing. */
struct maillog {
	enum maillog_kind kind;
	int64_t time_us; /* 0 where it cannot be told */
	struct span
		instance; /* "postfix", "postfix-out": what stands before the first slash */
	struct span program; /* "smtp", "qmgr" */
	struct span queue_id;
	/* of a delivery */
	struct span recipient;		/* as Postfix tried it */
	struct span original_recipient; /* as it was written to, where that differs */
	struct span relay;	/* "mx.example.net[192.0.2.25]:25", "none", "local" */
	struct span relay_host; /* "mx.example.net"; none where nothing was reached */
	struct span status;	/* "5.1.1" */
	struct span text;	/* what was said, without the parentheses */
	struct span refuser;	/* the host that said it */
	struct span queued_as;	/* of "sent": the id that the next server gave it */
	enum smtp_stage stage;	/* where it was said */
	bool soft_bounce;
	bool ours; /* okite's own words: counts for nothing */
	/* of a message */
	struct span client; /* "host.example.net[192.0.2.1]:4711" */
	struct span login;  /* sasl_username */
	struct span
		original_id; /* a content filter gave it back: the id that it had before */
	struct span sender;
	struct span user_id;
	struct span message_id; /* with <> as it is written */
	struct span new_id;
};

/*
 * Syslog writes neither year nor zone: those are told by now and by how much
 * local time is ahead of UTC.  All zero leaves the time of such lines at 0.
 */
struct maillog_clock {
	int64_t now_us;
	int32_t ahead_s;
};

/*
 * LINE without its end.  False, and kind MAILLOG_OTHER, when it is nothing
 * for us; that is told in a fraction of a microsecond.
 */
bool maillog_read(struct maillog *event, const struct maillog_clock *clock,
	const char *line, size_t size);

/* The recipient that was written to: original_recipient where there is one. */
struct span maillog_addressee(const struct maillog *event);
