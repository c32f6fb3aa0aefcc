#include "setup/list.h"

#include <string.h>

#include "base/memory.h"

static const char separators[] = " \t\r\n,";

bool list_next(const char **from, struct list_item *item)
{
	const char *next = *from + strspn(*from, separators);
	size_t depth = 0;

	item->start = next;
	for (; *next != '\0'; next++) {
		if (depth == 0 && strchr(separators, *next) != NULL)
			break;
		if (*next == '{')
			depth++;
		else if (*next == '}' && depth > 0)
			depth--;
	}
	item->length = (size_t)(next - item->start);
	*from = next;
	return item->length > 0;
}

char *list_item_text(const struct list_item *item)
{
	return xasprintf("%.*s", (int)item->length, item->start);
}
