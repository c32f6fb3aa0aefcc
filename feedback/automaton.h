#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All places of many words in a text, in one pass over it, whatever the words
 * and the text are: Aho and Corasick, "Efficient string matching", CACM 18:6,
 * 1975.  Some ten bytes of memory for each byte of the words, and at most
 * 65534 of these.
 */
struct automaton_word {
	const char *text; /* not ended by NUL */
	size_t length;
};

/* The words must all differ, and none may be empty.  NULL when they are too many bytes. */
struct automaton *automaton_new(const struct automaton_word *words, size_t count);
void automaton_free(struct automaton *automaton);

/* A walk over one text.  Belongs to the caller; the automaton never changes. */
struct automaton_walk {
	const char *text;
	size_t size;
	size_t at; /* first byte not yet read */
	uint16_t node;
	uint16_t ends; /* the node of the next word that ends at AT, 0 for none */
};

/* The next word found: which one, and where its last byte was (one behind it).  False at the end. */
bool automaton_next(const struct automaton *automaton, struct automaton_walk *walk,
	size_t *word, size_t *end);
