#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "conf/conf.h"
#include "conf/lookup.h"
#include "conf/options.h"
#include "tests/conf/files.h"

/* What is shipped beside the program says what the table of options says. */

static bool is_in_a_list(const struct conf_option *option)
{
	return strncmp(option->name, "limits.", 7) == 0 ||
	       strncmp(option->name, "plans.", 6) == 0 ||
	       strncmp(option->name, "accounts.", 9) == 0;
}

static bool texts_are_equal(
	const struct conf_option *option, const char *a, const char *b)
{
	char *const *left, *const *right;
	size_t left_count, right_count;

	memcpy(&left_count, a + option->count_place, sizeof(left_count));
	memcpy(&right_count, b + option->count_place, sizeof(right_count));
	memcpy(&left, a + option->place, sizeof(left));
	memcpy(&right, b + option->place, sizeof(right));
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++)
		if (strcmp(left[i], right[i]) != 0)
			return false;
	return true;
}

/* Has OPTION the same value in both?  Lists of groups are compared by their length. */
static bool values_are_equal(const struct conf_option *option, const struct conf *one,
	const struct conf *other)
{
	const char *a = (const char *)one, *b = (const char *)other;
	const char *left, *right;

	switch (option->type) {
	case OPTION_TEXTS:
	case OPTION_DOMAINS:
		return texts_are_equal(option, a, b);
	case OPTION_TEXT:
	case OPTION_TOKEN:
	case OPTION_PATH:
	case OPTION_DOMAIN:
	case OPTION_LISTEN:
	case OPTION_URL:
	case OPTION_HOST_PORT:
		memcpy(&left, a + option->place, sizeof(left));
		memcpy(&right, b + option->place, sizeof(right));
		return left == NULL || right == NULL ? left == right
						     : strcmp(left, right) == 0;
	case OPTION_NETWORKS:
		return one->policy.network_count == other->policy.network_count &&
		       memcmp(one->policy.networks, other->policy.networks,
			       one->policy.network_count * sizeof(struct network)) == 0;
	case OPTION_LIMITS:
	case OPTION_PLANS:
	case OPTION_ACCOUNTS:
		return true;
	default:
		return memcmp(a + option->place, b + option->place, option->size) == 0;
	}
}

static void assert_same_values(const struct conf *got, const struct conf *want)
{
	for (size_t i = 0; i < conf_option_count; i++)
		if (!is_in_a_list(&conf_options[i]) &&
			conf_options[i].type != OPTION_GROUP &&
			!values_are_equal(&conf_options[i], got, want))
			fail_msg("%s is not the default", conf_options[i].name);
}

static void assert_same_limits(
	const struct limit *got, const struct limit *want, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CASE_EQUAL_TEXT(want[i].name, got[i].name, want[i].name);
		CASE_EQUAL_INT(want[i].name, got[i].kind, want[i].kind);
		CASE_EQUAL_INT(want[i].name, got[i].per, want[i].per);
		CASE_EQUAL_INT(want[i].name, got[i].action, want[i].action);
		CASE_EQUAL_INT(
			want[i].name, got[i].capacity.amount, want[i].capacity.amount);
		CASE_EQUAL_INT(want[i].name, got[i].capacity.window_us,
			want[i].capacity.window_us);
		CASE_EQUAL_INT(
			want[i].name, got[i].capacity.burst, want[i].capacity.burst);
	}
}

static void the_sample_is_the_defaults(void **state)
{
	struct conf *want = files_read_good("empty", ""), *got;
	char *path = files_source("etc/okite.conf"), *complaints;

	(void)state;
	got = files_read(path, &complaints);
	if (got == NULL)
		fail_msg("%s", complaints);
	if (got->warning_count > 0)
		fail_msg("%s", got->warnings[0]);
	assert_same_values(got, want);
	assert_int_equal(got->policy.limit_count, want->policy.limit_count);
	assert_same_limits(
		got->policy.limits, want->policy.limits, want->policy.limit_count);
	assert_int_equal(got->policy.plan_count, want->policy.plan_count);
	assert_int_equal(got->policy.assignment_count, 0);
	conf_free(got);
	conf_free(want);
	free(complaints);
	free(path);
}

/* In the sample # and a blank begin a comment; # and anything else hides an option. */
static void take_comments_away(char *text)
{
	for (char *line = text; line != NULL && *line != '\0';
		line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] != ' ' && line[1] != '\n' &&
			line[1] != '\0')
			line[0] = ' ';
	}
}

