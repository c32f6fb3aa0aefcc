#include "store/lesson.h"

#include <stddef.h>

#include "base/text.h"

const char *const lesson_names[LESSON_KIND_COUNT] = {
	[LESSON_HARD] = "hard",
	[LESSON_SOFT] = "soft",
	[LESSON_POLICY] = "policy",
	[LESSON_COMPLAINT] = "complaint",
	[LESSON_UNSUBSCRIBE] = "unsubscribe",
	[LESSON_DELIVERED] = "delivered",
};

static const enum lesson_effect effects[LESSON_KIND_COUNT] = {
	[LESSON_HARD] = EFFECT_ENTRY,
	[LESSON_SOFT] = EFFECT_ROW,
	[LESSON_POLICY] = EFFECT_NONE, /* about us, not about the recipient */
	[LESSON_COMPLAINT] = EFFECT_ENTRY,
	[LESSON_UNSUBSCRIBE] = EFFECT_ENTRY,
	[LESSON_DELIVERED] = EFFECT_CLEAR,
};

enum lesson_effect lesson_effect(const struct lesson *lesson)
{
	enum lesson_effect effect = effects[lesson->kind];

	if (lesson->entry.digest[0] == '\0')
		return EFFECT_NONE;
	if (lesson->entry.reason == REASON_NONE && effect != EFFECT_CLEAR)
		return EFFECT_NONE;
	return effect;
}

int lesson_strength(enum lesson_kind kind)
{
	return kind == LESSON_HARD ? 2 : 1;
}

int64_t *lesson_counter(enum lesson_kind kind, struct counters *counters)
{
	switch (kind) {
	case LESSON_HARD:
		return &counters->hard;
	case LESSON_SOFT:
		return &counters->soft;
	case LESSON_POLICY:
		return &counters->policy;
	case LESSON_COMPLAINT:
		return &counters->complaint;
	default:
		return NULL;
	}
}

void lesson_suppressed(const struct lesson *lesson, struct event *event)
{
	*event = lesson->event;
	event->kind = EVENT_SUPPRESSED;
	event->verdict[0] = event->reply[0] = event->detail[0] = '\0';
}
