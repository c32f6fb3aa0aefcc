#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Lists as Postfix writes them: items apart by blanks and commas, which do
 * not count inside { }.  Pure.
 */
struct list_item {
	const char *start;
	size_t length;
};

/* The next item at *FROM, which moves behind it.  False: there is none. */
bool list_next(const char **from, struct list_item *item);

/* A copy of the item. */
char *list_item_text(const struct list_item *item);
