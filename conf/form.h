#pragma once

#include "conf/options.h"

/*
 * The forms that texts must have.  Each returns NULL when TEXT is as OPTION
 * wants it, else what is wrong with it.
 */
const char *form_text(const struct conf_option *option, const char *text);
const char *form_token(const struct conf_option *option, const char *text);
const char *form_path(const struct conf_option *option, const char *text);
const char *form_listen(const struct conf_option *option, const char *text);
const char *form_url(const struct conf_option *option, const char *text);
const char *form_host_port(const struct conf_option *option, const char *text);
const char *form_reply(const struct conf_option *option, const char *text);
const char *form_name(const struct conf_option *option, const char *text);
const char *form_account(const struct conf_option *option, const char *text);
