#pragma once

#include <libmilter/mfapi.h>

#include "milter/session.h"

/* RCPT: the verdict on one recipient of an outgoing message, and what becomes of it. */
sfsistat recipient_judge(SMFICTX *context, struct session *session, const char *envelope);
