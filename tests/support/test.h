#pragma once

/* cmocka wants these before it, in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* In a table of cases: says which one failed, then fails. */
#define CASE_EQUAL_INT(name, got, want)                                                  \
	do {                                                                             \
		long long got_ = (long long)(got), want_ = (long long)(want);            \
		if (got_ != want_)                                                       \
			fail_msg("%s: got %lld, want %lld", (name), got_, want_);        \
	} while (0)

#define CASE_EQUAL_TEXT(name, got, want)                                                 \
	do {                                                                             \
		const char *got_ = (got), *want_ = (want);                               \
		if (strcmp(got_, want_) != 0)                                            \
			fail_msg("%s: got \"%s\", want \"%s\"", (name), got_, want_);    \
	} while (0)
