#pragma once

#include "feedback/buffer.h"
#include "feedback/span.h"

/*
 * FROM in the character set NAME (of a Content-Type; may be empty) to UTF-8,
 * behind what TO holds.  Only sets of our table are asked of iconv(3); any
 * other, and a wrong label, is taken for UTF-8, or for Windows-1252 where it
 * is none.  NUL becomes a space.
 */
void charset_to_utf8(struct buffer *to, struct span from, struct span name);
