/* okite feedback --follow: a log is read as it grows. */
#include <stdio.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "cli/feedback.h"
#include "follow/follow.h"

/* What no event of the file system tells, such as a log on a network, is seen so late. */
static const int64_t LOOK_US = SECOND_US;

static void notice(const char *text, void *context)
{
	(void)context;
	fprintf(stderr, "okite: %s\n", text);
}

static bool follow_on(
	struct learning_sink *learning, struct follow *follow, struct error *error)
{
	const struct span *lines;
	size_t count;

	switch (follow_next(follow, &lines, &count, error)) {
	case FOLLOW_LINES:
		return learn_lines(learning, lines, count, error) &&
		       follow_keep(follow, error);
	case FOLLOW_IDLE:
		follow_wait(follow, LOOK_US);
		return true;
	case FOLLOW_FAILED:
		break;
	}
	return false;
}

int feedback_follow(struct learning_sink *learning, const char *path)
{
	struct error error = ERROR_NONE;
	const char *state_dir = learning_sink(learning)->cli->conf->state_dir;
	struct follow *follow = follow_open(path, state_dir, notice, NULL, &error);
	bool good = follow != NULL;

	interrupt_catch();
	while (good && !interrupt_came())
		good = follow_on(learning, follow, &error);
	follow_close(follow);
	/* A question to Redis that a signal ends is no failure. */
	if (!good && !interrupt_came())
		fprintf(stderr, "okite: %s\n", error.text);
	interrupt_end();
	return good ? CLI_YES : CLI_AWAY;
}
