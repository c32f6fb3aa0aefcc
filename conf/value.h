#pragma once

#include <stdbool.h>

#include "conf/reader.h"

/* What one option's setting says, checked, to its place. */

/* Is SETTING of the kind (text, number, list ...) that OPTION wants?  Complains when it
 * is not. */
bool value_fits(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting);

/* Read a setting that fits to its place in BASE.  False after a complaint; then nothing
 * was stored. */
bool value_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);

/* Where OPTION's value is in BASE. */
void *value_place(const struct conf_option *option, void *base);

/* Complain of TEXT: WRONG, and what to write instead. */
void value_complain(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, const char *text, const char *wrong);
