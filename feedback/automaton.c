#include "feedback/automaton.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { NODES_MAX = UINT16_MAX, NO_WORD = UINT16_MAX };

/*
 * The nodes of the trie in the order of their depth, so that the children of
 * a node stand side by side, and a node's own failure is known before its
 * children's.  Node 0 is the root.  The bytes are apart from the rest: that
 * is where the search for a child looks.
 */
struct node {
	uint16_t child; /* the first one */
	uint16_t child_count;
	uint16_t failure; /* the longest proper end of this one that begins some word */
	uint16_t word;	  /* that ends here, or NO_WORD */
	uint16_t
		ends; /* the longest end, itself included, where a word ends; 0 for none */
};

struct automaton {
	uint16_t root[256]; /* the children of the root, 0 where there is none */
	uint8_t *bytes;	    /* by which each node is reached */
	struct node *nodes;
	size_t count;
};

/* While it is made: the words below a node are a run of the sorted ones. */
struct run {
	uint16_t first, count;
};

struct sorted {
	uint64_t start; /* the first eight bytes: mostly these decide */
	struct automaton_word word;
	uint16_t index;
};

static int compare_words(const void *a, const void *b)
{
	const struct sorted *one = a, *two = b;
	size_t shorter =
		one->word.length < two->word.length ? one->word.length : two->word.length;
	int order;

	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	order = memcmp(one->word.text, two->word.text, shorter);
	if (order != 0)
		return order;
	return (one->word.length > two->word.length) -
	       (one->word.length < two->word.length);
}

/* The child of NODE by BYTE, or 0. */
static uint16_t find_child(const struct automaton *automaton, uint16_t node, uint8_t byte)
{
	const struct node *parent = &automaton->nodes[node];
	const uint8_t *bytes = automaton->bytes + parent->child;

	if (node == 0)
		return automaton->root[byte];
	for (uint16_t i = 0; i < parent->child_count; i++)
		if (bytes[i] == byte)
			return parent->child + i;
	return 0;
}

static uint16_t step(const struct automaton *automaton, uint16_t node, uint8_t byte)
{
	uint16_t child = find_child(automaton, node, byte);

	while (child == 0 && node != 0) {
		node = automaton->nodes[node].failure;
		child = find_child(automaton, node, byte);
	}
	return child;
}

/*
 * Give NODE, at DEPTH, its children: one for each byte that follows in the
 * words of its run.  False when they are too many.
 */
static bool add_children(struct automaton *automaton, uint16_t node, size_t depth,
	struct run *runs, const struct sorted *words)
{
	size_t at = runs[node].first, end = at + runs[node].count;
	struct node *parent = &automaton->nodes[node];

	/* The shortest comes first: the word that ends here. */
	if (words[at].word.length == depth)
		parent->word = words[at++].index;
	parent->child = (uint16_t)automaton->count;
	while (at < end) {
		size_t first = at, child = automaton->count;
		char byte = words[at].word.text[depth];

		if (child == NODES_MAX)
			return false;
		while (at < end && words[at].word.text[depth] == byte)
			at++;
		automaton->bytes[child] = (uint8_t)byte;
		automaton->nodes[child] = (struct node){ .word = NO_WORD };
		runs[child] = (struct run){ (uint16_t)first, (uint16_t)(at - first) };
		automaton->count++;
		parent->child_count++;
		if (node == 0)
			automaton->root[(uint8_t)byte] = (uint16_t)child;
	}
	return true;
}

/* Level by level, so that the children of a node stand side by side. */
static bool add_nodes(
	struct automaton *automaton, struct run *runs, const struct sorted *words)
{
	size_t level_end = automaton->count, depth = 0;

	for (size_t i = 0; i < automaton->count; i++) {
		if (i == level_end) {
			depth++;
			level_end = automaton->count;
		}
		if (!add_children(automaton, (uint16_t)i, depth, runs, words))
			return false;
	}
	return true;
}

static void set_failures(struct automaton *automaton, uint16_t node)
{
	const struct node *parent = &automaton->nodes[node];

	for (uint16_t i = 0; i < parent->child_count; i++) {
		uint16_t at = parent->child + i;
		struct node *child = &automaton->nodes[at];

		if (node != 0)
			child->failure =
				step(automaton, parent->failure, automaton->bytes[at]);
		child->ends = child->word != NO_WORD
				      ? at
				      : automaton->nodes[child->failure].ends;
	}
}

static struct sorted *sort_words(
	const struct automaton_word *words, size_t count, size_t *bytes)
{
	struct sorted *sorted = xcalloc(count + 1, sizeof(*sorted));

	*bytes = 0;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = (struct sorted){ 0, words[i], (uint16_t)i };
		for (size_t j = 0; j < 8; j++)
			sorted[i].start =
				sorted[i].start << 8 |
				(j < words[i].length ? (uint8_t)words[i].text[j] : 0);
		*bytes += words[i].length;
	}
	qsort(sorted, count, sizeof(*sorted), compare_words);
	return sorted;
}

struct automaton *automaton_new(const struct automaton_word *words, size_t count)
{
	struct automaton *automaton = xcalloc(1, sizeof(*automaton));
	size_t bytes, room;
	struct sorted *sorted = sort_words(words, count, &bytes);
	struct run *runs;
	bool ok = count < NO_WORD;

	room = (bytes < NODES_MAX ? bytes : NODES_MAX - 1) + 1;
	automaton->bytes = xmalloc(room);
	automaton->nodes = xmalloc(room * sizeof(*automaton->nodes));
	runs = xmalloc(room * sizeof(*runs));
	automaton->nodes[0] = (struct node){ .word = NO_WORD };
	automaton->count = 1;
	runs[0] = (struct run){ 0, (uint16_t)count };
	if (ok && count > 0)
		ok = add_nodes(automaton, runs, sorted);
	for (size_t i = 0; ok && i < automaton->count; i++)
		set_failures(automaton, (uint16_t)i);
	free(runs);
	free(sorted);
	if (ok)
		return automaton;
	automaton_free(automaton);
	return NULL;
}

void automaton_free(struct automaton *automaton)
{
	if (automaton == NULL)
		return;
	free(automaton->bytes);
	free(automaton->nodes);
	free(automaton);
}

bool automaton_next(const struct automaton *automaton, struct automaton_walk *walk,
	size_t *word, size_t *end)
{
	while (walk->ends == 0) {
		if (walk->at == walk->size)
			return false;
		walk->node = step(automaton, walk->node, (uint8_t)walk->text[walk->at++]);
		walk->ends = automaton->nodes[walk->node].ends;
	}
	*word = automaton->nodes[walk->ends].word;
	*end = walk->at;
	walk->ends = automaton->nodes[automaton->nodes[walk->ends].failure].ends;
	return true;
}
