#include "conf/conf.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "conf/reader.h"

/* ---- what concerns more than one option ---- */

/* The setting of PATH in the file, or of the group it stands in, or the file. */
static const config_setting_t *find_setting(struct reader *reader, const char *path)
{
	const config_setting_t *found = config_lookup(&reader->file, path);

	return found != NULL ? found : config_root_setting(&reader->file);
}

static void check_reputation(struct reader *reader)
{
	const struct conf *conf = reader->conf;
	const struct {
		const char *warn, *pause; /* options */
		double warn_percent, pause_percent;
	} pairs[] = {
		{ "reputation.bounce.warn", "reputation.bounce.pause",
			conf->reputation.bounce_warn, conf->reputation.bounce_pause },
		{ "reputation.complaint.warn", "reputation.complaint.pause",
			conf->reputation.complaint_warn,
			conf->reputation.complaint_pause },
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

/* What depends on the host or on another option when it is left empty. */
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
}

/* ---- the snapshot ---- */

static struct conf *conf_new(const char *path)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));

	conf->path = xstrdup(path);
	policy_init(&conf->policy);
	atomic_init(&conf->holders, 1);
	return conf;
}

struct conf *conf_read(const char *path, conf_complainer *complain, void *context)
{
	struct conf *conf = conf_new(path);
	struct reader reader;

	reader_init(&reader, path, conf);
	if (reader_parse(&reader)) {
		reader_group(&reader, "", config_root_setting(&reader.file), conf);
		check_reputation(&reader);
	}
	reader_tell(&reader, complain, context);
	if (reader.fault_count > 0) {
		conf_release(conf);
		conf = NULL;
	} else {
		fill_in(conf);
		policy_complete(&conf->policy);
	}
	reader_clear(&reader);
	return conf;
}

struct conf *conf_hold(struct conf *conf)
{
	atomic_fetch_add(&conf->holders, 1);
	return conf;
}

static void texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void conf_free(struct conf *conf)
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
		conf->redis.prefix,
		conf->reputation.notify,
		conf->feedback.sns_certificates,
		conf->metrics,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	texts_free(conf->reputation.complaint_domains,
		conf->reputation.complaint_domain_count);
	texts_free(conf->feedback.sns_topics, conf->feedback.sns_topic_count);
	texts_free(conf->warnings, conf->warning_count);
	policy_clear(&conf->policy);
	free(conf);
}

void conf_release(struct conf *conf)
{
	int before;

	if (conf == NULL)
		return;
	before = atomic_fetch_sub(&conf->holders, 1);
	assert(before > 0);
	if (before == 1)
		conf_free(conf);
}
