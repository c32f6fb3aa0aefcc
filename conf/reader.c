#include "conf/reader.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/include.h"
#include "conf/lookup.h"
#include "conf/value.h"

/* ---- faults ---- */

enum { FAULT_TEXT_SIZE = 1024, OPTION_NAME_SIZE = 128 };

/* "plans.limits.burst": the names from the root down; entries of lists have none. */
static char *full_name(const config_setting_t *setting, const char *member)
{
	char *full = member == NULL ? NULL : xstrdup(member), *longer;

	for (; setting != NULL; setting = config_setting_parent(setting)) {
		const char *name = config_setting_name(setting);

		if (name == NULL || *name == '\0')
			continue;
		longer = full == NULL ? xstrdup(name) : xasprintf("%s.%s", name, full);
		free(full);
		full = longer;
	}
	return full == NULL ? xstrdup("the file") : full;
}

/* Where FILE is; libconfig 1.5 leaves out the folder of an included file. */
static char *whole_path(const struct reader *reader, const char *file)
{
	size_t length = strlen(reader->folder);

	if (file == NULL)
		return xstrdup(reader->path);
	if (file[0] == '/' || strcmp(file, reader->path) == 0 ||
		(strncmp(file, reader->folder, length) == 0 && file[length] == '/'))
		return xstrdup(file);
	return xasprintf("%s/%s", reader->folder, file);
}

static void add_fault(struct reader *reader, const char *file, unsigned line, char *text)
{
	struct fault *fault;

	reader->faults = xreallocarray(
		reader->faults, reader->fault_count + 1, sizeof(*reader->faults));
	fault = &reader->faults[reader->fault_count++];
	fault->file = whole_path(reader, file);
	fault->line = line;
	fault->text = text;
}

void reader_complain(struct reader *reader, const config_setting_t *setting,
	const char *member, const char *format, ...)
{
	const config_setting_t *at = setting;
	char text[FAULT_TEXT_SIZE], *name = full_name(setting, member);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (member != NULL && config_setting_is_group(setting) &&
		config_setting_get_member(setting, member) != NULL)
		at = config_setting_get_member(setting, member);
	add_fault(reader, config_setting_source_file(at),
		(unsigned)config_setting_source_line(at),
		xasprintf("%s: %s", name, text));
	free(name);
}

void reader_complain_at(
	struct reader *reader, const char *file, unsigned line, const char *format, ...)
{
	char text[FAULT_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_fault(reader, file, line, xstrdup(text));
}

static int by_place(const void *a, const void *b)
{
	const struct fault *left = a, *right = b;
	int files = strcmp(left->file, right->file);

	if (files != 0)
		return files;
	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return strcmp(left->text, right->text);
}

void reader_tell(struct reader *reader, conf_complainer *complain, void *context)
{
	if (reader->fault_count > 0)
		qsort(reader->faults, reader->fault_count, sizeof(*reader->faults),
			by_place);
	for (size_t i = 0; i < reader->fault_count; i++) {
		const struct fault *fault = &reader->faults[i];
		char *line = fault->line == 0
				     ? xasprintf("%s: %s", fault->file, fault->text)
				     : xasprintf("%s:%u: %s", fault->file, fault->line,
					       fault->text);

		complain(line, context);
		free(line);
	}
}

/* One line for each group, where it is used first. */
static void warn_later(
	struct reader *reader, const struct later *later, const config_setting_t *setting)
{
	struct conf *conf = reader->conf;
	char *file;

