/* okite setup postfix: what people and programs see of a plan. */
#include "cli/setup_show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { COLUMNS = 78, SENTENCE_MAX = 4096 };

char *shell_quoted(const char *text)
{
	char *quoted = xmalloc(4 * strlen(text) + 3), *to = quoted;

	*to++ = '\'';
	for (; *text != '\0'; text++) {
		/* A ' ends the quotes, stands by itself, and begins them again. */
		if (*text == '\'') {
			memcpy(to, "'\\''", 4);
			to += 4;
		} else {
			*to++ = *text;
		}
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

/* A sentence, folded at blanks, as comments of a shell. */
static void print_comment(struct output *output, const char *sentence)
{
	char text[SENTENCE_MAX];
	const char *rest = text_printable_again(text, sizeof(text), sentence);

	do {
		size_t length = strlen(rest), cut = length;

		if (length > COLUMNS - 2) {
			cut = COLUMNS - 2;
			while (cut > 0 && rest[cut] != ' ')
				cut--;
			if (cut == 0)
				cut = strcspn(rest, " ");
		}
		fprintf(output->to, "# %.*s\n", (int)cut, rest);
		rest += cut;
		rest += strspn(rest, " ");
	} while (*rest != '\0');
}

void setup_show_note(struct output *output, const char *kind, const char *format, ...)
{
	char text[SENTENCE_MAX], sentence[SENTENCE_MAX + 16];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (output->json) {
		json_t *object = json_object();

		json_object_set_new(object, "step", json_string(kind));
		json_object_set_new(object, "message", value_of_text(text));
		output_json(output, object);
		return;
	}
	snprintf(sentence, sizeof(sentence), "%s%s",
		strcmp(kind, "warning") == 0 ? "WARNING: " : "", text);
	print_comment(output, sentence);
}

/* ---- a step ---- */

char *setup_okite_line(const struct setup_step *step)
{
	return xasprintf("%s = %s;", step->name, step->after);
}

/* `postconf` or `postfix`, for the folder that MAIL_CONFIG names. */
static char *program_with_folder(const char *program, const struct postfix *postfix)
{
	char *folder, *text;

	if (!postfix->folder_is_named)
		return xstrdup(program);
	folder = shell_quoted(postfix->folder);
	text = xasprintf("%s -c %s", program, folder);
	free(folder);
	return text;
}

static char *command_of(const struct setup_step *step, const struct postfix *postfix,
	const struct setup_okite *okite)
{
	char *setting = NULL, *quoted, *program, *command;

	if (step->file == SETUP_OKITE) {
		char *path = shell_quoted(okite->conf_path);

		setting = setup_okite_line(step);
		quoted = shell_quoted(setting);
		command = xasprintf("printf '%%s\\n' %s >>%s", quoted, path);
		free(path);
		free(setting);
		free(quoted);
		return command;
	}
	if (step->file == SETUP_MASTER)
		setting = xasprintf("%s/%s=%s", step->service, step->name, step->after);
	else
		setting = xasprintf("%s = %s", step->name, step->after);
	quoted = shell_quoted(setting);
	program = program_with_folder("postconf", postfix);
	command = xasprintf(
		"%s %s %s", program, step->file == SETUP_MASTER ? "-P" : "-e", quoted);
	free(setting);
	free(quoted);
	free(program);
	return command;
}

static json_t *step_to_json(const struct setup_step *step, bool done)
{
	static const char *const files[] = { "main.cf", "master.cf", "okite.conf" };
	json_t *object = json_object();

	json_object_set_new(object, "step", json_string("set"));
	json_object_set_new(object, "file", json_string(files[step->file]));
	json_object_set_new(object, "service",
		step->service != NULL ? value_of_text(step->service) : json_null());
	json_object_set_new(object, "name", value_of_text(step->name));
	json_object_set_new(object, "before",
		step->before != NULL ? value_of_text(step->before) : json_null());
	json_object_set_new(object, "after",
		step->after != NULL ? value_of_text(step->after) : json_null());
	json_object_set_new(object, "done", json_boolean(done));
	return object;
}

static void show_step(struct output *output, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_step *step, bool done)
{
	char *command = command_of(step, postfix, okite);
	json_t *object;

	if (output->json) {
		object = step_to_json(step, done);
		json_object_set_new(object, "why", value_of_text(step->why));
		json_object_set_new(object, "command", value_of_text(command));
		output_json(output, object);
	} else {
		print_comment(output, step->why);
		fprintf(output->to, "%s\n", command);
	}
	free(command);
}

void setup_show_undone(struct output *output, const struct setup_step *step, bool done,
	const char *outcome)
{
	if (output->json) {
		/* What was set is what stood there before. */
		const struct setup_step back = { .file = step->file,
			.service = step->service,
			.name = step->name,
			.before = step->after,
			.after = step->before };
		json_t *object = step_to_json(&back, done);

		json_object_set_new(object, "message", value_of_text(outcome));
		output_json(output, object);
		return;
	}
	setup_show_note(output, done ? "note" : "warning", "%s%s%s: %s",
		step->service != NULL ? step->service : "",
		step->service != NULL ? ", " : "", step->name, outcome);
}

/* ---- the plan ---- */

static void show_head(struct output *output, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan)
{
	if (!output->json)
		setup_show_note(output, "note", "Postfix %s, %s; okited listens on %s.%s",
			postfix->version, postfix->folder, okite->address,
			plan->step_count == 0 ? "  Nothing is left to do." : "");
}

/* What makes the changes count, for who pastes the lines. */
static void show_tail(struct output *output, const struct postfix *postfix,
	const struct setup_plan *plan)
{
	char *program = program_with_folder("postfix", postfix);

	if (setup_plan_touches(plan, SETUP_MAIN) ||
		setup_plan_touches(plan, SETUP_MASTER))
		fprintf(output->to, "%s reload\n", program);
	if (plan->step_count > 0)
		print_comment(output,
			"`okite setup postfix --apply` does all of this, and "
			"`okite setup postfix --undo` takes it back.");
	free(program);
}

void setup_show_plan(struct output *output, const struct postfix *postfix,
	const struct setup_okite *okite, const struct setup_plan *plan, bool done)
{
	show_head(output, postfix, okite, plan);
	for (size_t i = 0; i < plan->step_count; i++)
		show_step(output, postfix, okite, &plan->steps[i], done);
	for (size_t i = 0; i < plan->note_count; i++)
		setup_show_note(output, plan->notes[i].warning ? "warning" : "note", "%s",
			plan->notes[i].text);
	if (!done && !output->json)
		show_tail(output, postfix, plan);
}
