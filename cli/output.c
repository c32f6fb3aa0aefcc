#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* Longer than any text that is stored; what is beyond ends in "...". */
enum { CELL_MAX = 2048 };

void output_init(struct output *output, FILE *to, bool json)
{
	*output = (struct output){
		.to = to,
		.json = json,
		.terminal = isatty(fileno(to)) == 1,
	};
}

bool output_good(struct output *output)
{
	if (output->failure == 0 && ferror(output->to))
		output->failure = errno != 0 ? errno : EIO;
	return output->failure == 0;
}

bool output_flush(struct output *output)
{
	if (fflush(output->to) != 0 && output->failure == 0)
		output->failure = errno;
	return output_good(output);
}

bool output_json(struct output *output, json_t *object)
{
	size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(12);

	/* A terminal may act on C1 controls, which JSON allows in a string as they are.
	 */
	if (output->terminal)
		flags |= JSON_ENSURE_ASCII;
	errno = 0;
	json_dumpf(object, output->to, flags);
	putc('\n', output->to);
	json_decref(object);
	return output_good(output);
}

void output_field(struct output *output, const char *name, const char *format, ...)
{
	char text[CELL_MAX], printable[CELL_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(output->to, "%-12s%s\n", name,
		text_printable(printable, sizeof(printable), text));
}

json_t *value_of_text(const char *text)
{
	char printable[CELL_MAX];
	json_t *value = json_string(text);

	if (value != NULL)
		return value;
	return json_string(text_printable(printable, sizeof(printable), text));
}

json_t *value_or_null(const char *text)
{
	return text[0] != '\0' ? value_of_text(text) : json_null();
}

json_t *value_of_moment(int64_t moment_us)
{
	char text[CLOCK_TEXT_SIZE];

	return value_or_null(clock_to_text(text, sizeof(text), moment_us));
}

json_t *value_of_span(int64_t span_us)
{
	if (span_us % SECOND_US == 0)
		return json_integer(span_us / SECOND_US);
	return json_real((double)span_us / (double)SECOND_US);
}

char *span_text(char *to, size_t size, int64_t span_us)
{
	static const struct {
		const char *name, *below;
		int64_t us, below_us;
		int64_t least_us; /* "24h 3m" rather than "1d 1h" */
	} units[] = {
		{ "d", "h", DAY_US, HOUR_US, 2 * DAY_US },
		{ "h", "m", HOUR_US, 60 * SECOND_US, HOUR_US },
		{ "m", "s", 60 * SECOND_US, SECOND_US, 60 * SECOND_US },
	};

	if (span_us < 10 * SECOND_US && span_us % SECOND_US != 0) {
		snprintf(to, size, "%lldms", (long long)((span_us + 999) / 1000));
		return to;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t parts = (span_us + units[i].below_us - 1) / units[i].below_us;
		int64_t each = units[i].us / units[i].below_us;

		if (span_us < units[i].least_us)
			continue;
		if (parts % each == 0)
			snprintf(to, size, "%lld%s", (long long)(parts / each),
				units[i].name);
		else
			snprintf(to, size, "%lld%s %lld%s", (long long)(parts / each),
				units[i].name, (long long)(parts % each), units[i].below);
		return to;
	}
	snprintf(to, size, "%llds", (long long)((span_us + SECOND_US - 1) / SECOND_US));
	return to;
}

/* Columns on the screen, taking each character of UTF-8 for one. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80;
	return width;
}

void table_init(struct table *table, struct output *output, const char *const *headings)
{
	*table = (struct table){ .output = output, .headings = headings };
	for (; headings[table->columns] != NULL; table->columns++)
		table->widths[table->columns] = width_of(headings[table->columns]);
	table->cells = xcalloc(TABLE_ROWS * table->columns, sizeof(*table->cells));
}

void table_row(struct table *table, const char *const *cells)
{
	char printable[CELL_MAX];

	for (size_t i = 0; i < table->columns; i++) {
		size_t width;

		text_printable(printable, sizeof(printable), cells[i]);
		width = width_of(printable);
		if (width > table->widths[i])
			table->widths[i] = width;
		table->cells[table->rows * table->columns + i] = xstrdup(printable);
	}
	if (++table->rows == TABLE_ROWS)
		table_flush(table);
}

static void print_cells(const struct table *table, const char *const *cells)
{
	FILE *to = table->output->to;
	size_t last = table->columns - 1;

	/* Empty cells at the end would leave trailing blanks. */
	while (last > 0 && cells[last][0] == '\0')
		last--;
	fprintf(to, "%*s", (int)table->indent, "");
	for (size_t i = 0; i <= last; i++) {
		int fill = (int)(table->widths[i] - width_of(cells[i]));

		if ((table->right >> i & 1u) != 0)
			fprintf(to, "%*s%s", fill, "", cells[i]);
		else
			fprintf(to, "%s%*s", cells[i], i < last ? fill : 0, "");
		fputs(i < last ? "  " : "\n", to);
	}
}

void table_flush(struct table *table)
{
	if (table->rows > 0 && !table->headed) {
		print_cells(table, table->headings);
		table->headed = true;
	}
	errno = 0;
	for (size_t row = 0; row < table->rows; row++) {
		char **cells = table->cells + row * table->columns;

		print_cells(table, (const char *const *)cells);
		for (size_t i = 0; i < table->columns; i++)
			free(cells[i]);
	}
	table->rows = 0;
	output_good(table->output);
}

void table_finish(struct table *table)
{
	table_flush(table);
	free(table->cells);
	table->cells = NULL;
}

void progress_init(struct progress *progress)
{
	*progress = (struct progress){
		.terminal = isatty(STDERR_FILENO) == 1,
		.next_us = clock_monotonic_us() + SECOND_US,
	};
}

void progress_show(struct progress *progress, const char *format, ...)
{
	int64_t now_us;
	va_list arguments;

	if (!progress->terminal)
		return;
	now_us = clock_monotonic_us();
	if (now_us < progress->next_us)
		return;
	progress->next_us = now_us + SECOND_US;
	progress->shown = true;
	fputs("\r\033[K", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fflush(stderr);
}

void progress_finish(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
