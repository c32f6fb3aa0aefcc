/* What Postfix has: looking things up in it, and letting go of it. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "setup/setup.h"

void names_add(struct names *names, char *owned)
{
	names->items =
		xreallocarray(names->items, names->count + 1, sizeof(*names->items));
	names->items[names->count++] = owned;
}

bool names_have(const struct names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], text) == 0)
			return true;
	return false;
}

void names_add_once(struct names *names, const char *text)
{
	if (!names_have(names, text))
		names_add(names, xstrdup(text));
}

void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){ NULL, 0 };
}

/* ---- parameters ---- */

static struct postfix_parameter *find(
	struct postfix_parameter *parameters, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(parameters[i].name, name) == 0)
			return &parameters[i];
	return NULL;
}

static struct postfix_parameter *find_or_add(
	struct postfix_parameter **parameters, size_t *count, const char *name)
{
	struct postfix_parameter *found = find(*parameters, *count, name);

	if (found != NULL)
		return found;
	*parameters = xreallocarray(*parameters, *count + 1, sizeof(**parameters));
	found = &(*parameters)[(*count)++];
	*found = (struct postfix_parameter){ .name = xstrdup(name) };
	return found;
}

struct postfix_parameter *postfix_add_parameter(struct postfix *postfix, const char *name)
{
	return find_or_add(&postfix->parameters, &postfix->parameter_count, name);
}

struct postfix_parameter *service_add_override(
	struct postfix_service *service, const char *name)
{
	return find_or_add(&service->overrides, &service->override_count, name);
}

struct postfix_parameter *postfix_parameter(
	const struct postfix *postfix, const char *name)
{
	return find(postfix->parameters, postfix->parameter_count, name);
}

struct postfix_parameter *service_override(
	const struct postfix_service *service, const char *name)
{
	return find(service->overrides, service->override_count, name);
}

/* What is only written somewhere is taken for its own value. */
static const char *value_of(const struct postfix_parameter *parameter)
{
	if (parameter == NULL)
		return "";
	if (parameter->value != NULL)
		return parameter->value;
	return parameter->set != NULL ? parameter->set : "";
}

const char *postfix_value(const struct postfix *postfix, const char *name)
{
	return value_of(postfix_parameter(postfix, name));
}

const char *service_value(const struct postfix *postfix,
	const struct postfix_service *service, const char *name)
{
	const struct postfix_parameter *override = service_override(service, name);

	return override != NULL ? value_of(override) : postfix_value(postfix, name);
}

bool service_is(const struct postfix_service *service, const char *command)
{
	return strcmp(service->command, command) == 0;
}

static void clear_parameters(struct postfix_parameter *parameters, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(parameters[i].name);
		free(parameters[i].set);
		free(parameters[i].value);
		free(parameters[i].stressed);
	}
	free(parameters);
}

void postfix_clear(struct postfix *postfix)
{
	for (size_t i = 0; i < postfix->service_count; i++) {
		struct postfix_service *service = &postfix->services[i];

		clear_parameters(service->overrides, service->override_count);
		free(service->name);
		free(service->command);
	}
	free(postfix->services);
	clear_parameters(postfix->parameters, postfix->parameter_count);
	names_clear(&postfix->domains);
	names_clear(&postfix->unlisted);
	free(postfix->folder);
	free(postfix->version);
	free(postfix->standard_action);
	*postfix = (struct postfix){ .folder = NULL };
}
