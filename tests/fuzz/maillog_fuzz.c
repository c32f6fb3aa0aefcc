/*
 * Any bytes as a line of a log: all pieces lie within the line, an event has
 * what its kind promises, and a delivery's recipient and text can be written
 * as a line again that is read the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/maillog.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct maillog_clock noon = { 1795521600 * SECOND_US, 3600 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_pieces(const struct maillog *event, const char *line, size_t size)
{
	const struct span pieces[] = { event->instance, event->program, event->queue_id,
		event->recipient, event->original_recipient, event->relay,
		event->relay_host, event->status, event->text, event->refuser,
		event->queued_as, event->client, event->login, event->original_id,
		event->sender, event->user_id, event->message_id, event->new_id };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct span piece = pieces[i];

		must(piece.size == 0 || (piece.text >= line && piece.size <= size &&
						span_end(piece) <= line + size));
	}
}

static bool same(struct span one, struct span other)
{
	return one.size == other.size &&
	       (one.size == 0 || memcmp(one.text, other.text, one.size) == 0);
}

static void check_delivery(const struct maillog *event)
{
	struct maillog again;
	char *line;
	int size;

	if (memchr(event->recipient.text, '\0', event->recipient.size) != NULL ||
		event->text.size == 0 ||
		memchr(event->text.text, '\0', event->text.size) != NULL)
		return;
	line = xmalloc(2 * MAILLOG_LINE_MAX);
	size = snprintf(line, 2 * MAILLOG_LINE_MAX,
		"postfix/smtp[1]: A1B2C3D4E5: to=<%.*s>, relay=none, status=bounced "
		"(%.*s)",
		(int)event->recipient.size, event->recipient.text, (int)event->text.size,
		event->text.text);
	must(maillog_read(&again, &noon, line, (size_t)size) || size > MAILLOG_LINE_MAX);
	must(size > MAILLOG_LINE_MAX || (same(again.recipient, event->recipient) &&
						same(again.text, event->text)));
	free(line);
}

static void check_event(const struct maillog *event)
{
	bool delivery = event->kind == MAILLOG_SENT || event->kind == MAILLOG_DEFERRED ||
			event->kind == MAILLOG_BOUNCED;

	must(event->kind > MAILLOG_OTHER && event->kind < MAILLOG_KIND_COUNT);
	must(event->time_us >= 0);
	must(event->instance.size > 0 && event->program.size > 0);
	must(event->queue_id.size > 0 || event->kind == MAILLOG_CLIENT ||
		event->kind == MAILLOG_REFUSED);
	must(delivery || event->recipient.size == 0 || event->kind == MAILLOG_EXPIRED);
	must(!event->soft_bounce || event->kind == MAILLOG_DEFERRED);
	if (delivery)
		check_delivery(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *line = (const char *)bytes;
	struct maillog event;

	if (maillog_read(&event, &noon, line, size)) {
		check_event(&event);
		check_pieces(&event, line, size);
	} else {
		must(event.kind == MAILLOG_OTHER);
	}
	return 0;
}
