#include "milter/runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/secret.h"
#include "store/redis_url.h"

struct backing {
	struct store *store;
	struct secret *secret;
	atomic_int holders;
};

static pthread_mutex_t publishing = PTHREAD_MUTEX_INITIALIZER;
static struct runtime *_Atomic current;

static void backing_release(struct backing *backing)
{
	if (backing == NULL || atomic_fetch_sub(&backing->holders, 1) > 1)
		return;
	store_close(backing->store);
	secret_free(backing->secret);
	free(backing);
}

static struct backing *backing_open(const struct conf *conf, struct error *error)
{
	struct backing *backing = xcalloc(1, sizeof(*backing));

	backing->holders = 1;
	backing->secret = secret_read(conf->secret_file, true, error);
	if (backing->secret != NULL)
		backing->store =
			store_open_redis(&conf->redis, backing->secret, true, error);
	if (backing->store != NULL)
		return backing;
	secret_free(backing->secret);
	free(backing);
	return NULL;
}

static bool same_backing(const struct conf *a, const struct conf *b)
{
	return strcmp(a->secret_file, b->secret_file) == 0 &&
	       strcmp(a->redis.url, b->redis.url) == 0 &&
	       strcmp(a->redis.user, b->redis.user) == 0 &&
	       strcmp(a->redis.password_file, b->redis.password_file) == 0 &&
	       strcmp(a->redis.ca_file, b->redis.ca_file) == 0 &&
	       strcmp(a->redis.cert_file, b->redis.cert_file) == 0 &&
	       strcmp(a->redis.key_file, b->redis.key_file) == 0 &&
	       strcmp(a->redis.prefix, b->redis.prefix) == 0 &&
	       a->redis.timeout_us == b->redis.timeout_us;
}

/*
 * That of PREVIOUS, which has the same settings; but certificates are renewed
 * under the same name, so with TLS it is opened anew, and what works is not
 * given up for what does not.
 */
static struct backing *backing_renew(
	const struct conf *conf, const struct runtime *previous, struct error *error)
{
	struct error why = ERROR_NONE;
	struct backing *renewed;

	if (!redis_url_is_tls(conf->redis.url)) {
		atomic_fetch_add(&previous->backing->holders, 1);
		return previous->backing;
	}
	renewed = backing_open(conf, error);
	if (renewed == NULL || store_probe(renewed->store, &why) == STORE_READY ||
		store_probe(previous->store, NULL) != STORE_READY)
		return renewed;
	error_set(error,
		"%.380s; with the certificates that are in force it still answers",
		why.text);
	backing_release(renewed);
	return NULL;
}

static void log_fault(const char *complaint, void *context)
{
	(void)context;
	log_line(LOG_LEVEL_ERROR, "%s", complaint);
}

struct runtime *runtime_open(const char *path, const struct runtime *previous)
{
	struct error error = ERROR_NONE;
	struct conf *conf = conf_read(path, log_fault, NULL);
	struct runtime *runtime;
	struct backing *backing;

	if (conf == NULL)
		return NULL;
	for (size_t i = 0; i < conf->warning_count; i++)
		log_line(LOG_LEVEL_WARNING, "%s", conf->warnings[i]);
	backing = previous != NULL && same_backing(conf, previous->conf)
			  ? backing_renew(conf, previous, &error)
			  : backing_open(conf, &error);
	if (backing == NULL) {
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
		conf_free(conf);
		return NULL;
	}
	runtime = xcalloc(1, sizeof(*runtime));
	runtime->conf = conf;
	runtime->backing = backing;
	runtime->store = backing->store;
	runtime->secret = backing->secret;
	runtime->holders = 1;
	return runtime;
}

void runtime_publish(struct runtime *runtime)
{
	struct runtime *before;

	pthread_mutex_lock(&publishing);
	before = atomic_exchange(&current, runtime);
	pthread_mutex_unlock(&publishing);
	runtime_release(before);
}

struct runtime *runtime_hold(void)
{
	struct runtime *runtime;

	/* Under the lock, or it might be released between being read and being held. */
	pthread_mutex_lock(&publishing);
	runtime = atomic_load(&current);
	atomic_fetch_add(&runtime->holders, 1);
	pthread_mutex_unlock(&publishing);
	return runtime;
}

bool runtime_is_current(const struct runtime *runtime)
{
	return atomic_load_explicit(&current, memory_order_relaxed) == runtime;
}

void runtime_release(struct runtime *runtime)
{
	if (runtime == NULL || atomic_fetch_sub(&runtime->holders, 1) > 1)
		return;
	backing_release(runtime->backing);
	conf_free(runtime->conf);
	free(runtime);
}
