#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/account.h"
#include "policy/limit.h"
#include "policy/message.h"
#include "policy/suppression.h"

/*
 * The question to the store: what some recipients of a message would use up,
 * and what must be known about them.  Over SMTP it is one recipient; for mail
 * from sendmail(1) all of them.
 *
 * The store looks up the suppressions, then charges all limits or none:
 *   a suppressed recipient is left out (unless suppressed_count);
 *   nothing is charged when nobody is left, when a recipient that must be
 *   verified is not, or when a limit is full whose beyond is BEYOND_REFUSE.
 */
enum beyond {
	BEYOND_REFUSE,	/* then nothing is charged */
	BEYOND_OBSERVE, /* noted; this limit stays as it is, the others are charged */
	BEYOND_CHARGE,	/* charged all the same: the mail is held */
};

struct demand_limit {
	const struct limit *limit; /* of the policy */
	struct capacity capacity;  /* after plan and override */
	enum beyond beyond;
	int64_t pending; /* a look only: what this message would have used before */
	char *key;	 /* see limit_key(); owned */
};

struct demand_recipient {
	const struct recipient *recipient;
	uint32_t *limits; /* indexes into demand.limits; owned */
	size_t limit_count;
};

struct demand {
	const char *account;
	int64_t version; /* of the account's record that this was made from */
	bool paused; /* the account, unless its pause is over; so limits are not asked for */
	bool others;	/* the message goes to recipients that are not asked about, too */
	bool look_only; /* explain, account show: charge nothing */
	bool verified_wanted;  /* each recipient must be verified (sandbox) */
	bool suppressed_count; /* suppressed recipients go on to be charged (observed) */
	bool unverified_count; /* unverified ones as well; verified_wanted only asks */
	int64_t now_us;	       /* 0: the store's own clock, as always but in tests */
	struct demand_limit *limits;
	size_t limit_count;
	struct demand_recipient *recipients;
	size_t recipient_count;
};

void demand_clear(struct demand *demand);

/* The store's answer. */
enum facts_status {
	FACTS_KNOWN,
	FACTS_STALE, /* the account's record has changed: `account` is the new one, nothing charged */
	FACTS_UNKNOWN, /* no answer in time, or no store: it may have been charged; `why` tells */
};

struct limit_fact {
	bool full; /* this demand did not fit */
	bool charged;
	int64_t used;	  /* before this demand; a rate's is rounded up */
	int64_t wanted;	  /* what this demand adds */
	int64_t frees_us; /* until one more fits; 0: now */
	int64_t bucket;	  /* see struct charge */
	int64_t previous_us;
};

struct recipient_fact {
	enum reason suppressed; /* the strongest reason found; REASON_NONE */
	bool by_domain;		/* by an entry for its whole domain */
	bool verified;		/* asked only where verified_wanted */
};

struct facts {
	enum facts_status status;
	bool charged;
	int64_t now_us;		   /* the store's clock */
	struct account account;	   /* FACTS_STALE */
	struct limit_fact *limits; /* as many, in the order of the demand's; owned */
	struct recipient_fact *recipients;
	char why[160]; /* FACTS_UNKNOWN */
};

void facts_init(struct facts *facts, const struct demand *demand);
void facts_clear(struct facts *facts);

/*
 * Does the demand's recipient count for its limit?  Not when the limit does
 * not concern it, nor when it is suppressed (unless suppressed_count).
 */
bool demand_takes_part(const struct demand *demand, const struct facts *facts,
	size_t recipient, size_t limit);

/* After a charge: write down in MESSAGE what was charged, so that it can be given back. */
void facts_remember(
	const struct facts *facts, const struct demand *demand, struct message *message);
