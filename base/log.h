#pragma once

/*
 * The log of a program: standard error in the foreground, syslog(3) (facility
 * mail) otherwise.  Set up once at start, then safe from any thread.
 * Libraries (all folders but milter/, cli/ and reputation/) do not log.
 */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
};

void log_open(const char *program, int to_stderr);

/* One line; control characters in it are made printable. */
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
