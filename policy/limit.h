#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/client.h"

struct message;
struct recipient;

/*
 * A limit: how much (its capacity), for whom (`per`: what shares one count),
 * of what (`count`), of which mail (`when`), and what happens beyond.
 */
enum field {
	FIELD_ACCOUNT,
	FIELD_LOGIN,
	FIELD_SENDER,
	FIELD_SENDER_DOMAIN,
	FIELD_CLIENT,
	FIELD_RECIPIENT,
	FIELD_RECIPIENT_DOMAIN,
	FIELD_EVERYONE,
	FIELD_COUNT, /* how many there are */
};
extern const char *const field_names[FIELD_COUNT];

enum limit_kind {
	LIMIT_RATE,  /* smooth: GCRA, a burst that regrows */
	LIMIT_QUOTA, /* a rolling window that is never exceeded */
};

enum limit_count {
	COUNT_RECIPIENTS,
	COUNT_MESSAGES, /* once a message and key */
	COUNT_DISTINCT, /* different recipients, from the last mention; quota only */
};

enum limit_action {
	LIMIT_TEMPFAIL,
	LIMIT_REJECT,
	LIMIT_HOLD,    /* accepted, charged all the same, and put on hold */
	LIMIT_OBSERVE, /* only noted */
};
extern const char *const limit_action_names[];

/* What plans and overrides replace of a limit. */
struct capacity {
	bool lifted;	   /* "none": no limit at all */
	int64_t amount;	   /* so many ... */
	int64_t window_us; /* ... in this time */
	int64_t burst;	   /* rate only: how many at once */
};

/* One line of `when`: the field must match one of the patterns. */
struct condition {
	enum field field;
	char **patterns;	  /* canonical; * is a wildcard */
	struct network *networks; /* FIELD_CLIENT: instead of patterns */
	size_t count;		  /* of whichever is used */
};

enum { LIMIT_NAME_SIZE = 33 };

struct limit {
	char name[LIMIT_NAME_SIZE]; /* a-z 0-9 _ - */
	enum limit_kind kind;
	enum limit_count count;
	enum limit_action action;
	struct capacity capacity;
	unsigned per; /* bits: 1u << enum field */
	char *reply;  /* the postmaster's own words, or NULL */
	struct condition *when;
	size_t when_count;
};

void limit_clear(struct limit *limit);
/* TO becomes a copy that shares nothing with FROM. */
void limit_copy(struct limit *to, const struct limit *from);

/*
 * Does the limit concern this recipient of this message?  Not where `when`
 * says so, and not where a field of `per` is empty: two clients without a
 * login share nothing.
 */
bool limit_applies(const struct limit *limit, const struct message *message,
	const struct recipient *recipient);

/*
 * Where the limit's state is kept, without the store's prefix.  It starts with
 * the account where `per` has it ("{a:shop}:l:day:q86400:...") so that one
 * account's questions share a hash slot.  Foreign text is escaped; recipients
 * appear as digests.  The caller frees it.
 */
char *limit_key(const struct limit *limit, const struct capacity *capacity,
	const struct message *message, const struct recipient *recipient);

/* "{a:ACCOUNT}", which begins the keys of everything that one account owns. The caller
 * frees it. */
char *account_key_owner(const char *account);

/* The start of the keys of all limits of ACCOUNT, or of the one named. The caller frees
 * it. */
char *limit_key_prefix(const char *account, const char *limit_name);

/*
 * The reverse of account_key_owner(): ACCOUNT, whose keys begin as KEY does.
 * Returns what stands behind its owner (":l:day:q24h"), NULL for a key of no
 * account or of one that does not fit.
 */
const char *account_key_read(const char *key, char *account, size_t size);

/* A text for each field; "" for those that are not known. */
struct field_values {
	char text[FIELD_COUNT][ADDRESS_SIZE];
};

/*
 * The reverse of limit_key() for a limit that has the account in `per`: the
 * values of those fields, a recipient as its digest.  False for the key of
 * another limit, of another kind or window, or of another number of fields.
 */
bool limit_key_values(const struct limit *limit, const struct capacity *capacity,
	const char *key, struct field_values *values);

/* "14/s" or "none" into CAPACITY, whose burst stays.  False, with all as it was, when it is neither. */
bool capacity_parse(struct capacity *capacity, const char *text);
char *capacity_to_text(const struct capacity *capacity, char *text, size_t size);
