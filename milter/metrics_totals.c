#include "milter/metrics_totals.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "milter/runtime.h"

/* More than there can be of kinds, classes, sources, reasons and standings together. */
enum { TOTALS_MAX = 1000, LABELS_MAX = 4, LABEL_SIZE = 24 };

/* "feedback:bounce:hard:log:yes" and how many. */
struct total {
	char name[LABEL_SIZE];
	char labels[LABELS_MAX][LABEL_SIZE];
	size_t label_count;
	int64_t value;
};

struct totals {
	struct total *items;
	size_t count;
};

/* What is in Redis is no label of Prometheus until it looks like one. */
static bool is_label(const char *text, size_t length)
{
	return length > 0 && length < LABEL_SIZE &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") >= length;
}

static bool read_name(struct total *total, const char *name)
{
	size_t length = strcspn(name, ":");

	if (!is_label(name, length))
		return false;
	text_copy(total->name, length + 1, name);
	for (name += length; *name == ':'; name += length) {
		name++;
		length = strcspn(name, ":");
		if (total->label_count == LABELS_MAX || !is_label(name, length))
			return false;
		text_copy(total->labels[total->label_count++], length + 1, name);
	}
	return true;
}

static bool take(const char *name, int64_t value, void *context)
{
	struct totals *totals = context;
	struct total total = { .value = value };

	if (totals->count < TOTALS_MAX && read_name(&total, name)) {
		totals->items = xreallocarray(
			totals->items, totals->count + 1, sizeof(*totals->items));
		totals->items[totals->count++] = total;
	}
	return totals->count < TOTALS_MAX;
}

static void write_feedback(FILE *out, const struct total *total)
{
	fprintf(out,
		"okite_feedback_total{kind=\"%s\",class=\"%s\",source=\"%s\",trusted=\"%"
		"s\"} %" PRId64 "\n",
		total->labels[0], total->labels[1], total->labels[2], total->labels[3],
		total->value);
}

static void write_repeated(FILE *out, const struct total *total)
{
	fprintf(out, "okite_feedback_repeated_total{source=\"%s\"} %" PRId64 "\n",
		total->labels[0], total->value);
}

static void write_suppressed(FILE *out, const struct total *total)
{
	fprintf(out, "okite_suppressed_total{reason=\"%s\"} %" PRId64 "\n",
		total->labels[0], total->value);
}

static void write_accounts(FILE *out, const struct total *total)
{
	fprintf(out, "okite_accounts{standing=\"%s\"} %" PRId64 "\n", total->labels[0],
		total->value);
}

static const struct family {
	const char *total; /* what its totals begin with */
	size_t labels;
	const char *name, *type, *help;
	void (*write)(FILE *out, const struct total *total);
} families[] = {
	{ "feedback", 4, "okite_feedback_total", "counter",
		"What came back, by what it said, where it came from, and whether it was "
		"believed.",
		write_feedback },
	{ "repeated", 1, "okite_feedback_repeated_total", "counter",
		"What had come back before.", write_repeated },
	{ "suppressed", 1, "okite_suppressed_total", "counter",
		"Entries that were added to the suppression list.", write_suppressed },
	{ "accounts", 1, "okite_accounts", "gauge", "Accounts by their standing.",
		write_accounts },
};

static void write_family(
	FILE *out, const struct family *family, const struct totals *totals)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
		family->name, family->type);
	for (size_t i = 0; i < totals->count; i++)
		if (totals->items[i].label_count == family->labels &&
			strcmp(totals->items[i].name, family->total) == 0)
			family->write(out, &totals->items[i]);
}

void metrics_write_totals(FILE *out)
{
	struct runtime *runtime = runtime_hold();
	struct totals totals = { .count = 0 };

	if (store_each_total(runtime->store, take, &totals, NULL))
		for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
			write_family(out, &families[i], &totals);
	free(totals.items);
	runtime_release(runtime);
}
