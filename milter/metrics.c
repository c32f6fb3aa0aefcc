#include "milter/metrics.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "base/memory.h"
#include "base/text.h"
#include "milter/metrics_totals.h"

/* The fixed rules and the limits of a configuration; a reload may bring new names. */
enum { RULES_MAX = 256, CONNECTIONS_MAX = 16 };

struct rule_counters {
	char name[RULE_SIZE];
	_Atomic int64_t count[VERDICT_COUNT];
};

/* Upper bounds of the histogram, in seconds; its default is the time-out, 0.5. */
static const double bounds[] = { 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
	0.025, 0.05, 0.1, 0.25, 0.5, 1 };
enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]) };

static struct rule_counters rules[RULES_MAX];
static _Atomic size_t rule_count;
static pthread_mutex_t rule_adding = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t messages[VERDICT_COUNT];
static _Atomic int64_t store_buckets[BOUNDS + 1], store_spent_us, store_errors;
static atomic_bool is_degraded;
static struct MHD_Daemon *server;

static void add_one(_Atomic int64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void metrics_message(enum verdict_kind kind)
{
	add_one(&messages[kind]);
}

static struct rule_counters *find_rule(const char *name)
{
	size_t count = atomic_load_explicit(&rule_count, memory_order_acquire);

	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/* Names only grow: readers need no lock. */
static struct rule_counters *add_rule(const char *name)
{
	struct rule_counters *rule;

	pthread_mutex_lock(&rule_adding);
	rule = find_rule(name);
	if (rule == NULL && rule_count < RULES_MAX) {
		rule = &rules[rule_count];
		text_copy(rule->name, sizeof(rule->name), name);
		atomic_fetch_add_explicit(&rule_count, 1, memory_order_release);
	}
	pthread_mutex_unlock(&rule_adding);
	return rule;
}

void metrics_recipient(enum verdict_kind kind, const char *name)
{
	struct rule_counters *rule;

	if (*name == '\0')
		name = "none";
	rule = find_rule(name);
	if (rule == NULL)
		rule = add_rule(name);
	if (rule != NULL)
		add_one(&rule->count[kind]);
}

void metrics_store(int64_t spent_us, bool answered)
{
	size_t i = 0;

	while (i < BOUNDS && (double)spent_us > bounds[i] * 1e6)
		i++;
	add_one(&store_buckets[i]);
	atomic_fetch_add_explicit(&store_spent_us, spent_us, memory_order_relaxed);
	if (!answered)
		add_one(&store_errors);
}

void metrics_degraded(bool degraded)
{
	atomic_store(&is_degraded, degraded);
}

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_verdicts(FILE *out)
{
	write_head(out, "okite_messages_total", "counter", "Messages by their verdict.");
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		fprintf(out, "okite_messages_total{verdict=\"%s\"} %lld\n",
			verdict_names[i], (long long)messages[i]);
	write_head(out, "okite_recipients_total", "counter",
		"Recipients by their verdict and the rule that gave it.");
	for (size_t i = 0; i < rule_count; i++)
		for (size_t kind = 0; kind < VERDICT_COUNT; kind++)
			if (rules[i].count[kind] > 0)
				fprintf(out,
					"okite_recipients_total{verdict=\"%s\",rule=\"%"
					"s\"} %lld\n",
					verdict_names[kind], rules[i].name,
					(long long)rules[i].count[kind]);
}

static void write_store(FILE *out)
{
	long long sum = 0;

	write_head(
		out, "okite_redis_seconds", "histogram", "What questions to Redis took.");
	for (size_t i = 0; i < BOUNDS; i++)
		fprintf(out, "okite_redis_seconds_bucket{le=\"%g\"} %lld\n", bounds[i],
			sum += (long long)store_buckets[i]);
	sum += (long long)store_buckets[BOUNDS];
	fprintf(out,
		"okite_redis_seconds_bucket{le=\"+Inf\"} %lld\nokite_redis_seconds_sum "
		"%.6f\n"
		"okite_redis_seconds_count %lld\n",
		sum, (double)store_spent_us / 1e6, sum);
	write_head(out, "okite_redis_errors_total", "counter",
		"Questions to Redis that had no answer.");
	fprintf(out, "okite_redis_errors_total %lld\n", (long long)store_errors);
	write_head(out, "okite_degraded", "gauge", "1 while Redis does not answer.");
	fprintf(out, "okite_degraded %d\n", is_degraded ? 1 : 0);
}

static char *write_all(size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		abort();
	write_verdicts(out);
	write_store(out);
	metrics_write_totals(out);
	write_head(out, "okite_build_info", "gauge", "The version of okited.");
	fprintf(out, "okite_build_info{version=\"%s\"} 1\n", OKITE_VERSION);
	fclose(out);
	return text;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_size, void **request)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t size = 0;
	char *text;
	bool found = strcmp(url, "/metrics") == 0, get = strcmp(method, "GET") == 0;

	(void)context, (void)version, (void)upload, (void)upload_size, (void)request;
	text = found && get ? write_all(&size) : xstrdup("Only GET /metrics is here.\n");
	if (!found || !get)
		size = strlen(text);
	response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(
		response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	result = MHD_queue_response(
		connection, found && get ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, response);
	MHD_destroy_response(response);
	return result;
}

/* HOST:PORT, an IPv6 host in brackets. */
static struct addrinfo *find_address(const char *address, struct error *error)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE
	};
	struct addrinfo *found = NULL;
	char host[256];
	char *port;

	text_copy(host, sizeof(host), address[0] == '[' ? address + 1 : address);
	port = strrchr(host, ':');
	if (port == NULL) {
		error_set(error, "metrics: %s is not HOST:PORT", address);
		return NULL;
	}
	*port++ = '\0';
	host[strcspn(host, "]")] = '\0';
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		error_set(error, "metrics: %s cannot be looked up", address);
		return NULL;
	}
	return found;
}

bool metrics_start(const char *address, struct error *error)
{
	struct addrinfo *found = find_address(address, error);
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;

	if (found == NULL)
		return false;
	if (found->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	server = MHD_start_daemon(flags, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_SOCK_ADDR, found->ai_addr, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, 10U,
		MHD_OPTION_END);
	freeaddrinfo(found);
	return server != NULL ||
	       error_set(error,
		       "metrics: cannot listen on %s: %m; mail is judged all the same",
		       address);
}

void metrics_stop(void)
{
	if (server != NULL)
		MHD_stop_daemon(server);
	server = NULL;
}
