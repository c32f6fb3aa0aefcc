#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/text.h"

/*
 * syslog daemons cut lines at 2 KB and less.  The raw text has more room than
 * the line, and printing never makes text shorter, so a line that was cut
 * always ends in "...".
 */
enum { LINE_SIZE = 2000, RAW_SIZE = 2048, PROGRAM_SIZE = 64 };

static const struct {
	int priority;
	const char *word;
} levels[] = {
	[LOG_LEVEL_ERROR] = { LOG_ERR, "error: " },
	[LOG_LEVEL_WARNING] = { LOG_WARNING, "warning: " },
	[LOG_LEVEL_INFO] = { LOG_INFO, "" },
};

/* Written by log_open() alone, before there are threads. */
static char log_program[PROGRAM_SIZE] = "okite";
static int log_to_stderr = 1;

void log_open(const char *program, int to_stderr)
{
	text_copy(log_program, sizeof(log_program), program);
	log_to_stderr = to_stderr;
	if (!to_stderr)
		openlog(log_program, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* In one write(2), so that lines of several threads and processes do not mix. */
static void write_line(const char *word, const char *text)
{
	char line[LINE_SIZE + PROGRAM_SIZE + 16];
	int length;

	length = snprintf(line, sizeof(line), "%s: %s%s\n", log_program, word, text);
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* there is nowhere left to say it */
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;
	char raw[RAW_SIZE], text[LINE_SIZE];
	int saved_errno = errno;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	text_printable_again(text, sizeof(text), raw);
	if (log_to_stderr)
		write_line(levels[level].word, text);
	else
		syslog(LOG_MAIL | levels[level].priority, "%s%s", levels[level].word,
			text);
	errno = saved_errno;
}
