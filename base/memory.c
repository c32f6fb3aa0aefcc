#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * Nothing is flushed or cleaned up: that could want memory too.  The exit
 * status makes an MTA that runs us over pipe(8) keep its message.
 */
static _Noreturn void out_of_memory(void)
{
	static const char line[] = "okite: error: out of memory\n";

	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_TEMPFAIL);
}

static void *checked(void *memory)
{
	if (memory == NULL)
		out_of_memory();
	return memory;
}

/* Asking for nothing may give NULL by the standard: ask for something. */
static size_t at_least_one(size_t size)
{
	return size > 0 ? size : 1;
}

void *xmalloc(size_t size)
{
	return checked(malloc(at_least_one(size)));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(calloc(at_least_one(count), at_least_one(size)));
}

void *xrealloc(void *old, size_t size)
{
	return checked(realloc(old, at_least_one(size)));
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, at_least_one(count), at_least_one(size)));
}

char *xstrdup(const char *text)
{
	return checked(strdup(text));
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	return text;
}
