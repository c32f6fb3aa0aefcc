#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/account.h"
#include "policy/address.h"
#include "policy/client.h"
#include "policy/limit.h"

/*
 * The envelope of one message, as policy sees it, and what has been charged
 * for it so far.  It belongs to one session; not shared between threads.
 */
struct recipient {
	struct address address;
	char digest[DIGEST_TEXT_SIZE];	      /* of the canonical address */
	char domain_digest[DIGEST_TEXT_SIZE]; /* of "@domain" */
};

void recipient_set(struct recipient *recipient, const struct address *address,
	const struct secret *secret);

/* One limit's state that this message has been charged to. */
struct charge {
	char *key;
	enum limit_kind kind;
	enum limit_count count;
	int64_t bucket; /* quota: the 96th of the window that was charged */
	int64_t amount; /* how many */
	char member[DIGEST_TEXT_SIZE]; /* distinct: who ... */
	int64_t set_us;		       /* ... mentioned when ... */
	int64_t previous_us; /* ... and when before that; 0: not in the window */
};

struct message {
	char account[ACCOUNT_SIZE];
	char login[ACCOUNT_SIZE]; /* lower case; "": no login */
	struct client client;
	struct address sender; /* text "" is the null sender */
	bool from_sendmail;    /* local submission: account "local" */
	bool judged_whole; /* at end of message, since the MTA takes no answer at RCPT */
	bool outgoing;	   /* ours to judge */
	int64_t size;	   /* bytes: declared by SIZE= or counted; 0: not known */
	int64_t accepted;  /* recipients that we have let pass and that count */
	int64_t internal;  /* recipients that pass and do not count */
	struct charge *charges;
	size_t charge_count;
};

/* Forget the envelope and the charges; the client and the login stay. */
void message_clear(struct message *message);

/* The charge for KEY, or NULL. */
struct charge *message_charge(const struct message *message, const char *key);
/* Remember a charge (KEY is taken over); the same bucket or member grows instead. */
void message_add_charge(struct message *message, const struct charge *charge);
