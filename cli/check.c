/* okite check: the configuration, and then Redis. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/feedback.h"

enum { LEVEL_OK, LEVEL_WARNING, LEVEL_ERROR };

struct findings {
	struct output *output;
	const char *path; /* of the configuration */
	size_t errors;
};

static void tell(
	struct findings *findings, int level, const char *where, const char *message)
{
	static const char *const levels[] = { "ok", "warning", "error" };
	char printable[1024];
	json_t *object;

	findings->errors += level == LEVEL_ERROR;
	if (!findings->output->json) {
		/* "FILE:LINE: option: ..." stays as editors know it. */
		fprintf(findings->output->to, "%-7s  %s: %s\n", levels[level], where,
			text_printable(printable, sizeof(printable), message));
		return;
	}
	object = json_object();
	json_object_set_new(object, "level", value_of_text(levels[level]));
	json_object_set_new(object, "where", value_of_text(where));
	json_object_set_new(object, "message", value_of_text(message));
	output_json(findings->output, object);
}

/* Complaints about FILE begin with their place: "FILE:LINE: option: ...". */
static void tell_place(
	struct findings *findings, int level, const char *file, const char *complaint)
{
	size_t length = strlen(file);
	const char *end = NULL;
	char where[512];

	if (strncmp(complaint, file, length) == 0)
		end = strstr(complaint + length, ": ");
	if (end == NULL || (size_t)(end - complaint) >= sizeof(where)) {
		tell(findings, level, file, complaint);
		return;
	}
	snprintf(where, sizeof(where), "%.*s", (int)(end - complaint), complaint);
	tell(findings, level, where, end + 2);
}

static void tell_complaint(const char *complaint, void *context)
{
	struct findings *findings = context;

	tell_place(findings, LEVEL_ERROR, findings->path, complaint);
}

static void tell_health(int level, const char *where, const char *text, void *context)
{
	tell(context, level, where, text);
}

static bool check_configuration(struct cli *cli, struct findings *findings)
{
	cli->conf = conf_read(cli->conf_path, tell_complaint, findings);
	if (cli->conf == NULL)
		return false;
	tell(findings, LEVEL_OK, cli->conf_path, "the configuration is good");
	for (size_t i = 0; i < cli->conf->warning_count; i++)
		tell_place(
			findings, LEVEL_WARNING, findings->path, cli->conf->warnings[i]);
	return true;
}

static bool check_secret(struct cli *cli, struct findings *findings)
{
	static const uint8_t nobodys[SECRET_BYTES] = { 0 };
	const char *path = cli->conf->secret_file;
	bool missing = access(path, F_OK) != 0 && errno == ENOENT;
	struct error error = ERROR_NONE;

	cli->secret = secret_read(path, false, &error);
	if (cli->secret != NULL) {
		tell(findings, LEVEL_OK, path, "the secret can be read");
		return true;
	}
	tell_place(findings, missing ? LEVEL_WARNING : LEVEL_ERROR, path, error.text);
	/* With any secret Redis tells whether it belongs to a fleet already. */
	if (missing)
		cli->secret = secret_new(nobodys);
	return missing;
}

static void tell_missing_folder(struct findings *findings, const char *path)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"%s cannot be read: %s; no notification of feedback.sns_topics is "
		"believed without the certificates that belong there",
		path, strerror(errno));
	tell(findings, LEVEL_WARNING, "feedback.sns_certificates", text);
}

/* What `okite feedback` would stumble over only when a report comes. */
static void check_feedback(const struct cli *cli, struct findings *findings)
{
	const struct conf *conf = cli->conf;
	struct error error = ERROR_NONE;
	struct classifier *classifier = feedback_classifier(conf, &error);

	if (classifier == NULL)
		tell(findings, LEVEL_ERROR, "feedback", error.text);
	classifier_free(classifier);
	if (conf->feedback.sns_topic_count > 0 &&
		access(conf->feedback.sns_certificates, R_OK | X_OK) != 0)
		tell_missing_folder(findings, conf->feedback.sns_certificates);
}

/* How okite exits when nothing but Redis is at fault. */
static int check_store(struct cli *cli, struct findings *findings)
{
	struct error error = ERROR_NONE;
	enum store_state state;

	cli->store = store_open_redis(&cli->conf->redis, cli->secret, false, &error);
	if (cli->store == NULL) {
		tell(findings, LEVEL_ERROR, "redis", error.text);
		return CLI_NO;
	}
	state = store_probe(cli->store, &error);
	if (state == STORE_READY)
		store_check(cli->store, tell_health, findings);
	else
		tell(findings, LEVEL_ERROR, "redis", error.text);
	return state == STORE_AWAY ? CLI_AWAY : CLI_NO;
}

int run_check(struct cli *cli)
{
	struct findings findings = { .output = &cli->output, .path = cli->conf_path };
	int status = CLI_NO;

	if (!check_configuration(cli, &findings))
		return status;
	check_feedback(cli, &findings);
	if (check_secret(cli, &findings))
		status = check_store(cli, &findings);
	return findings.errors > 0 ? status : CLI_YES;
}