	for (size_t i = 0; i < reader->warned_count; i++)
		if (reader->warned[i] == later)
			return;
	assert(reader->warned_count < LATERS_MAX);
	reader->warned[reader->warned_count++] = later;
	file = whole_path(reader, config_setting_source_file(setting));
	conf->warnings = xreallocarray(
		conf->warnings, conf->warning_count + 1, sizeof(*conf->warnings));
	conf->warnings[conf->warning_count++] = xasprintf("%s:%u: %s: %s", file,
		(unsigned)config_setting_source_line(setting), later->name, later->why);
	free(file);
}

/* ---- from bytes to trees ---- */

static void default_name(const struct conf_option *option, char *name, size_t size)
{
	text_copy(name, size, option->name);
	for (; *name != '\0'; name++)
		if (*name == '.')
			*name = '-';
}

/* The defaults are read as if they stood in a file, so that they are checked like one. */
static void parse_defaults(config_t *defaults)
{
	char *all = xstrdup(""), *longer, name[OPTION_NAME_SIZE];
	int parsed;

	for (size_t i = 0; i < conf_option_count; i++) {
		if (conf_options[i].standard == NULL)
			continue;
		default_name(&conf_options[i], name, sizeof(name));
		longer = xasprintf("%s%s = %s;\n", all, name, conf_options[i].standard);
		free(all);
		all = longer;
	}
	parsed = config_read_string(defaults, all);
	assert(parsed == CONFIG_TRUE);
	(void)parsed;
	free(all);
}

void reader_init(struct reader *reader, const char *path, struct conf *conf)
{
	*reader = (struct reader){
		.path = path,
		.folder = include_folder(path),
		.conf = conf,
	};
	config_init(&reader->file);
	config_init(&reader->defaults);
	parse_defaults(&reader->defaults);
}

void reader_clear(struct reader *reader)
{
	config_destroy(&reader->file);
	config_destroy(&reader->defaults);
	for (size_t i = 0; i < reader->fault_count; i++) {
		free(reader->faults[i].file);
		free(reader->faults[i].text);
	}
	free(reader->faults);
	free(reader->folder);
}

/* libconfig's own words are short; this says what to do. */
static void complain_of_syntax(struct reader *reader)
{
	static const char including[] = "cannot open include file";
	const char *text = config_error_text(&reader->file);
	const char *hint = "an option is NAME = VALUE; look here and at the line before";

	if (text == NULL)
		text = "the file cannot be read";
	else if (strstr(text, "duplicate") != NULL)
		hint = "an option stands here for the second time; delete one of the two";
	else if (strcmp(text, including) == 0)
		hint = "its name is taken from the folder of the first file";
	reader_complain_at(reader, config_error_file(&reader->file),
		(unsigned)config_error_line(&reader->file), "%s: %s", text, hint);
}

/* libconfig would end the process over a folder. */
static bool is_a_file(struct reader *reader)
{
	struct stat status;

	if (stat(reader->path, &status) != 0) {
		reader_complain_at(reader, NULL, 0,
			"cannot be read: %s; okite -c FILE and "
			"okited -c FILE take another file",
			strerror(errno));
		return false;
	}
	if (!S_ISREG(status.st_mode)) {
		reader_complain_at(
			reader, NULL, 0, "is not a file; name the configuration file");
		return false;
	}
	if (access(reader->path, R_OK) != 0) {
		reader_complain_at(
			reader, NULL, 0, "cannot be read: %s", strerror(errno));
		return false;
	}
	return true;
}

bool reader_parse(struct reader *reader)
{
	if (!is_a_file(reader) || !include_check(reader, reader->folder, reader->path, 0))
		return false;
	config_set_include_dir(&reader->file, reader->folder);
	if (config_read_file(&reader->file, reader->path) == CONFIG_TRUE)
		return true;
	complain_of_syntax(reader);
	return false;
}

/* ---- from the tree to values ---- */

static void complain_of_unknown(
	struct reader *reader, const char *group, const config_setting_t *setting)
{
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *member =
			config_setting_get_elem(setting, (unsigned)i);
		const char *name = config_setting_name(member);
		const struct conf_option *nearest;

		if (option_find(group, name) != NULL)
			continue;
		nearest = option_nearest(group, name);
		if (nearest == NULL)
			reader_complain(reader, member, NULL,
				"there is no such option; see okite.conf(5), or delete "
				"it");
		else
			reader_complain(reader, member, NULL,
				"there is no such option; did you mean %s?",
				nearest->name);
	}
}

static const config_setting_t *find_default(
	const struct reader *reader, const struct conf_option *option)
{
	char name[OPTION_NAME_SIZE];

	default_name(option, name, sizeof(name));
	return config_setting_get_member(config_root_setting(&reader->defaults), name);
}

static void read_default(
	struct reader *reader, const struct conf_option *option, void *base)
{
	const config_setting_t *standard = find_default(reader, option);

	if (standard != NULL)
		value_read(reader, option, standard, base);
}

static void read_option(struct reader *reader, const struct conf_option *option,
	const config_setting_t *group, void *base)
{
	const char *name = option_last_name(option);
	const config_setting_t *member =
		group == NULL ? NULL : config_setting_get_member(group, name);
	bool fits = member != NULL && value_fits(reader, option, member);

	if (member != NULL && option->later != NULL)
		warn_later(reader, option->later, member);
	if (member == NULL && option->required)
		reader_complain(reader, group, name, "is missing; every entry has one");
	if (option->type == OPTION_GROUP)
		reader_group(reader, option->name, fits ? member : NULL, base);
	else if (member == NULL)
		read_default(reader, option, base);
	else if (!(fits && value_read(reader, option, member, base)) &&
		 option->type != OPTION_PLAN) /* whose default may be another fault */
		read_default(reader, option, base);
}

void reader_group(struct reader *reader, const char *group,
	const config_setting_t *setting, void *base)
{
	if (setting != NULL)
		complain_of_unknown(reader, group, setting);
	for (size_t i = 0; i < conf_option_count; i++)
		if (option_is_in(&conf_options[i], group))
			read_option(reader, &conf_options[i], setting, base);
}
