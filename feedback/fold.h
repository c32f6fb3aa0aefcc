#pragma once

#include <stddef.h>

/*
 * The text of a refusal in the one form that phrases are looked for in:
 *
 *   letters      in lower case, the Latin ones without their marks; Greek, Cyrillic
 *   white space  one space, none at the ends; none where a line of Chinese or
 *                Japanese was broken; "_" is a space too
 *   addresses    "@", whoever they are of: a name must not look like a reason
 *   "550-5.1.1"  the code of a reply's further lines is left out
 *   quotes       the typographic ones are ' and "
 *
 * What does not fit into SIZE bytes is left out at the end.  Returns the
 * length; TO is ended by NUL.  Any bytes are allowed, UTF-8 or not.
 */
size_t fold(char *to, size_t size, const char *text, size_t length);
