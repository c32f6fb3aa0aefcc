#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "policy/account.h"
#include "policy/address.h"

/* Why an address or a domain must not be written to, from the weakest reason to the strongest. */
enum reason {
	REASON_NONE,
	REASON_SOFT,
	REASON_MANUAL,
	REASON_HARD,
	REASON_UNSUBSCRIBE,
	REASON_COMPLAINT,
	REASON_COUNT,
};
extern const char *const reason_names[REASON_COUNT];

/* REASON_NONE when the name is none. */
enum reason reason_from_text(const char *name);

/*
 * One entry of the suppression list.  A stronger reason is never weakened and
 * an end never comes nearer: an entry that meets one of the same digest and
 * scope becomes the stronger reason of the two and the later end.
 */
enum { SOURCE_SIZE = 33 };
#define SCOPE_EVERYONE "*"

struct suppression {
	char digest[DIGEST_TEXT_SIZE]; /* of the canonical address, or of "@domain" */
	char address[ADDRESS_SIZE];    /* "" where addresses are not stored */
	char scope[ACCOUNT_SIZE];      /* SCOPE_EVERYONE or an account */
	enum reason reason;
	int64_t since_us;
	int64_t until_us;	  /* 0: never ends */
	char source[SOURCE_SIZE]; /* command, import, feedback ... */
	char note[NOTE_SIZE];
};

/*
 * Merge NEW into OLD, which is what the list has (REASON_NONE: nothing).  True
 * when OLD changed.  The model of store/suppress.lua.
 */
bool suppression_merge(struct suppression *old, const struct suppression *new);
