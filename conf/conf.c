#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/reader.h"
#include "conf/texts.h"
#include "store/redis_url.h"

/* ---- what concerns more than one option ---- */

/* The setting of PATH in the file, or of the group it stands in, or the file. */
static const config_setting_t *find_setting(struct reader *reader, const char *path)
{
	const config_setting_t *found = config_lookup(&reader->file, path);

	return found != NULL ? found : config_root_setting(&reader->file);
}

static void check_reputation(struct reader *reader)
{
	const struct reputation *law = &reader->conf->reputation.law;
	const struct {
		const char *warn, *pause; /* options */
		double warn_percent, pause_percent;
	} pairs[] = {
		{ "reputation.bounce.warn", "reputation.bounce.pause", law->bounce.warn,
			law->bounce.pause },
		{ "reputation.complaint.warn", "reputation.complaint.pause",
			law->complaint.warn, law->complaint.pause },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *at = config_lookup(&reader->file, pairs[i].warn) != NULL
					 ? pairs[i].warn
					 : pairs[i].pause;

		if (pairs[i].warn_percent > pairs[i].pause_percent)
			reader_complain(reader, find_setting(reader, at), NULL,
				"the warning (%g) comes only after the pause (%g); "
				"write warn no larger than pause",
				pairs[i].warn_percent, pairs[i].pause_percent);
	}
}

/* Who sets a file for TLS believes that there is TLS; one file of two gives none. */
static void check_tls(struct reader *reader)
{
	const struct redis_settings *redis = &reader->conf->redis;
	const char *url = redis->url;
	const struct {
		const char *option, *value;
		const char *partner; /* another option that it is nothing without */
		const char *partner_value;
	} files[] = {
		{ "redis.ca_file", redis->ca_file, NULL, NULL },
		{ "redis.cert_file", redis->cert_file, "redis.key_file",
			redis->key_file },
		{ "redis.key_file", redis->key_file, "redis.cert_file",
			redis->cert_file },
	};

	/* As it is written, be it wrong: one fault is enough. */
	(void)config_lookup_string(&reader->file, "redis.url", &url);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const config_setting_t *at = find_setting(reader, files[i].option);

		if (*files[i].value == '\0')
			continue;
		if (!redis_url_is_tls(url))
			reader_complain(reader, at, NULL,
				"this is for TLS, and redis.url is without; write "
				"rediss:// there, or nothing here");
		else if (files[i].partner != NULL && *files[i].partner_value == '\0')
			reader_complain(reader, at, NULL,
				"there is no %s; a certificate and its key are set "
				"together",
				files[i].partner);
	}
}

/* What depends on the host or on another option. */
static void fill_in(struct conf *conf)
{
	char host[256] = "";

	if (*conf->secret_file == '\0') {
		free(conf->secret_file);
		conf->secret_file = xasprintf("%s/secret", conf->state_dir);
	}
	if (*conf->node == '\0') {
		free(conf->node);
		if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
			text_copy(host, sizeof(host), "localhost");
		conf->node = xstrdup(host);
	}
	conf->policy.resume_us = conf->reputation.law.resume_us;
}

/* ---- the snapshot ---- */

static struct conf *conf_new(const char *path)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));

	conf->path = xstrdup(path);
	policy_init(&conf->policy);
	return conf;
}

struct conf *conf_read(const char *path, conf_complainer *complain, void *context)
{
	struct conf *conf = conf_new(path);
	struct reader reader;

	reader_init(&reader, path, conf);
	if (reader_parse(&reader)) {
		reader_group(&reader, "", config_root_setting(&reader.file), conf);
		check_tls(&reader);
		check_reputation(&reader);
	}
	reader_tell(&reader, complain, context);
	if (reader.fault_count > 0) {
		conf_free(conf);
		conf = NULL;
	} else {
		fill_in(conf);
		policy_complete(&conf->policy);
	}
	reader_clear(&reader);
	return conf;
}

static void free_texts(struct conf *conf)
{
	char *const texts[] = {
		conf->path,
		conf->listen,
		conf->state_dir,
		conf->secret_file,
		conf->node,
		conf->redis.url,
		conf->redis.user,
		conf->redis.password_file,
		conf->redis.ca_file,
		conf->redis.cert_file,
		conf->redis.key_file,
		conf->redis.prefix,
		conf->reputation.notify,
		conf->feedback.formats,
		conf->feedback.phrases,
		conf->feedback.sns_certificates,
		conf->metrics,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
}

void conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	free_texts(conf);
	texts_free(conf->feedback.sns_topics, conf->feedback.sns_topic_count);
	texts_free(conf->warnings, conf->warning_count);
	policy_clear(&conf->policy);
	free(conf);
}

char *conf_plan_names(const struct policy *policy, char *text, size_t size)
{
	size_t length = 0;

	text_copy(text, size, "");
	for (size_t i = 0; i < policy->plan_count && length + PLAN_NAME_SIZE + 8 < size;
		i++)
		length += (size_t)snprintf(text + length, size - length, "%s\"%s\"",
			i == 0 ? "" : ", ", policy->plans[i].name);
	return text;
}
