#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * The SMTP client's address, and networks it may be in.  IPv4-mapped IPv6
 * addresses count as IPv4.
 */
enum { CLIENT_TEXT_SIZE = 64 };

struct client {
	int family; /* AF_INET, AF_INET6, or AF_UNSPEC: no network address */
	uint8_t bytes[16];
};

struct network {
	struct client base;
	unsigned bits;
};

void client_from_sockaddr(struct client *client, const struct sockaddr *address);
bool client_from_text(struct client *client, const char *text);
/* The address itself, for a log. */
char *client_to_text(const struct client *client, char text[CLIENT_TEXT_SIZE]);
/*
 * Its name as an account or in a limit's key: the IPv4 address, or the /64 of
 * an IPv6 one ("2001:db8:1:2::/64"), since a customer has a whole /64.
 */
char *client_to_key(const struct client *client, char text[CLIENT_TEXT_SIZE]);

/* "192.0.2.0/24", "2001:db8::/32", or an address alone.  False when it is none, or has host bits set. */
bool network_from_text(struct network *network, const char *text);
bool network_contains(const struct network *network, const struct client *client);
