#pragma once

#include <libmilter/mfapi.h>

/*
 * xxfi_negotiate: the session begins, and the MTA is told what it need not
 * send or wait for.  Only MAIL, RCPT and the end of message are asked for, and
 * the text of the message where its size counts.
 */
sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
	unsigned long unused1, unsigned long unused2, unsigned long *our_actions,
	unsigned long *our_steps, unsigned long *our_unused1, unsigned long *our_unused2);
