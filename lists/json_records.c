#include <string.h>

#include "lists/json_scan.h"
#include "lists/records.h"

/* Objects out of JSON of any size and shape: see lists/records.h. */

static const char broken[] = "not JSON", too_long[] = "longer than 65536 bytes",
		  cut_off[] = "the JSON ends in the middle";

/* What is at the front of the input. */
struct view {
	const char *bytes;
	size_t size; /* at most RECORD_MAX */
	bool all;    /* the input ends behind it */
};

static struct view look(struct records *records, size_t wanted)
{
	struct view view;

	view.bytes = input_look(records->input, wanted, &view.size);
	view.all = records->input->ended && view.size <= RECORD_MAX;
	if (view.size > RECORD_MAX)
		view.size = RECORD_MAX;
	return view;
}

/* Commas are taken for blanks: the lines of a list may end in them. */
static void skip_separators(struct records *records)
{
	for (;;) {
		struct view view = look(records, 1);
		size_t length = json_scan_space(view.bytes, view.size);

		if (length == 0 && view.size > 0 && view.bytes[0] == ',')
			length = 1;
		if (length == 0)
			return;
		input_take(records->input, length);
	}
}

/* Behind something broken in an array: on to what looks like its next record. */
static void skip_to_object(struct records *records)
{
	for (;;) {
		struct view view = look(records, 1);
		const char *found =
			view.size == 0 ? NULL : memchr(view.bytes, '{', view.size);

		input_take(records->input,
			found != NULL ? (size_t)(found - view.bytes) : view.size);
		if (found != NULL || view.size == 0)
			return;
	}
}

static void skip_line(struct records *records)
{
	const char *line;
	bool more;

	do
		input_take(records->input, input_line(records->input, &line, &more));
	while (more);
	input_take_line(records->input, 0);
}

/* Which of the arrays of records it is; NO_ARRAY: none. */
enum { NO_ARRAY = -1 };

static int find_array(const struct records *records, const char *name, size_t length)
{
	for (int i = 0; records->arrays[i] != NULL; i++)
		if (strlen(records->arrays[i]) == length &&
			memcmp(records->arrays[i], name, length) == 0)
			return i;
	return NO_ARRAY;
}

/*
 * The name of a member at AT of VIEW, up to its value, where AT moves.  ARRAY:
 * the value is this array of records.
 */
static enum json_scan scan_name(
	const struct records *records, const struct view *view, size_t *at, int *array)
{
	const char *name;
	size_t length;
	enum json_scan end;

	*at += json_scan_space(view->bytes + *at, view->size - *at);
	if (*at == view->size)
		return JSON_SCAN_UNFINISHED;
	name = view->bytes + *at;
	if (*name != '"')
		return JSON_SCAN_BROKEN;
	end = json_scan(name, view->size - *at, &length);
	if (end != JSON_SCAN_VALUE)
		return end;
	*at += length;
	*at += json_scan_space(view->bytes + *at, view->size - *at);
	if (*at == view->size)
		return JSON_SCAN_UNFINISHED;
	if (view->bytes[(*at)++] != ':')
		return JSON_SCAN_BROKEN;
	*at += json_scan_space(view->bytes + *at, view->size - *at);
	if (*at == view->size)
		return JSON_SCAN_UNFINISHED;
	*array = view->bytes[*at] == '[' ? find_array(records, name + 1, length - 2)
					 : NO_ARRAY;
	return JSON_SCAN_VALUE;
}

/*
 * The object at the front of VIEW: LENGTH of it or, if it is an answer with an
 * array of records, up to that.
 */
static enum json_scan scan_object(const struct records *records, const struct view *view,
	size_t *length, int *array)
{
	size_t at = 1, value;
	enum json_scan end;
	bool empty = true;

	*array = NO_ARRAY;
	at += json_scan_space(view->bytes + at, view->size - at);
	while (at < view->size && !(empty && view->bytes[at] == '}')) {
		empty = false;
		end = scan_name(records, view, &at, array);
		if (end != JSON_SCAN_VALUE)
			return end;
		if (*array != NO_ARRAY) {
			*length = at + 1;
			return JSON_SCAN_VALUE;
		}
		end = json_scan(view->bytes + at, view->size - at, &value);
		if (end != JSON_SCAN_VALUE)
			return end;
		at += value;
		at += json_scan_space(view->bytes + at, view->size - at);
		if (at == view->size || view->bytes[at] == '}')
			break;
		if (view->bytes[at++] != ',')
			return JSON_SCAN_BROKEN;
	}
	*length = at + 1; /* with its } */
	return at < view->size ? JSON_SCAN_VALUE : JSON_SCAN_UNFINISHED;
}

