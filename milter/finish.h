#pragma once

#include <libmilter/mfapi.h>

#include "milter/session.h"

/*
 * The end of a message: the last verdict, what is added to it and taken from
 * it, and what is noted of it.
 */

/*
 * End of message, judged where it was not yet.  VERDICT is what the client is
 * told; a message that is not accepted is given up, so that nothing stays
 * charged.
 */
void finish_message(SMFICTX *context, struct session *session, struct verdict *verdict);
