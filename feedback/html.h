#pragma once

#include "feedback/buffer.h"
#include "feedback/span.h"

/*
 * What a person reads of FROM, HTML in UTF-8: lines where blocks begin, no
 * tags, no styles, entities replaced.
 */
void html_to_text(struct buffer *to, struct span from);

/* Is it HTML without saying so? */
bool looks_like_html(struct span text);
