#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Time is microseconds since 1970 in an int64_t wherever it is a moment; spans are microseconds too. */
#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)

enum { CLOCK_TEXT_SIZE = 32 };

int64_t clock_now_us(void);	  /* the wall clock */
int64_t clock_monotonic_us(void); /* for deadlines */

/* RFC 3339 in UTC, to the second ("2026-11-24T03:56:40Z"); "" for 0, which means never. */
char *clock_to_text(char *to, size_t size, int64_t moment_us);

/* The reverse, also with a fraction, an offset, or a date alone; nothing before 1970. */
bool clock_from_text(const char *text, int64_t *moment_us);
