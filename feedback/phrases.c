#include "feedback/phrases.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/automaton.h"

enum { SLOTS = 4 * PATTERNS_MAX };

void phrases_init(struct phrases *phrases)
{
	*phrases = (struct phrases){ .slots = xmalloc(SLOTS * sizeof(*phrases->slots)) };
	memset(phrases->slots, 0xff, SLOTS * sizeof(*phrases->slots)); /* NO_PATTERN */
}

void phrases_clear(struct phrases *phrases)
{
	for (size_t i = 0; i < phrases->pattern_count; i++)
		free(phrases->patterns[i].text);
	free(phrases->sections);
	free(phrases->patterns);
	free(phrases->rows);
	free(phrases->slots);
	free(phrases->words);
	automaton_free(phrases->automaton);
	*phrases = (struct phrases){ .slots = NULL };
}

/* ---- patterns, by their text ---- */

static uint32_t hash_text(const char *text, size_t length)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619U;
	return hash;
}

/* The slot of the patterns of this text: it holds the first of them, or NO_PATTERN. */
static uint16_t *find_slot(const struct phrases *phrases, const struct pattern *wanted)
{
	uint32_t at = hash_text(wanted->text, wanted->length);

	for (;; at++) {
		uint16_t *slot = &phrases->slots[at % SLOTS];
		const struct pattern *pattern;

		if (*slot == NO_PATTERN)
			return slot;
		pattern = &phrases->patterns[*slot];
		if (pattern->length == wanted->length &&
			memcmp(pattern->text, wanted->text, wanted->length) == 0)
			return slot;
	}
}

static bool same_edges(const struct pattern *one, const struct pattern *two)
{
	return one->open_start == two->open_start && one->open_end == two->open_end &&
	       one->host == two->host && one->list == two->list;
}

/* NO_PATTERN when there are too many. */
static uint16_t add_pattern(struct phrases *phrases, const struct pattern *pattern)
{
	size_t count = phrases->pattern_count;

	if (count == PATTERNS_MAX)
		return NO_PATTERN;
	if (count % 256 == 0)
		phrases->patterns =
			xreallocarray(phrases->patterns, count + 256, sizeof(*pattern));
	phrases->patterns[count] = *pattern;
	phrases->patterns[count].gaps = NO_PATTERN;
	phrases->patterns[count].row = NO_ROW;
	phrases->pattern_count++;
	return (uint16_t)count;
}

uint16_t phrases_take(struct phrases *phrases, const struct pattern *wanted)
{
	uint16_t *slot = find_slot(phrases, wanted), at = *slot;
	struct pattern pattern = *wanted;

	for (; at != NO_PATTERN; at = phrases->patterns[at].same)
		if (same_edges(&phrases->patterns[at], wanted))
			return at;
	pattern.single = memchr(wanted->text, ' ', wanted->length) == NULL;
	pattern.leads = *slot == NO_PATTERN;
	pattern.same = pattern.leads ? NO_PATTERN : phrases->patterns[*slot].same;
	at = add_pattern(phrases, &pattern);
	if (at == NO_PATTERN)
		return NO_PATTERN;
	phrases->patterns[at].text = xmalloc(wanted->length);
	memcpy(phrases->patterns[at].text, wanted->text, wanted->length);
	if (pattern.leads)
		*slot = at;
	else
		phrases->patterns[*slot].same = at;
	return at;
}

uint16_t phrases_take_gap(
	struct phrases *phrases, uint16_t first, uint16_t behind, bool near)
{
	struct pattern pattern = { .first = first, .near = near, .list = NO_PATTERN };
	uint16_t at = phrases->patterns[behind].gaps;

	for (; at != NO_PATTERN; at = phrases->patterns[at].next_gap)
		if (phrases->patterns[at].first == first &&
			phrases->patterns[at].near == near)
			return at;
	pattern.length =
		phrases->patterns[first].length + phrases->patterns[behind].length;
	pattern.next_gap = phrases->patterns[behind].gaps;
	at = add_pattern(phrases, &pattern);
	if (at != NO_PATTERN)
		phrases->patterns[behind].gaps = at;
	return at;
}

uint16_t phrases_take_list(struct phrases *phrases, const char *name)
{
	struct pattern pattern = { .is_list = true, .list = NO_PATTERN };
	size_t number = 0;
	uint16_t at;

	while (number < phrases->list_count && strcmp(phrases->lists[number], name) != 0)
		number++;
	if (number < phrases->list_count)
		return phrases->list_patterns[number];
	if (number == LISTS_MAX)
		return NO_PATTERN;
	pattern.list_number = (uint8_t)number;
	at = add_pattern(phrases, &pattern);
	if (at == NO_PATTERN)
		return NO_PATTERN;
	text_copy(phrases->lists[number], LIST_NAME_SIZE, name);
	phrases->list_patterns[number] = at;
	phrases->list_count++;
	return at;
}

/* ---- the automaton ---- */

