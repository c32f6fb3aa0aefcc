#include "milter/destination.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "milter/reply.h"

/* Sendmail's macro v is a number, "8.17.1.9"; Postfix's begins with its name. */
bool destinations_merge(SMFICTX *context)
{
	const char *version = macro(context, "v");

	return version[0] >= '0' && version[0] <= '9';
}

char *destination_read(SMFICTX *context)
{
	const char *address = macro(context, "{rcpt_addr}");

	if (address[0] == '\0')
		return NULL;
	/* The address first, since they differ there. */
	return xasprintf("%s\n%s\n%s", address, macro(context, "{rcpt_host}"),
		macro(context, "{rcpt_mailer}"));
}

bool destinations_have(const struct destinations *destinations, const char *name)
{
	for (size_t i = 0; i < destinations->count; i++)
		if (strcmp(destinations->names[i], name) == 0)
			return true;
	return false;
}

void destinations_add(struct destinations *destinations, char *name)
{
	/* Doubled when the count is a power of two: a message may have a thousand. */
	if ((destinations->count & (destinations->count - 1)) == 0)
		destinations->names = xreallocarray(destinations->names,
			destinations->count == 0 ? 1 : 2 * destinations->count,
			sizeof(*destinations->names));
	destinations->names[destinations->count++] = name;
}

void destinations_clear(struct destinations *destinations)
{
	for (size_t i = 0; i < destinations->count; i++)
		free(destinations->names[i]);
	free(destinations->names);
	*destinations = (struct destinations){ NULL, 0 };
}
