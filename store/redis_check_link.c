#include "store/redis_checkup.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* Who else may read what we say to Redis, or say something there himself. */

enum { SOON_DAYS = 14 };

/* Certificates live from days to years: the last tenth is soon, and no more than two weeks. */
static bool ends_soon(int64_t life_us, int64_t end_us)
{
	int64_t soon_us = life_us / 10;

	if (soon_us > SOON_DAYS * DAY_US)
		soon_us = SOON_DAYS * DAY_US;
	return end_us - clock_now_us() < soon_us;
}

static void tell_tls(const struct checkup *checkup, const struct tls_facts *tls)
{
	char end[CLOCK_TEXT_SIZE];

	clock_to_text(end, sizeof(end), tls->end_us);
	if (ends_soon(tls->end_us - tls->begin_us, tls->end_us))
		checkup_tell(checkup, WARNING,
			"encrypted (%s), but the server's certificate ends at %s, and "
			"mail is then answered as when Redis is away: renew it on the "
			"server",
			tls->version, end);
	else
		checkup_tell(checkup, FINE,
			"encrypted (%s), the server's certificate ends at %s",
			tls->version, end);
	if (tls->own_end_us == 0)
		return;
	clock_to_text(end, sizeof(end), tls->own_end_us);
	if (ends_soon(tls->own_end_us - tls->own_begin_us, tls->own_end_us))
		checkup_tell(checkup, WARNING,
			"our own certificate, redis.cert_file, ends at %s: renew it, and "
			"send okited SIGUSR1",
			end);
}

static bool is_loopback(const char *address)
{
	address += *address == '-'; /* need not be there */
	return strncmp(address, "127.", 4) == 0 || strncmp(address, "::1", 3) == 0;
}

/* Does it listen to other hosts, by a list like "127.0.0.1 -::1"?  An empty one is all. */
static bool binds_elsewhere(const char *bind)
{
	if (*bind == '\0')
		return true;
	for (; *bind != '\0'; bind += strspn(bind, " ")) {
		if (!is_loopback(bind))
			return true;
		bind += strcspn(bind, " ");
	}
	return false;
}

static bool is_port(const char *port)
{
	return port != NULL && *port != '\0' && strcmp(port, "0") != 0;
}

static bool is_open(const struct link_facts *link, const struct checkup_config *config)
{
	if (link->wire.is_network)
		return true;
	return config->bind != NULL && config->protected_mode != NULL &&
	       (is_port(config->port) || is_port(config->tls_port)) &&
	       strcmp(config->protected_mode, "no") == 0 && binds_elsewhere(config->bind);
}

void checkup_link(const struct checkup *checkup, const struct checkup_config *config)
{
	struct link_facts link;

	link_describe(checkup->redis->link, &link);
	if (link.wire.tls.version[0] != '\0')
		tell_tls(checkup, &link.wire.tls);
	else if (link.wire.is_network)
		checkup_tell(checkup, WARNING,
			"the connection leaves this host in clear text, with the "
			"password and addresses in it: set up TLS in Redis (tls-port) "
			"and write rediss:// into redis.url");
	/* Where our certificate was wanted, it does what a password does. */
	if (!link.has_login && link.wire.tls.own_end_us == 0 && is_open(&link, config))
		checkup_tell(checkup, WARNING,
			"it takes commands from other hosts without a password, so that "
			"whoever reaches it rules your mail: make a user "
			"(okite.conf(5), redis.user) and set requirepass in redis.conf");
}
