#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/standard_files.h"
#include "milter/background.h"
#include "milter/callbacks.h"
#include "milter/judging.h"
#include "milter/metrics.h"
#include "milter/runtime.h"
#include "milter/session.h"
#include "reputation/notify.h"

/* Connections that may wait until libmilter accepts them: Postfix opens one a client. */
enum { BACKLOG = 512 };

/* The unit has it killed after 20 s, of which libmilter may need five. */
#define NOTIFY_AT_END_US (5 * SECOND_US)

static const char usage[] =
	"usage: okited [-ft] [-c FILE]\n"
	"  -c FILE  the configuration, instead of " OKITE_CONFIG "\n"
	"  -f       stay in the foreground and log to standard error\n"
	"  -t       check the configuration and exit: 0 when it is good\n"
	"  -V       print the version\n";

struct options {
	bool foreground;
	bool test;
	const char *path;
};

/* -1, or the exit status with which the program ends at once. */
static int read_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "c:ftVh")) != -1) {
		switch (option) {
		case 'c':
			options->path = optarg;
			break;
		case 'f':
			options->foreground = true;
			break;
		case 't':
			options->test = true;
			break;
		case 'V':
			puts("okited " OKITE_VERSION);
			return EX_OK;
		case 'h':
			fputs(usage, stdout);
			return EX_OK;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "okited: %s: there are no arguments\n%s", argv[optind], usage);
	return EX_USAGE;
}

static void print_fault(const char *complaint, void *context)
{
	(void)context;
	fprintf(stderr, "okited: %s\n", complaint);
}

static int test_configuration(const char *path)
{
	struct conf *conf = conf_read(path, print_fault, NULL);
	bool good = conf != NULL;

	conf_free(conf);
	return good ? EX_OK : EX_CONFIG;
}

/* Is there a Redis, and is it ours?  One that is away may come; one that is another's
 * never is ours. */
static bool probe(const struct runtime *runtime)
{
	struct error error = ERROR_NONE;
	enum store_state state = store_probe(runtime->store, &error);

	if (state != STORE_READY)
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
	return state != STORE_FOREIGN;
}

/* A configuration that is broken, or cannot be served, leaves the one before in force. */
static void reload(const char *path)
{
	struct runtime *before = runtime_hold(), *after = runtime_open(path, before);

	if (after != NULL && after->store != before->store && !probe(after)) {
		runtime_release(after);
		after = NULL;
	}
	if (after == NULL) {
		log_line(LOG_LEVEL_ERROR,
			"%s is not taken: the configuration before stays", path);
	} else {
		if (strcmp(after->conf->listen, before->conf->listen) != 0 ||
			strcmp(after->conf->metrics, before->conf->metrics) != 0)
			log_line(LOG_LEVEL_WARNING,
				"listen and metrics change only at a restart");
		runtime_publish(after);
		log_line(LOG_LEVEL_INFO, "%s is reloaded", path);
	}
	runtime_release(before);
}

static void *wait_for_reload(void *context)
{
	sigset_t signals;
	int signal;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	while (sigwait(&signals, &signal) == 0)
		reload(context);
	return NULL;
}

/*
 * Before any thread is there, so that only those that wait for them get them:
 * ours SIGUSR1, libmilter's the others.
 */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool start_reloading(const char *path)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, wait_for_reload, (void *)(uintptr_t)path) ==
		       0 &&
	       pthread_detach(thread) == 0;
}

static bool open_socket(const char *listen)
{
	if (smfi_setconn((char *)(uintptr_t)listen) != MI_SUCCESS ||
		smfi_setbacklog(BACKLOG) != MI_SUCCESS || !callbacks_register() ||
		smfi_opensocket(1) != MI_SUCCESS) {
		log_line(LOG_LEVEL_ERROR,
			"listen = \"%s\": cannot listen there: is it in use, may this "
			"user write there?",
			listen);
		return false;
	}
	return true;
}

static int serve(const struct options *options)
{
	struct runtime *runtime = runtime_hold();
	struct error error = ERROR_NONE;
	bool ok;

	if (!options->foreground)
		log_open("okited", false);
	if (*runtime->conf->metrics != '\0' &&
		!metrics_start(runtime->conf->metrics, &error))
		log_line(LOG_LEVEL_ERROR, "%s", error.text);
	log_line(LOG_LEVEL_INFO, "okited %s listens at %s", OKITE_VERSION,
		runtime->conf->listen);
	runtime_release(runtime);
	if (!start_reloading(options->path) || !judging_start()) {
		log_line(LOG_LEVEL_ERROR, "cannot start a thread: %m");
		return EX_OSERR;
	}
	background_ready();
	ok = smfi_main() == MI_SUCCESS;
	sessions_stop();
	judging_stop();
	notify_finish(NOTIFY_AT_END_US);
	metrics_stop();
	log_line(LOG_LEVEL_INFO, "stopped");
	return ok ? EX_OK : EX_OSERR;
}

/* For reloads, which come after chdir("/").  Symbolic links stay: they may point elsewhere then. */
static const char *absolute(const char *path)
{
	char *folder, *whole;

	if (path[0] == '/' || (folder = get_current_dir_name()) == NULL)
		return path;
	whole = xasprintf("%s/%s", folder, path);
	free(folder);
	return whole;
}

int main(int argc, char **argv)
{
	struct options options = { .path = OKITE_CONFIG };
	struct runtime *runtime;
	int status;

	standard_files_open();
	status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (options.test)
		return test_configuration(options.path);
	log_open("okited", true);
	if (!options.foreground)
		background_start();
	options.path = absolute(options.path);
	block_signals();
	if (geteuid() == 0)
		log_line(LOG_LEVEL_WARNING,
			"running as root, which okited does not need: "
			"start it as a user of its own");
	runtime = runtime_open(options.path, NULL);
	if (runtime == NULL)
		return EX_CONFIG;
	if (!probe(runtime))
		status = EX_CONFIG;
	else if (!open_socket(runtime->conf->listen))
		status = EX_UNAVAILABLE;
	if (status >= 0) {
		runtime_release(runtime);
		return status;
	}
	runtime_publish(runtime);
	return serve(&options);
}
