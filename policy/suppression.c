#include "policy/suppression.h"

#include <string.h>

#include "base/text.h"

const char *const reason_names[REASON_COUNT] = {
	[REASON_NONE] = "none",
	[REASON_SOFT] = "soft",
	[REASON_MANUAL] = "manual",
	[REASON_HARD] = "hard",
	[REASON_UNSUBSCRIBE] = "unsubscribe",
	[REASON_COMPLAINT] = "complaint",
};

enum reason reason_from_text(const char *name)
{
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		if (strcmp(reason_names[reason], name) == 0)
			return (enum reason)reason;
	return REASON_NONE;
}

/* Is the end A later than B, where 0 is never? */
static bool ends_later(int64_t a, int64_t b)
{
	return b != 0 && (a == 0 || a > b);
}

/* True when TEXT was another one. */
static bool replace_text(char *text, size_t size, const char *new)
{
	if (strcmp(text, new) == 0)
		return false;
	text_copy(text, size, new);
	return true;
}

bool suppression_merge(struct suppression *old, const struct suppression *new)
{
	bool changed = false;

	if (old->reason == REASON_NONE) {
		*old = *new;
		return true;
	}
	if (ends_later(new->until_us, old->until_us)) {
		old->until_us = new->until_us;
		changed = true;
	}
	if (new->address[0] != '\0')
		changed |= replace_text(old->address, sizeof(old->address), new->address);
	if (new->reason < old->reason)
		return changed;

	/* Who gives the reason is its source; nothing said takes no note away. */
	if (new->reason > old->reason) {
		changed = true;
		old->reason = new->reason;
		(void)replace_text(old->source, sizeof(old->source), new->source);
	}
	if (new->note[0] != '\0')
		changed |= replace_text(old->note, sizeof(old->note), new->note);
	return changed;
}
