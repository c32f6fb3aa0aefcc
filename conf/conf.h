#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"
#include "policy/suppression.h"
#include "store/store.h"

/*
 * A configuration file, read whole: a snapshot that never changes.  The only
 * user of libconfig.
 */
struct conf {
	char *path;
	char *listen; /* libmilter's form */
	char *state_dir;
	char *secret_file;
	char *node;
	int64_t fleet;
	struct redis_settings redis;
	struct policy policy;
	bool store_addresses;
	int64_t expire_us[REASON_COUNT];     /* by reason; 0: never */
	bool scope_is_account[REASON_COUNT]; /* of what feedback adds */
	int64_t soft_bounces;
	struct {
		struct reputation law;
		char *notify; /* a command for sh(1); "": none */
	} reputation;
	struct {
		bool trust_any;
		char *formats, *phrases; /* files of tables; "" for none */
		char **sns_topics;
		size_t sns_topic_count;
		char *sns_certificates;
	} feedback;
	char *metrics; /* "" or HOST:PORT */
	char **warnings; /* options that are understood but do nothing in this version, with file and line */
	size_t warning_count;
};

/* Every fault, "FILE:LINE: option: what is wrong"; the last call before conf_read() returns NULL. */
typedef void conf_complainer(const char *complaint, void *context);

/*
 * Read and check PATH.  NULL when there is any fault, after COMPLAIN was told
 * each of them.  A missing file is a fault; the empty file is a good one.
 */
struct conf *conf_read(const char *path, conf_complainer *complain, void *context);

void conf_free(struct conf *conf); /* NULL is fine */

/* `"sandbox", "standard"`, as many as fit: for who has misspelt one.  Returns TEXT. */
char *conf_plan_names(const struct policy *policy, char *text, size_t size);
