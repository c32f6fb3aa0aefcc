#include "conf/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/form.h"
#include "conf/limits.h"
#include "conf/lookup.h"
#include "conf/texts.h"

enum { WANTED_SIZE = 256, SHOWN_SIZE = 80 };

void *value_place(const struct conf_option *option, void *base)
{
	return (char *)base + option->place;
}

void value_complain(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, const char *text, const char *wrong)
{
	char wanted[WANTED_SIZE], shown[SHOWN_SIZE];

	option_wanted(option, wanted, sizeof(wanted));
	/* A password may stand in the URL. */
	if (option->type == OPTION_URL)
		reader_complain(reader, setting, NULL, "%s; write %s", wrong, wanted);
	else
		reader_complain(reader, setting, NULL, "\"%s\": %s; write %s",
			text_printable(shown, sizeof(shown), text), wrong, wanted);
}

/* ---- kinds ---- */

static bool is_of_kind(enum option_type type, const config_setting_t *setting)
{
	int kind = config_setting_type(setting);
	bool is_list = kind == CONFIG_TYPE_LIST || kind == CONFIG_TYPE_ARRAY;

	switch (type) {
	case OPTION_GROUP:
		return kind == CONFIG_TYPE_GROUP;
	case OPTION_LIMITS:
	case OPTION_PLANS:
	case OPTION_ACCOUNTS:
		return is_list;
	case OPTION_BOOLEAN:
		return kind == CONFIG_TYPE_BOOL;
	case OPTION_WHOLE:
		return kind == CONFIG_TYPE_INT || kind == CONFIG_TYPE_INT64;
	case OPTION_FRACTION:
		return config_setting_is_number(setting);
	default:
		return type >= OPTION_TEXTS ? is_list : kind == CONFIG_TYPE_STRING;
	}
}

bool value_fits(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting)
{
	static const char *const kinds[] = {
		[CONFIG_TYPE_NONE] = "nothing",
		[CONFIG_TYPE_GROUP] = "a group",
		[CONFIG_TYPE_INT] = "a whole number",
		[CONFIG_TYPE_INT64] = "a whole number",
		[CONFIG_TYPE_FLOAT] = "a fraction",
		[CONFIG_TYPE_STRING] = "text in quotes",
		[CONFIG_TYPE_BOOL] = "true or false",
		[CONFIG_TYPE_ARRAY] = "a list",
		[CONFIG_TYPE_LIST] = "a list",
	};
	char wanted[WANTED_SIZE];

	if (is_of_kind(option->type, setting))
		return true;
	reader_complain(reader, setting, NULL, "this is %s; write %s",
		kinds[config_setting_type(setting)],
		option_wanted(option, wanted, sizeof(wanted)));
	return false;
}

/* ---- numbers ---- */

static bool is_within(const struct conf_option *option, double value)
{
	return value >= option->least && value <= option->most;
}

static bool read_boolean(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	bool *place = value_place(option, base);

	(void)reader;
	*place = config_setting_get_bool(setting) != 0;
	return true;
}

static bool read_whole(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	int64_t *place = value_place(option, base);
	long long value = config_setting_get_int64(setting);
	char wanted[WANTED_SIZE];

	if (!is_within(option, (double)value)) {
		reader_complain(reader, setting, NULL, "%lld is out of bounds; write %s",
			value, option_wanted(option, wanted, sizeof(wanted)));
		return false;
	}
	*place = value;
	return true;
}

/* libconfig gives 0 where a fraction is asked for and a whole number is there. */
static bool read_fraction(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	double *place = value_place(option, base);
	double value = config_setting_type(setting) == CONFIG_TYPE_FLOAT
			       ? config_setting_get_float(setting)
			       : (double)config_setting_get_int64(setting);
	char wanted[WANTED_SIZE];

	if (!is_within(option, value)) {
		reader_complain(reader, setting, NULL, "%g is out of bounds; write %s",
			value, option_wanted(option, wanted, sizeof(wanted)));
		return false;
	}
	*place = value;
	return true;
}

/* Durations and bytes: a number with its unit, or the word for nothing. */
static bool read_quantity(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	int64_t *place = value_place(option, base), value = 0;
	const char *text = config_setting_get_string(setting);
	bool good = option->type == OPTION_DURATION ? text_to_duration(text, &value)
						    : text_to_bytes(text, &value);

	if (option->nothing != NULL && strcmp(text, option->nothing) == 0) {
		*place = 0;
		return true;
	}
	if (!good) {
		value_complain(reader, option, setting, text,
			option->type == OPTION_DURATION
				? "this is no number with ms, s, m, h, d or w"
				: "this is no number with K, M or G");
		return false;
	}
	if (!is_within(option, (double)value)) {
		value_complain(reader, option, setting, text, "out of bounds");
		return false;
	}
	*place = value;
	return true;
}

