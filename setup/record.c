#include "setup/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/memory.h"

static const char *const file_names[SETUP_FILE_COUNT] = { "main.cf", "master.cf",
	"okite.conf" };

char *setup_record_path(const char *state_dir, const char *folder)
{
	char *path = xasprintf("%s/setup%s", state_dir, folder);

	for (char *slash = path + strlen(state_dir) + 1; *slash != '\0'; slash++)
		if (*slash == '/')
			*slash = '-';
	return path;
}

/* ---- to JSON and back ---- */

static json_t *bytes_to_json(const struct bytes *bytes)
{
	json_t *value;
	char *text;

	if (bytes->data == NULL)
		return json_null();
	text = xmalloc(BASE64_SIZE(bytes->size));
	base64_write(text, (const uint8_t *)bytes->data, bytes->size);
	value = json_string(text);
	free(text);
	return value;
}

static void bytes_from_json(struct bytes *bytes, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t room;

	*bytes = (struct bytes){ NULL, 0 };
	if (text == NULL)
		return;
	room = strlen(text) / 4 * 3 + 3;
	bytes->data = xmalloc(room + 1);
	if (base64_read((uint8_t *)bytes->data, room, &bytes->size, text))
		bytes->data[bytes->size] = '\0';
	else
		bytes_clear(bytes);
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *step_to_json(const struct setup_step *step)
{
	json_t *object = json_object();

	json_object_set_new(object, "file", json_string(file_names[step->file]));
	json_object_set_new(object, "service", text_or_null(step->service));
	json_object_set_new(object, "name", json_string(step->name));
	json_object_set_new(object, "before", text_or_null(step->before));
	json_object_set_new(object, "after", text_or_null(step->after));
	return object;
}

static json_t *record_to_json(const struct setup_record *record)
{
	json_t *object = json_object(), *files = json_object(), *steps = json_array();

	json_object_set_new(object, "version", json_integer(1));
	json_object_set_new(object, "folder", json_string(record->folder));
	json_object_set_new(object, "address", text_or_null(record->address));
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		json_t *file = json_object();

		json_object_set_new(file, "path", text_or_null(record->files[i].path));
		json_object_set_new(
			file, "before", bytes_to_json(&record->files[i].before));
		json_object_set_new(
			file, "after", bytes_to_json(&record->files[i].after));
		json_object_set_new(files, file_names[i], file);
	}
	for (size_t i = 0; i < record->steps.step_count; i++)
		json_array_append_new(steps, step_to_json(&record->steps.steps[i]));
	json_object_set_new(object, "files", files);
	json_object_set_new(object, "steps", steps);
	return object;
}

static char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? xstrdup(text) : NULL;
}

static void add_step(struct setup_record *record, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const char *after = json_string_value(json_object_get(object, "after"));
	const char *file = json_string_value(json_object_get(object, "file"));

	for (size_t i = 0;
		name != NULL && after != NULL && file != NULL && i < SETUP_FILE_COUNT;
		i++)
		if (strcmp(file, file_names[i]) == 0)
			setup_plan_add(&record->steps, i,
				json_string_value(json_object_get(object, "service")),
				name,
				json_string_value(json_object_get(object, "before")),
				after, NULL);
}

static void record_from_json(struct setup_record *record, const json_t *object)
{
	const json_t *files = json_object_get(object, "files");
	const json_t *steps = json_object_get(object, "steps");

	record->folder = text_of(object, "folder");
	record->address = text_of(object, "address");
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		const json_t *file = json_object_get(files, file_names[i]);

		record->files[i].path = text_of(file, "path");
		bytes_from_json(
			&record->files[i].before, json_object_get(file, "before"));
		bytes_from_json(&record->files[i].after, json_object_get(file, "after"));
	}
	for (size_t i = 0; i < json_array_size(steps); i++)
		add_step(record, json_array_get(steps, i));
}

/* ---- the file ---- */