static bool enter(struct records *records, char level)
{
	if (records->depth == JSON_LEVELS)
		return false;
	records->levels[records->depth++] = level;
	return true;
}

/* Hand out what is broken: in an array up to the next object, else the line. */
static void give_broken(struct records *records, struct record *record, const char *fault)
{
	struct view view = look(records, RECORD_MAX + 1);
	const char *next;

	record->line = records->input->line;
	record->fault = fault;
	if (records->depth > 0 && records->levels[records->depth - 1] == '[') {
		next = view.size < 2 ? NULL : memchr(view.bytes + 1, '{', view.size - 1);
		record->bytes = view.bytes;
		record->size = next != NULL ? (size_t)(next - view.bytes) : view.size;
		records->lost = true;
		return;
	}
	records->depth = 0;
	record->size = input_line(records->input, &record->bytes, &record->more);
}

enum step { STEP_ON, STEP_RECORD, STEP_END };

static enum step give_end(struct records *records, struct record *record)
{
	const struct view view = look(records, 1);

	/* Who has lost its way does not know whether the end is missing. */
	if (records->depth == 0 || records->lost || records->cut_off)
		return STEP_END;
	records->cut_off = true;
	record->bytes = view.bytes;
	record->line = records->input->line;
	record->fault = cut_off;
	return STEP_RECORD;
}

/* A member of an answer behind the array: another array, or nothing to us. */
static enum step pass_member(struct records *records, struct record *record)
{
	struct view view = look(records, RECORD_MAX + 1);
	enum json_scan end;
	size_t at = 0, length;
	int array;

	end = scan_name(records, &view, &at, &array);
	if (end == JSON_SCAN_VALUE && array != NO_ARRAY && enter(records, '[')) {
		records->array = array;
		input_take(records->input, at + 1);
		return STEP_ON;
	}
	if (end == JSON_SCAN_VALUE)
		end = json_scan(view.bytes + at, view.size - at, &length);
	if (end == JSON_SCAN_VALUE) {
		input_take(records->input, at + length);
		return STEP_ON;
	}
	give_broken(records, record,
		end == JSON_SCAN_BROKEN ? broken
		: view.all		? cut_off
					: too_long);
	return STEP_RECORD;
}

/* A record, or an answer that has records. */
static enum step pass_value(struct records *records, struct record *record)
{
	struct view view = look(records, RECORD_MAX + 1);
	int array = NO_ARRAY;
	size_t length;
	enum json_scan end;

	if (view.bytes[0] == '{')
		end = scan_object(records, &view, &length, &array);
	else if (records->depth > 0)
		end = json_scan(view.bytes, view.size, &length);
	else
		end = JSON_SCAN_BROKEN;
	if (array != NO_ARRAY && (!enter(records, '{') || !enter(records, '[')))
		end = JSON_SCAN_BROKEN;
	if (end != JSON_SCAN_VALUE) {
		give_broken(records, record,
			end == JSON_SCAN_BROKEN ? broken
			: view.all		? cut_off
						: too_long);
		return STEP_RECORD;
	}
	if (array != NO_ARRAY) {
		records->array = array;
		input_take(records->input, length);
		return STEP_ON;
	}
	*record = (struct record){
		.bytes = view.bytes, .size = length, .line = records->input->line
	};
	return STEP_RECORD;
}

static enum step step_on(struct records *records, struct record *record)
{
	char level = records->depth > 0 ? records->levels[records->depth - 1] : '\0';
	struct view view;

	if (records->lost && level == '[')
		skip_to_object(records);
	else
		skip_separators(records);
	view = look(records, 1);
	if (view.size == 0)
		return give_end(records, record);
	records->lost = false;
	if ((level == '[' && view.bytes[0] == ']') ||
		(level == '{' && view.bytes[0] == '}')) {
		records->depth--;
		input_take(records->input, 1);
		return STEP_ON;
	}
	if (level == '{')
		return pass_member(records, record);
	if (level == '\0' && view.bytes[0] == '#') {
		skip_line(records);
		return STEP_ON;
	}
	if (level == '\0' && view.bytes[0] == '[') {
		enter(records, '[');
		input_take(records->input, 1);
		return STEP_ON;
	}
	return pass_value(records, record);
}

bool records_next_json(struct records *records, struct record *record)
{
	enum step step;

	*record = (struct record){ 0 };
	do
		step = step_on(records, record);
	while (step == STEP_ON);
	return step == STEP_RECORD;
}