/* ---- words ---- */

/* The index goes to an enum, or to a bool where there are two words. */
static void store_word(const struct conf_option *option, void *base, unsigned word)
{
	bool is_second = word != 0;

	if (option->size == sizeof(is_second))
		memcpy(value_place(option, base), &is_second, sizeof(is_second));
	else
		memcpy(value_place(option, base), &word, sizeof(word));
}

static bool read_word(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	const char *text = config_setting_get_string(setting);

	for (unsigned i = 0; option->words[i] != NULL; i++) {
		if (strcmp(text, option->words[i]) != 0)
			continue;
		store_word(option, base, i);
		return true;
	}
	value_complain(reader, option, setting, text,
		option->unbuilt != NULL && strcmp(text, option->unbuilt) == 0
			? "not built yet"
			: "not one of the words for it");
	return false;
}

/* ---- texts ---- */

typedef const char *text_form(const struct conf_option *option, const char *text);

static bool has_form(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, text_form *form)
{
	const char *text = config_setting_get_string(setting);
	const char *wrong = form_text(option, text);

	if (wrong == NULL && form != NULL)
		wrong = form(option, text);
	if (wrong != NULL)
		value_complain(reader, option, setting, text, wrong);
	return wrong == NULL;
}

static bool read_text(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	static text_form *const forms[OPTION_TYPE_COUNT] = {
		[OPTION_TOKEN] = form_token,
		[OPTION_PATH] = form_path,
		[OPTION_LISTEN] = form_listen,
		[OPTION_URL] = form_url,
		[OPTION_HOST_PORT] = form_host_port,
		[OPTION_REPLY] = form_reply,
		[OPTION_ACCOUNT] = form_account,
	};
	const char *text = config_setting_get_string(setting);
	char **place = value_place(option, base);

	if (!has_form(reader, option, setting, forms[option->type]))
		return false;
	free(*place);
	*place = NULL;
	if (option->type != OPTION_REPLY || *text != '\0')
		*place = xstrdup(text);
	if (option->type == OPTION_ACCOUNT)
		text_lower(*place);
	return true;
}

static bool read_name(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	if (!has_form(reader, option, setting, form_name))
		return false;
	text_copy(value_place(option, base), option->size,
		config_setting_get_string(setting));
	return true;
}

static bool read_domain(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	const char *text = config_setting_get_string(setting), *wrong;
	char **place = value_place(option, base), domain[DOMAIN_MAX + 1];

	free(*place);
	*place = NULL;
	if (*text == '\0')
		return true;
	wrong = domain_parse(domain, text);
	if (wrong == NULL && *domain == '\0')
		wrong = "no domain";
	if (wrong != NULL) {
		value_complain(reader, option, setting, text, wrong);
		return false;
	}
	*place = xstrdup(domain);
	return true;
}

/* ---- which is read how ---- */

bool value_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	static bool (*const by_type[OPTION_TYPE_COUNT])(struct reader *,
		const struct conf_option *, const config_setting_t *, void *) = {
		[OPTION_LIMITS] = limits_read,
		[OPTION_PLANS] = plans_read,
		[OPTION_ACCOUNTS] = accounts_read,
		[OPTION_BOOLEAN] = read_boolean,
		[OPTION_WHOLE] = read_whole,
		[OPTION_FRACTION] = read_fraction,
		[OPTION_WORD] = read_word,
		[OPTION_DURATION] = read_quantity,
		[OPTION_BYTES] = read_quantity,
		[OPTION_RATE] = capacity_read,
		[OPTION_QUOTA] = capacity_read,
		[OPTION_TEXT] = read_text,
		[OPTION_TOKEN] = read_text,
		[OPTION_PATH] = read_text,
		[OPTION_DOMAIN] = read_domain,
		[OPTION_LISTEN] = read_text,
		[OPTION_URL] = read_text,
		[OPTION_HOST_PORT] = read_text,
		[OPTION_REPLY] = read_text,
		[OPTION_NAME] = read_name,
		[OPTION_ACCOUNT] = read_text,
		[OPTION_PLAN] = plan_read,
		[OPTION_TEXTS] = texts_read,
		[OPTION_DOMAINS] = texts_read,
		[OPTION_NETWORKS] = networks_read,
		[OPTION_SOURCES] = fields_read,
		[OPTION_FIELDS] = fields_read,
		[OPTION_PATTERNS] = patterns_read,
	};

	return by_type[option->type](reader, option, setting, base);
}
