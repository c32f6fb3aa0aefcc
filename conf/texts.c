#include "conf/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/form.h"
#include "conf/lookup.h"
#include "conf/value.h"

/* ---- the form in which they are compared ---- */

/* A copy of TEXT in its canonical form, or NULL with what is WRONG. */
typedef char *canon(const char *text, const char **wrong);

static char *canon_text(const char *text, const char **wrong)
{
	if (*text != '\0')
		return xstrdup(text);
	*wrong = "empty";
	return NULL;
}

static char *canon_lower(const char *text, const char **wrong)
{
	char *lower = canon_text(text, wrong);

	if (lower != NULL)
		text_lower(lower);
	return lower;
}

/* No parser takes a *, so such a text must already be written as the canonical form is.
 */
static char *canon_wildcard(const char *text, const char *domain, const char **wrong)
{
	for (; *domain != '\0'; domain++) {
		if ((unsigned char)*domain < 0x80)
			continue;
		*wrong = "beside a * a domain is written in ASCII (xn--...)";
		return NULL;
	}
	return canon_lower(text, wrong);
}

static char *canon_domain(const char *text, const char **wrong)
{
	char domain[DOMAIN_MAX + 1];

	if (strchr(text, '*') != NULL)
		return canon_wildcard(text, text, wrong);
	*wrong = domain_parse(domain, text);
	if (*wrong == NULL && *domain == '\0')
		*wrong = "no domain";
	return *wrong == NULL ? xstrdup(domain) : NULL;
}

static char *canon_address(const char *text, const char **wrong)
{
	struct address address;

	if (strchr(text, '*') != NULL) {
		const char *at = strrchr(text, '@');

		return canon_wildcard(text, at == NULL ? "" : at, wrong);
	}
	*wrong = address_parse(&address, text, NULL);
	return *wrong == NULL ? xstrdup(address.text) : NULL;
}

/* ---- lists ---- */

/* The text of an entry; NULL after a complaint. */
static const char *entry_text(struct reader *reader, const struct conf_option *option,
	const config_setting_t *entry)
{
	const char *text, *wrong;

	if (config_setting_type(entry) != CONFIG_TYPE_STRING) {
		reader_complain(reader, entry, NULL,
			"an entry is no text; write it in quotes, \"...\"");
		return NULL;
	}
	text = config_setting_get_string(entry);
	wrong = form_text(option, text);
	if (wrong == NULL)
		return text;
	value_complain(reader, option, entry, text, wrong);
	return NULL;
}

void texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

/* All texts of SETTING, which the caller frees.  NULL after a complaint. */
static char **collect(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, canon *canonical, size_t *count)
{
	size_t length = (size_t)config_setting_length(setting);
	char **texts = xcalloc(length + 1, sizeof(*texts));
	bool good = true;

	*count = 0;
	for (size_t i = 0; i < length; i++) {
		const config_setting_t *entry =
			config_setting_get_elem(setting, (unsigned)i);
		const char *text = entry_text(reader, option, entry), *wrong = NULL;
		char *found = text == NULL ? NULL : canonical(text, &wrong);

		if (found != NULL) {
			texts[(*count)++] = found;
			continue;
		}
		good = false;
		if (text != NULL)
			value_complain(reader, option, entry, text, wrong);
	}
	if (good)
		return texts;
	texts_free(texts, *count);
	return NULL;
}

static void store_count(const struct conf_option *option, void *base, size_t count)
{
	memcpy((char *)base + option->count_place, &count, sizeof(count));
}

bool texts_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	char ***place = value_place(option, base), **texts;
	size_t count;

	texts = collect(reader, option, setting,
		option->type == OPTION_DOMAINS ? canon_domain : canon_text, &count);
	if (texts == NULL)
		return false;
	*place = texts;
	store_count(option, base, count);
	return true;
}

static struct network *collect_networks(struct reader *reader,
	const struct conf_option *option, const config_setting_t *setting, size_t *count)
{
	size_t length = (size_t)config_setting_length(setting);
	struct network *networks = xcalloc(length + 1, sizeof(*networks));
	bool good = true;

	for (size_t i = 0; i < length; i++) {
		const config_setting_t *entry =
			config_setting_get_elem(setting, (unsigned)i);
		const char *text = entry_text(reader, option, entry);
		char shown[80];

		if (text != NULL && network_from_text(&networks[i], text))
			continue;
		good = false;
		if (text != NULL)
			reader_complain(reader, entry, NULL,
				"\"%s\" is neither an address nor a network without host "
				"bits; "
				"write such as \"192.0.2.7\", \"192.0.2.0/24\" or "
				"\"2001:db8::/32\"",
				text_printable(shown, sizeof(shown), text));
	}
	*count = length;
	if (good)
		return networks;
	free(networks);
	return NULL;
}