/* state_dir belongs to okite, who must not tell root what to write into Postfix. */
static bool is_ours(int file)
{
	struct stat status;

	return fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == geteuid() && (status.st_mode & 077) == 0 &&
	       status.st_nlink == 1;
}

bool setup_record_read(struct setup_record *record, const char *path, struct error *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	json_error_t fault;
	json_t *object;

	*record = (struct setup_record){ .folder = NULL };
	/* Who may not look there has applied nothing either. */
	if (file < 0 && (errno == ENOENT || errno == EACCES))
		return true;
	if (file < 0)
		return error_set(
			error, "%s: it cannot be read: %s", path, strerror(errno));
	if (!is_ours(file)) {
		close(file);
		return error_set(error,
			"%s: it is not a file of this user alone, so it is not believed; "
			"look at it and remove it",
			path);
	}
	object = json_loadfd(file, 0, &fault);
	close(file);
	record_from_json(record, object);
	json_decref(object);
	if (record->folder != NULL)
		return true;
	setup_record_clear(record);
	return error_set(error, "%s: it is no record of okite setup", path);
}

bool setup_record_write(
	const struct setup_record *record, const char *path, struct error *error)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	int file = mkostemp(temporary, O_CLOEXEC); /* O_EXCL, mode 0600 */
	json_t *object = record_to_json(record);
	bool done = file >= 0 && json_dumpfd(object, file, JSON_INDENT(1)) == 0 &&
		    fsync(file) == 0 && rename(temporary, path) == 0;

	if (!done)
		error_set(error,
			"%s: what is changed cannot be recorded, so nothing is: %s", path,
			strerror(errno));
	if (!done && file >= 0)
		unlink(temporary);
	if (file >= 0)
		close(file);
	json_decref(object);
	free(temporary);
	return done;
}

bool setup_record_remove(const char *path, struct error *error)
{
	return unlink(path) == 0 || errno == ENOENT ||
	       error_set(error, "%s: it cannot be removed: %s", path, strerror(errno));
}

void setup_record_clear(struct setup_record *record)
{
	for (size_t i = 0; i < SETUP_FILE_COUNT; i++) {
		free(record->files[i].path);
		bytes_clear(&record->files[i].before);
		bytes_clear(&record->files[i].after);
	}
	setup_plan_clear(&record->steps);
	free(record->folder);
	free(record->address);
	*record = (struct setup_record){ .folder = NULL };
}

/* ---- one more --apply ---- */

static struct bytes copy_of(const struct bytes *bytes)
{
	struct bytes copy = { xmalloc(bytes->size + 1), bytes->size };

	memcpy(copy.data, bytes->data, bytes->size + 1);
	return copy;
}

/*
 * The file before the first --apply stays what --undo puts back, unless
 * somebody changed it between the two: then that would be lost, and --undo has
 * to go step by step.
 */
void setup_record_file(struct setup_record *record, enum setup_file file,
	const char *path, const struct bytes *before, const struct bytes *after)
{
	struct setup_record_file *known = &record->files[file];

	if (known->path == NULL) {
		known->path = xstrdup(path);
		known->before = copy_of(before);
	} else if (!bytes_equal(before, &known->after) &&
		   !bytes_equal(before, &known->before)) {
		bytes_clear(&known->before);
	}
	bytes_clear(&known->after);
	known->after = copy_of(after);
}

static bool same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

void setup_record_step(struct setup_record *record, const struct setup_step *step)
{
	for (size_t i = 0; i < record->steps.step_count; i++) {
		struct setup_step *known = &record->steps.steps[i];

		if (known->file != step->file || !same(known->service, step->service) ||
			!same(known->name, step->name))
			continue;
		if (!same(known->after, step->before) &&
			!same(known->before, step->before)) {
			free(known->before);
			known->before =
				step->before != NULL ? xstrdup(step->before) : NULL;
		}
		free(known->after);
		known->after = xstrdup(step->after);
		return;
	}
	setup_plan_add(&record->steps, step->file, step->service, step->name,
		step->before, step->after, NULL);
}
