#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/span.h"
#include "policy/address.h"

/*
 * Addresses as they stand in reports: within <>, with a name, a type
 * ("rfc822;"), "SMTP:" or "mailto:" before them.  No more is asked of them
 * than that they could be one: what is not UTF-8 or too long for an address
 * is none.
 */

/* Does an address begin here?  How long it is; 0 for none. */
size_t mailbox_length(struct span text);

/* Also past blanks and what is written before one: < " ' ( [ SMTP: mailto: */
bool mailbox_leads(struct span text, struct span *mailbox, struct span *rest);

/* The first one in TEXT: that within <>, if there is one. */
bool mailbox_in(struct span text, struct span *mailbox);

/* Of a field like Final-Recipient: "rfc822; a@b", "utf-8; ...". */
bool mailbox_of_field(struct span value, struct span *mailbox);

/* A copy, in lower case; "" when it is too long. "\x{FC}" of RFC 6533 becomes its character. */
void mailbox_copy(char to[ADDRESS_SIZE], struct span mailbox);

/* The one that follows the letters WORD in TEXT, as in "(expanded from <a@b>)". */
bool mailbox_after(struct span text, const char *word, struct span *mailbox);
