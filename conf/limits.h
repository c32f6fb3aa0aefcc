#pragma once

#include <stdbool.h>

#include "conf/reader.h"

/*
 * Lists of groups: limits, plans and accounts, and what names a plan.  For
 * the table in value.c; they return false after a complaint, but lists keep
 * what can be read of them, so that further faults are found.
 */
bool limits_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
bool plans_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
bool accounts_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);

/* BASE is a struct limit. */
bool capacity_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);

/* The index of a plan that was read before. */
bool plan_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base);
