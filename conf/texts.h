#pragma once

#include <stdbool.h>

#include "conf/reader.h"

/*
 * Lists of texts, for the table in value.c: they return false after a
 * complaint about any of the texts, and then nothing was stored.
 */
bool texts_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
bool networks_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
bool fields_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
void texts_free(char **texts, size_t count);

/* BASE is a struct limit, which gets one more condition. */
bool patterns_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