static void the_sample_is_good_when_all_is_uncommented(void **state)
{
	char *path = files_source("etc/okite.conf"), *text = files_text(path),
	     *complaints;
	struct conf *want = files_read_good("empty", ""), *got;

	(void)state;
	take_comments_away(text);
	got = files_read_text(text, &complaints);
	if (got == NULL)
		fail_msg("%s", complaints);
	assert_same_values(got, want);
	assert_same_limits(
		got->policy.limits, want->policy.limits, want->policy.limit_count);
	assert_int_equal(got->policy.plan_count, want->policy.plan_count);
	for (size_t i = 0; i < want->policy.plan_count; i++) {
		const struct plan *plan = &want->policy.plans[i];

		assert_string_equal(got->policy.plans[i].name, plan->name);
		assert_int_equal(got->policy.plans[i].verified_recipients_only,
			plan->verified_recipients_only);
		for (size_t j = 0; j < plan->limit_count; j++)
			assert_same_limits(
				plan_limit(&got->policy.plans[i], plan->limits[j].name),
				&plan->limits[j], 1);
	}
	conf_free(got);
	conf_free(want);
	free(complaints);
	free(text);
	free(path);
}

/*
 * Is the option in the sample?  One that is not in a list must be set where it
 * belongs: there it is turned into an unknown one, and must be missed.
 */
static void assert_in_sample(const char *text, const struct conf_option *option)
{
	const char *name = option_last_name(option);
	char *copy = xstrdup(text), *complaints, *want;
	bool found = false;

	for (char *at = strstr(copy, name); at != NULL && !found;
		at = strstr(at + 1, name)) {
		if (is_in_a_list(option)) {
			found = true;
			break;
		}
		at[0] = 'Q';
		want = xasprintf(": %.*sQ%s: there is no such option",
			(int)(name - option->name), option->name, name + 1);
		conf_free(files_read_text(copy, &complaints));
		found = strstr(complaints, want) != NULL;
		at[0] = name[0];
		free(complaints);
		free(want);
	}
	if (!found)
		fail_msg("%s is not in etc/okite.conf", option->name);
	free(copy);
}

static void every_option_is_in_the_sample(void **state)
{
	char *path = files_source("etc/okite.conf"), *text = files_text(path);

	(void)state;
	take_comments_away(text);
	for (size_t i = 0; i < conf_option_count; i++)
		assert_in_sample(text, &conf_options[i]);
	free(text);
	free(path);
}

/* The default without its quotes, as the page shows it; NULL where it is a list or empty.
 */
static char *shown_default(const struct conf_option *option)
{
	const char *text = option->standard;

	if (text == NULL || *text == '(' || *text == '[' || strcmp(text, "\"\"") == 0)
		return NULL;
	if (*text == '"')
		return xasprintf("%.*s", (int)strlen(text) - 2, text + 1);
	return xstrdup(text);
}

static void assert_in_entry(const struct conf_option *option, const char *entry,
	const char *what, const char *text)
{
	if (strstr(entry, text) == NULL)
		fail_msg("okite.conf.5: %s: the %s %s is missing", option->name, what,
			text);
}

static void assert_in_page(const char *page, const struct conf_option *option)
{
	char *heading = xasprintf("\n.It Va %s\n", option->name), *entry, *standard;
	const char *start = strstr(page, heading), *end;
	char bound[32];

	if (start == NULL)
		fail_msg("%s is not in okite.conf.5", option->name);
	start += strlen(heading);
	end = strstr(start, "\n.It ");
	entry = end == NULL ? xstrdup(start)
			    : xasprintf("%.*s", (int)(end - start), start);
	standard = shown_default(option);
	if (standard != NULL)
		assert_in_entry(option, entry, "default", standard);
	if (option->most > 0) {
		option_bound(option, option->least, bound, sizeof(bound));
		if (option->least > 0)
			assert_in_entry(option, entry, "bound", bound);
		option_bound(option, option->most, bound, sizeof(bound));
		assert_in_entry(option, entry, "bound", bound);
	}
	for (size_t i = 0; option->words != NULL && option->words[i] != NULL; i++)
		assert_in_entry(option, entry, "word", option->words[i]);
	free(standard);
	free(entry);
	free(heading);
}

static void every_option_is_in_the_manual_page(void **state)
{
	char *path = files_source("man/okite.conf.5"), *page = files_text(path);

	(void)state;
	for (size_t i = 0; i < conf_option_count; i++)
		if (conf_options[i].type != OPTION_GROUP)
			assert_in_page(page, &conf_options[i]);
	free(page);
	free(path);
}

/* What is between .Bd -literal and .Ed is a file that somebody will copy. */
static void the_examples_of_the_manual_page_are_good(void **state)
{
	static const char start[] = "\n.Bd -literal -offset indent\n";
	char *path = files_source("man/okite.conf.5"), *page = files_text(path);
	size_t count = 0;

	(void)state;
	for (char *at = strstr(page, start); at != NULL; at = strstr(at + 1, start)) {
		const char *text = at + strlen(start), *end = strstr(text, "\n.Ed");
		char *example = xasprintf("%.*s\n", (int)(end - text), text);

		conf_free(files_read_good("an example", example));
		free(example);
		count++;
	}
	assert_true(count > 0);
	free(page);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_is_the_defaults),
		cmocka_unit_test(the_sample_is_good_when_all_is_uncommented),
		cmocka_unit_test(every_option_is_in_the_sample),
		cmocka_unit_test(every_option_is_in_the_manual_page),
		cmocka_unit_test(the_examples_of_the_manual_page_are_good),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}
