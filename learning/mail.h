#pragma once

#include <stddef.h>

#include "feedback/classify.h"
#include "learning/learner.h"

/*
 * One report that came by mail.  It is believed of a recipient whom a token
 * in it covers, or of all with `trust = "any"`.
 */
void learn_mail(struct learner *learner, const struct classifier *classifier,
	const char *bytes, size_t size);