bool networks_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	struct network **place = value_place(option, base), *networks;
	size_t count;

	networks = collect_networks(reader, option, setting, &count);
	if (networks == NULL)
		return false;
	*place = networks;
	store_count(option, base, count);
	return true;
}

/* ---- fields ---- */

/* FIELD_COUNT when it is none of those that OPTION takes. */
static enum field field_from_text(const struct conf_option *option, const char *text)
{
	const unsigned sources = 1u << FIELD_LOGIN | 1u << FIELD_CLIENT |
				 1u << FIELD_SENDER | 1u << FIELD_SENDER_DOMAIN;

	for (unsigned field = 0; field < FIELD_COUNT; field++)
		if (strcmp(field_names[field], text) == 0 &&
			(option->type == OPTION_FIELDS || (sources & 1u << field) != 0))
			return field;
	return FIELD_COUNT;
}

static void complain_of_field(struct reader *reader, const struct conf_option *option,
	const config_setting_t *entry, const char *text)
{
	char shown[80];

	reader_complain(reader, entry, NULL, "\"%s\" is no field for this; write %s",
		text_printable(shown, sizeof(shown), text),
		option->type == OPTION_SOURCES
			? "login, client, sender or sender_domain"
			: "account, login, sender, sender_domain, client, recipient, "
			  "recipient_domain or everyone");
}

/* The field that ENTRY names, unless it is among BITS; FIELD_COUNT after a complaint. */
static enum field read_field(struct reader *reader, const struct conf_option *option,
	const config_setting_t *entry, unsigned bits)
{
	const char *text = entry_text(reader, option, entry);
	enum field field = text == NULL ? FIELD_COUNT : field_from_text(option, text);

	if (text == NULL)
		return FIELD_COUNT;
	if (field == FIELD_COUNT) {
		complain_of_field(reader, option, entry, text);
	} else if ((bits & 1u << field) != 0) {
		reader_complain(reader, entry, NULL,
			"\"%s\" stands here twice; delete one of the two", text);
		return FIELD_COUNT;
	}
	return field;
}

/* The fields in their order, and as bits.  False after a complaint. */
static bool collect_fields(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, enum field fields[FIELD_COUNT], size_t *count,
	unsigned *bits)
{
	bool good = true;

	*count = 0;
	*bits = 0;
	for (int i = 0; i < config_setting_length(setting); i++) {
		enum field field = read_field(reader, option,
			config_setting_get_elem(setting, (unsigned)i), *bits);

		if (field == FIELD_COUNT) {
			good = false;
			continue;
		}
		fields[(*count)++] = field;
		*bits |= 1u << field;
	}
	return good;
}

bool fields_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	enum field fields[FIELD_COUNT];
	unsigned bits;
	size_t count;

	if (!collect_fields(reader, option, setting, fields, &count, &bits))
		return false;
	if (count == 0) {
		reader_complain(reader, setting, NULL, "the list is empty; write %s",
			option->type == OPTION_SOURCES
				? "one of login, client, sender and sender_domain at "
				  "least"
				: "[ \"everyone\" ] for one count of all mail");
		return false;
	}
	if (option->type == OPTION_FIELDS) {
		memcpy(value_place(option, base), &bits, sizeof(bits));
	} else {
		memcpy(value_place(option, base), fields, count * sizeof(fields[0]));
		store_count(option, base, count);
	}
	return true;
}

/* ---- when ---- */

bool patterns_read(struct reader *reader, const struct conf_option *option,
	const config_setting_t *setting, void *base)
{
	static canon *const canons[FIELD_COUNT] = {
		[FIELD_ACCOUNT] = canon_lower,
		[FIELD_LOGIN] = canon_lower,
		[FIELD_SENDER] = canon_address,
		[FIELD_SENDER_DOMAIN] = canon_domain,
		[FIELD_RECIPIENT] = canon_address,
		[FIELD_RECIPIENT_DOMAIN] = canon_domain,
	};
	struct condition condition = { .field = FIELD_ACCOUNT };
	struct limit *limit = base;

	while (strcmp(field_names[condition.field], option_last_name(option)) != 0)
		condition.field++;
	if (config_setting_length(setting) == 0) {
		reader_complain(reader, setting, NULL,
			"the list is empty, which no mail matches; delete it or fill it");
		return false;
	}
	if (condition.field == FIELD_CLIENT)
		condition.networks =
			collect_networks(reader, option, setting, &condition.count);
	else
		condition.patterns = collect(reader, option, setting,
			canons[condition.field], &condition.count);
	if (condition.networks == NULL && condition.patterns == NULL)
		return false;
	limit->when =
		xreallocarray(limit->when, limit->when_count + 1, sizeof(*limit->when));
	limit->when[limit->when_count++] = condition;
	return true;
}
