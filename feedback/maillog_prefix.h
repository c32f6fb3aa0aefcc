#pragma once

#include "feedback/maillog.h"

/*
 * What syslog puts in front of a message; only feedback/maillog.c wants it.
 * Forms, each with or without a priority ("<22>"):
 *
 *   Nov 24 07:46:01 host postfix/smtp[123]: ...              RFC 3164, journalctl, maillog_file
 *   2026-11-24T07:46:01.123456+01:00 host postfix/smtp[123]: ...
 *   <22>1 2026-11-24T07:46:01Z host postfix/smtp 123 - - ... RFC 5424, without structured data
 *   postfix/smtp[123]: ...
 */
struct maillog_prefix {
	struct span time; /* as it is written; empty in the last form */
	struct span instance, program;
	struct span message;
};

/* False when LINE is not so, or its program has no instance as Postfix's have. */
bool maillog_prefix_read(struct maillog_prefix *prefix, struct span line);

/* 0 where it cannot be told. */
int64_t maillog_prefix_time(struct span time, const struct maillog_clock *clock);
