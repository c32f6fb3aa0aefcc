#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "feedback/classify.h"
#include "feedback/span.h"

/*
 * Where `okite feedback` brings what it reads: cli/feedback_show.c prints what
 * was understood, cli/feedback_learn.c records it.  Each returns false, and
 * stderr has the reason, when it cannot go on.
 */
struct feedback_sink {
	bool (*message)(struct feedback_sink *sink, const char *bytes, size_t size);
	bool (*sns)(struct feedback_sink *sink, const char *bytes, size_t size);
	bool (*line)(struct feedback_sink *sink, struct span line);
	bool (*pause)(struct feedback_sink *sink); /* more may be long in coming */
	struct cli *cli;
	const struct classifier *classifier;
	const char *file; /* that is read just now; NULL: the standard input */
};

/*
 * What mails are read with: the built-in tables, and those that the configuration
 * names.  NULL, with ERROR set, where one of these has a fault.
 */
struct classifier *feedback_classifier(const struct conf *conf, struct error *error);

void sink_that_shows(struct feedback_sink *sink);

/* CLI is open. */
struct learning_sink;
struct learning_sink *sink_that_learns(
	struct cli *cli, const struct classifier *classifier);
struct feedback_sink *learning_sink(struct learning_sink *learning);
/* Of a log.  False, with ERROR set, when they are to come again. */
bool learn_lines(struct learning_sink *learning, const struct span *lines, size_t count,
	struct error *error);
void learning_sink_free(struct learning_sink *learning);

/* Follow the log file PATH until interrupted: how okite exits. */
int feedback_follow(struct learning_sink *learning, const char *path);
