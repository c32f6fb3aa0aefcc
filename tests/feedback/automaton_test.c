#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/automaton.h"
#include "tests/support/test.h"

/* Numbers without a seed from outside: the same in each run (Marsaglia, xorshift32). */
static uint32_t next_number(uint32_t *number)
{
	*number ^= *number << 13;
	*number ^= *number >> 17;
	*number ^= *number << 5;
	return *number;
}

static void finds_words_within_words(void **state)
{
	static const char *const texts[] = { "he", "she", "his", "hers", "e" };
	struct automaton_word words[5];
	struct automaton_walk walk = { .text = "ushers", .size = 6 };
	/* the longest first, where several end at one place */
	static const struct {
		size_t word, end;
	} want[] = { { 1, 4 }, { 0, 4 }, { 4, 4 }, { 3, 6 } };
	struct automaton *automaton;
	size_t word, end;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		words[i] = (struct automaton_word){ texts[i], strlen(texts[i]) };
	automaton = automaton_new(words, 5);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(automaton_next(automaton, &walk, &word, &end));
		assert_int_equal(word, want[i].word);
		assert_int_equal(end, want[i].end);
	}
	assert_false(automaton_next(automaton, &walk, &word, &end));
	assert_false(automaton_next(automaton, &walk, &word, &end));
	automaton_free(automaton);
}

static void finds_nothing_without_words(void **state)
{
	struct automaton *automaton = automaton_new(NULL, 0);
	struct automaton_walk walk = { .text = "abc", .size = 3 };
	size_t word, end;

	(void)state;
	assert_non_null(automaton);
	assert_false(automaton_next(automaton, &walk, &word, &end));
	automaton_free(automaton);
}

static void refuses_too_many_bytes(void **state)
{
	enum { LENGTH = 65535 };
	char *text = xcalloc(LENGTH, 1);
	struct automaton_word word = { text, LENGTH };
	struct automaton *automaton;

	(void)state;
	assert_null(automaton_new(&word, 1));
	word.length = LENGTH - 1;
	automaton = automaton_new(&word, 1);
	assert_non_null(automaton);
	automaton_free(automaton);
	free(text);
}

enum { WORDS_MAX = 12, WORD_MAX = 5, TEXT_SIZE = 60 };

static size_t make_text(char *text, size_t longest, uint32_t *number)
{
	size_t length = 1 + next_number(number) % longest;

	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + next_number(number) % 3);
	return length;
}

static bool is_new(const struct automaton_word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].length == words[count].length &&
			memcmp(words[i].text, words[count].text, words[i].length) == 0)
			return false;
	return true;
}

/* How often each word stands in the text, the slow way. */
static size_t count_word(const struct automaton_word *word, const char *text, size_t size)
{
	size_t count = 0;

	for (size_t at = 0; at + word->length <= size; at++)
		count += memcmp(text + at, word->text, word->length) == 0;
	return count;
}

static void try_words(uint32_t *number)
{
	char letters[WORDS_MAX][WORD_MAX], text[TEXT_SIZE];
	struct automaton_word words[WORDS_MAX];
	size_t count = 0, found[WORDS_MAX] = { 0 }, word, end;
	struct automaton_walk walk = { .text = text };
	struct automaton *automaton;

	for (size_t i = 0; i < WORDS_MAX; i++) {
		size_t length = make_text(letters[count], WORD_MAX, number);

		words[count] = (struct automaton_word){ letters[count], length };
		count += is_new(words, count);
	}
	walk.size = make_text(text, TEXT_SIZE, number);
	automaton = automaton_new(words, count);
	while (automaton_next(automaton, &walk, &word, &end)) {
		assert_true(
			word < count && end >= words[word].length && end <= walk.size);
		assert_memory_equal(text + end - words[word].length, words[word].text,
			words[word].length);
		found[word]++;
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found[i], count_word(&words[i], text, walk.size));
	automaton_free(automaton);
}

static void finds_what_a_plain_search_finds(void **state)
{
	uint32_t number = 20240501;

	(void)state;
	for (int i = 0; i < 2000; i++)
		try_words(&number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_words_within_words),
		cmocka_unit_test(finds_nothing_without_words),
		cmocka_unit_test(refuses_too_many_bytes),
		cmocka_unit_test(finds_what_a_plain_search_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
