#pragma once

#include "feedback/ses.h"

/* What an object of SES says about the message that it is about; only feedback/ses.c wants it. */
struct json_t;
void ses_read_mail(struct ses *ses, const struct json_t *mail);

/*
 * The address in TEXT, which may be NULL: also of "Jane Doe <jane@example.com>".
 * One that does not fit would be another one when it is cut: "" then.
 */
void ses_copy_address(char to[ADDRESS_SIZE], const char *text);

/* The moment of the member "timestamp"; 0 when there is none. */
int64_t ses_moment(const struct json_t *object);
