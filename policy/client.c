#include "policy/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { IPV4_BITS = 32, IPV6_BITS = 128, MAPPED_BYTES = 12, CUSTOMER_BITS = 64 };

static const uint8_t mapped_prefix[MAPPED_BYTES] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static size_t address_bits(const struct client *client)
{
	return client->family == AF_INET ? IPV4_BITS : IPV6_BITS;
}

/* Bytes that a family does not use are 0. */
static void set_ipv4(struct client *client, const void *bytes)
{
	memset(client, 0, sizeof(*client));
	client->family = AF_INET;
	memcpy(client->bytes, bytes, IPV4_BITS / 8);
}

/* ::ffff:192.0.2.1 is 192.0.2.1, as a dual-stack socket shows it. */
static void set_ipv6(struct client *client, const uint8_t bytes[16])
{
	if (memcmp(bytes, mapped_prefix, MAPPED_BYTES) == 0) {
		set_ipv4(client, bytes + MAPPED_BYTES);
		return;
	}
	client->family = AF_INET6;
	memcpy(client->bytes, bytes, IPV6_BITS / 8);
}

void client_from_sockaddr(struct client *client, const struct sockaddr *address)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	memset(client, 0, sizeof(*client));
	client->family = AF_UNSPEC;
	if (address == NULL)
		return;
	/* Copied, for the caller's may be aligned for bytes only. */
	if (address->sa_family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		set_ipv4(client, &ipv4.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&ipv6, address, sizeof(ipv6));
		set_ipv6(client, ipv6.sin6_addr.s6_addr);
	}
}

bool client_from_text(struct client *client, const char *text)
{
	uint8_t bytes[IPV6_BITS / 8];

	if (inet_pton(AF_INET, text, bytes) == 1)
		set_ipv4(client, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		set_ipv6(client, bytes);
	else
		return false;
	return true;
}

char *client_to_text(const struct client *client, char text[CLIENT_TEXT_SIZE])
{
	text[0] = '\0';
	if (client->family != AF_UNSPEC)
		inet_ntop(client->family, client->bytes, text, CLIENT_TEXT_SIZE);
	return text;
}

/* Everything behind the first BITS bits becomes 0. */
static void clear_host_bits(struct client *client, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(client->bytes); i++) {
		unsigned first = i * 8;

		if (first >= bits)
			client->bytes[i] = 0;
		else if (first + 8 > bits)
			client->bytes[i] &= (uint8_t)(0xff << (first + 8 - bits));
	}
}

char *client_to_key(const struct client *client, char text[CLIENT_TEXT_SIZE])
{
	struct client network = *client;
	size_t length;

	if (client->family != AF_INET6)
		return client_to_text(client, text);
	clear_host_bits(&network, CUSTOMER_BITS);
	client_to_text(&network, text);
	length = strlen(text);
	snprintf(text + length, CLIENT_TEXT_SIZE - length, "/%d", CUSTOMER_BITS);
	return text;
}

/* "/24" behind an address of MAXIMUM bits. */
static bool read_prefix(const char *text, size_t maximum, unsigned *bits)
{
	int64_t number;

	if (text[1] < '0' || text[1] > '9' ||
		!text_to_number(text + 1, 0, (int64_t)maximum, &number))
		return false;
	*bits = (unsigned)number;
	return true;
}

bool network_from_text(struct network *network, const char *text)
{
	const char *slash = strchrnul(text, '/');
	size_t length = (size_t)(slash - text);
	char address[CLIENT_TEXT_SIZE];
	struct client start;
	bool written_as_ipv6;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!client_from_text(&network->base, address))
		return false;
	network->bits = (unsigned)address_bits(&network->base);
	written_as_ipv6 = strchr(address, ':') != NULL;
	if (*slash != '\0' && !read_prefix(slash, written_as_ipv6 ? IPV6_BITS : IPV4_BITS,
				      &network->bits))
		return false;
	/* ::ffff:192.0.2.0/120 is 192.0.2.0/24. */
	if (*slash != '\0' && written_as_ipv6 && network->base.family == AF_INET) {
		if (network->bits < MAPPED_BYTES * 8)
			return false;
		network->bits -= MAPPED_BYTES * 8;
	}
	start = network->base;
	clear_host_bits(&start, network->bits);
	return memcmp(start.bytes, network->base.bytes, sizeof(start.bytes)) == 0;
}

bool network_contains(const struct network *network, const struct client *client)
{
	struct client start = *client;

	if (client->family == AF_UNSPEC || client->family != network->base.family)
		return false;
	clear_host_bits(&start, network->bits);
	return memcmp(start.bytes, network->base.bytes, sizeof(start.bytes)) == 0;
}