bool phrases_build(struct phrases *phrases, struct error *error)
{
	struct automaton_word *words;
	size_t count = 0;

	words = xcalloc(phrases->pattern_count + 1, sizeof(*words));
	phrases->words = xcalloc(phrases->pattern_count + 1, sizeof(*phrases->words));
	for (size_t i = 0; i < phrases->pattern_count; i++) {
		const struct pattern *pattern = &phrases->patterns[i];

		if (!pattern->leads)
			continue;
		words[count] = (struct automaton_word){ pattern->text, pattern->length };
		phrases->words[count++] = (uint16_t)i;
	}
	phrases->automaton = automaton_new(words, count);
	free(words);
	free(phrases->slots);
	phrases->slots = NULL;
	if (phrases->automaton == NULL)
		return error_set(error, "the phrases are more than 65000 bytes in all, "
					"which is more than fits: take some out");
	return true;
}

/* ---- finding ---- */

static bool is_alnum(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z');
}

/*
 * May a phrase begin at AT?  Not within a word; and a single word not within
 * the name of a host: "quota.example.com" is not full.
 */
static bool may_begin(const struct pattern *pattern, const char *text, size_t at)
{
	if (pattern->open_start || at == 0 || !is_alnum(pattern->text[0]))
		return true;
	if (is_alnum(text[at - 1]))
		return false;
	if (pattern->host)
		return text[at - 1] != '-';
	return !pattern->single || text[at - 1] != '.' || at == 1 ||
	       !is_alnum(text[at - 2]);
}

static bool may_end(
	const struct pattern *pattern, const char *text, size_t size, size_t at)
{
	if (pattern->open_end || at == size ||
		!is_alnum(pattern->text[pattern->length - 1]))
		return true;
	if (is_alnum(text[at]))
		return false;
	if (!pattern->single || at + 1 == size)
		return true;
	if (pattern->host && text[at] == '-')
		return false;
	return text[at] != '.' || !is_alnum(text[at + 1]);
}

void seen_init(struct seen *seen, const struct phrases *phrases)
{
	memset(seen->ends, 0, phrases->pattern_count * sizeof(seen->ends[0]));
	seen->count = 0;
}

static void see(struct seen *seen, uint16_t pattern, size_t end)
{
	if (seen->ends[pattern] == 0)
		seen->patterns[seen->count++] = pattern;
	seen->ends[pattern] = (uint16_t)end;
}

/* Is ONE, a list, nearer than OTHER?  Of "sender address" and "address" the longer is. */
static bool is_nearer(const struct phrases *phrases, const struct seen *seen,
	uint16_t one, uint16_t other)
{
	if (other == NO_PATTERN || seen->ends[one] != seen->ends[other])
		return other == NO_PATTERN || seen->ends[one] > seen->ends[other];
	return seen->starts[phrases->patterns[one].list_number] <
	       seen->starts[phrases->patterns[other].list_number];
}

/* Of those with a gap, the ones that end here; BEHIND was seen from START to END. */
static void see_gaps(const struct phrases *phrases, struct seen *seen, uint16_t behind,
	size_t start, size_t end)
{
	const struct pattern *patterns = phrases->patterns;
	uint16_t at = patterns[behind].gaps, list = NO_PATTERN, of_list = NO_PATTERN;

	for (; at != NO_PATTERN; at = patterns[at].next_gap) {
		uint16_t first = patterns[at].first;
		size_t first_end = seen->ends[first];

		if (first_end == 0 || first_end > start ||
			start - first_end > (patterns[at].near ? NEAR_MAX : GAP_MAX))
			continue;
		if (!patterns[first].is_list || patterns[at].near) {
			see(seen, at, end);
		} else if (is_nearer(phrases, seen, first, list)) {
			list = first;
			of_list = at;
		}
	}
	if (of_list != NO_PATTERN)
		see(seen, of_list, end);
}

static void see_list(const struct phrases *phrases, struct seen *seen, uint16_t list,
	size_t start, size_t end)
{
	uint16_t *list_start = &seen->starts[phrases->patterns[list].list_number];

	/* The longest of its words that end here is the first that is found. */
	if (seen->ends[list] == end)
		return;
	see(seen, list, end);
	*list_start = (uint16_t)start;
	see_gaps(phrases, seen, list, start, end);
}

/* Of all the patterns, or of the names of hosts. */
static void find(const struct phrases *phrases, const char *text, size_t size, bool names,
	struct seen *seen)
{
	struct automaton_walk walk = { .text = text, .size = size };
	size_t word, end;

	while (automaton_next(phrases->automaton, &walk, &word, &end)) {
		uint16_t at = phrases->words[word];

		for (; at != NO_PATTERN; at = phrases->patterns[at].same) {
			const struct pattern *pattern = &phrases->patterns[at];
			size_t start = end - pattern->length;

			if ((names && !pattern->host) ||
				!may_begin(pattern, text, start) ||
				!may_end(pattern, text, size, end))
				continue;
			see(seen, at, names ? 1 : end);
			see_gaps(phrases, seen, at, start, end);
			if (pattern->list != NO_PATTERN)
				see_list(phrases, seen, pattern->list, start, end);
		}
	}
}

void phrases_find(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen)
{
	find(phrases, text, size, false, seen);
}

void phrases_find_names(
	const struct phrases *phrases, const char *text, size_t size, struct seen *seen)
{
	find(phrases, text, size, true, seen);
}
