#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "policy/suppression.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What of an entry a merge looks at; NULL is "". */
struct entry {
	enum reason reason;
	int64_t since, until;
	const char *source, *note, *address;
};

static struct suppression entry_of(const struct entry *entry)
{
	struct suppression made;

	memset(&made, 0, sizeof(made));
	text_copy(made.digest, sizeof(made.digest), "00112233445566778899aabbccddeeff");
	text_copy(made.scope, sizeof(made.scope), SCOPE_EVERYONE);
	made.reason = entry->reason;
	made.since_us = entry->since;
	made.until_us = entry->until;
	text_copy(made.source, sizeof(made.source), entry->source ? entry->source : "");
	text_copy(made.note, sizeof(made.note), entry->note ? entry->note : "");
	text_copy(
		made.address, sizeof(made.address), entry->address ? entry->address : "");
	return made;
}

static void merges(void **state)
{
	static const struct {
		const char *name;
		struct entry old, new, want;
		bool changed;
	} cases[] = {
		{ "nothing was there", { REASON_NONE, 0, 0, NULL, NULL, NULL },
			{ REASON_SOFT, 5, 9, "feedback", "full", "a@x" },
			{ REASON_SOFT, 5, 9, "feedback", "full", "a@x" }, true },
		{ "the same again", { REASON_HARD, 5, 0, "import", "n", "a@x" },
			{ REASON_HARD, 5, 0, "import", "n", "a@x" },
			{ REASON_HARD, 5, 0, "import", "n", "a@x" }, false },
		{ "since stays", { REASON_HARD, 5, 0, "import", "n", "a@x" },
			{ REASON_HARD, 7, 0, "import", "n", "a@x" },
			{ REASON_HARD, 5, 0, "import", "n", "a@x" }, false },
		{ "stronger takes over", { REASON_SOFT, 5, 9, "feedback", "full", "a@x" },
			{ REASON_HARD, 7, 0, "import", "gone", "a@x" },
			{ REASON_HARD, 5, 0, "import", "gone", "a@x" }, true },
		{ "weaker gives nothing",
			{ REASON_COMPLAINT, 5, 0, "feedback", "n", "a@x" },
			{ REASON_HARD, 7, 0, "import", "gone", "a@x" },
			{ REASON_COMPLAINT, 5, 0, "feedback", "n", "a@x" }, false },
		{ "weaker gives a later end",
			{ REASON_COMPLAINT, 5, 9, "feedback", "n", "a@x" },
			{ REASON_SOFT, 7, 10, "import", "full", "a@x" },
			{ REASON_COMPLAINT, 5, 10, "feedback", "n", "a@x" }, true },
		{ "stronger brings the end no nearer",
			{ REASON_SOFT, 5, 9, "a", "n", "a@x" },
			{ REASON_HARD, 7, 8, "b", "m", "a@x" },
			{ REASON_HARD, 5, 9, "b", "m", "a@x" }, true },
		{ "an earlier end", { REASON_SOFT, 5, 9, "a", "n", "a@x" },
			{ REASON_SOFT, 5, 8, "a", "n", "a@x" },
			{ REASON_SOFT, 5, 9, "a", "n", "a@x" }, false },
		{ "never is later than any",
			{ REASON_SOFT, 5, INT64_MAX, "a", "n", "a@x" },
			{ REASON_SOFT, 5, 0, "a", "n", "a@x" },
			{ REASON_SOFT, 5, 0, "a", "n", "a@x" }, true },
		{ "never stays never", { REASON_SOFT, 5, 0, "a", "n", "a@x" },
			{ REASON_SOFT, 5, INT64_MAX, "a", "n", "a@x" },
			{ REASON_SOFT, 5, 0, "a", "n", "a@x" }, false },
		{ "equal reason gives its note", { REASON_HARD, 5, 0, "a", "n", "a@x" },
			{ REASON_HARD, 5, 0, "b", "m", "a@x" },
			{ REASON_HARD, 5, 0, "a", "m", "a@x" }, true },
		{ "another source of the same changes nothing",
			{ REASON_HARD, 5, 0, "a", "n", "a@x" },
			{ REASON_HARD, 5, 0, "b", "n", "a@x" },
			{ REASON_HARD, 5, 0, "a", "n", "a@x" }, false },
		{ "no note takes none away", { REASON_HARD, 5, 0, "a", "n", "a@x" },
			{ REASON_HARD, 5, 0, "a", "", "a@x" },
			{ REASON_HARD, 5, 0, "a", "n", "a@x" }, false },
		{ "an address is learnt", { REASON_HARD, 5, 0, "a", "n", "" },
			{ REASON_SOFT, 5, 0, "b", "m", "a@x" },
			{ REASON_HARD, 5, 0, "a", "n", "a@x" }, true },
		{ "an address is not forgotten", { REASON_HARD, 5, 0, "a", "n", "a@x" },
			{ REASON_HARD, 5, 0, "a", "n", "" },
			{ REASON_HARD, 5, 0, "a", "n", "a@x" }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = cases[i].name;
		struct suppression got = entry_of(&cases[i].old);
		struct suppression new = entry_of(&cases[i].new);
		struct suppression want = entry_of(&cases[i].want);

		CASE_EQUAL_INT(name, suppression_merge(&got, &new), cases[i].changed);
		CASE_EQUAL_INT(name, got.reason, want.reason);
		CASE_EQUAL_INT(name, got.since_us, want.since_us);
		CASE_EQUAL_INT(name, got.until_us, want.until_us);
		CASE_EQUAL_TEXT(name, got.source, want.source);
		CASE_EQUAL_TEXT(name, got.note, want.note);
		CASE_EQUAL_TEXT(name, got.address, want.address);
		CASE_EQUAL_TEXT(name, got.digest, want.digest);
		CASE_EQUAL_TEXT(name, got.scope, want.scope);
		/* Merged once more it is settled. */
		CASE_EQUAL_INT(name, suppression_merge(&got, &new), false);
	}
}

/* complaint > unsubscribe > hard > manual > soft */
static void the_stronger_reason_wins(void **state)
{
	static const enum reason order[] = { REASON_SOFT, REASON_MANUAL, REASON_HARD,
		REASON_UNSUBSCRIBE, REASON_COMPLAINT };

	(void)state;
	for (size_t i = 0; i < COUNT(order); i++) {
		for (size_t j = 0; j < COUNT(order); j++) {
			struct entry of_old = { order[i], 1, 0, NULL, NULL, NULL };
			struct entry of_new = { order[j], 1, 0, NULL, NULL, NULL };
			struct suppression old = entry_of(&of_old),
					   new = entry_of(&of_new);

			assert_int_equal(suppression_merge(&old, &new), j > i);
			assert_int_equal(old.reason, order[j > i ? j : i]);
		}
	}
}

static void reasons_have_names(void **state)
{
	(void)state;
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		assert_int_equal(reason_from_text(reason_names[reason]), reason);
	assert_int_equal(reason_from_text("complaint"), REASON_COMPLAINT);
	assert_int_equal(reason_from_text("none"), REASON_NONE);
	assert_int_equal(reason_from_text("Hard"), REASON_NONE);
	assert_int_equal(reason_from_text("hardly"), REASON_NONE);
	assert_int_equal(reason_from_text(""), REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges),
		cmocka_unit_test(the_stronger_reason_wins),
		cmocka_unit_test(reasons_have_names),
	};

	return cmocka_run_group_tests_name("policy/suppression", tests, NULL, NULL);
}
