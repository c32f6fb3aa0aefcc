#pragma once

#include <stdbool.h>

#include "feedback/formats.h"
#include "feedback/mail.h"

/*
 * The header of a mail that may be a report, and what can be told from it
 * alone.  Values as they stand; empty where the field is missing.
 */
struct headings {
	struct span from, to, subject, return_path, content_type, message_id;
	struct span auto_submitted, precedence, failed_recipients;
	char title[512];   /* the subject, decoded */
	bool from_daemon;  /* who sends so tells of mail */
	bool from_machine; /* no person, but maybe one that sells something */
	bool null_path;	   /* Return-Path: <> */
	bool autoreply;	   /* fields that only automatic replies have */
	bool apple_unsubscribe;
	bool exchange_ndr;
	bool bulk; /* of a list, or a newsletter */
	/* What the subject says. */
	bool says_bounce, says_away, says_notice, is_reply;
};

void headings_read(struct headings *headings, const struct formats *formats,
	const struct mail *mail);

/* Sent by a machine that tells of mail: sender, path or subject say so. */
bool headings_machine(const struct headings *headings);

/* An automatic reply (RFC 3834), whatever its text says. */
bool headings_away(const struct headings *headings);
