#pragma once

#include "setup/setup.h"

/*
 * Ask postconf(1) what Postfix has; the environment's MAIL_CONFIG says which
 * Postfix.  False, with ERROR set, when it cannot be asked.
 */
bool postfix_ask(struct postfix *postfix, struct error *error);
