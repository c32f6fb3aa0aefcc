#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/client.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void reads_and_writes_addresses(void **state)
{
	static const struct {
		const char *text, *want, *key; /* want NULL: refused */
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7", "192.0.2.7" },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255", "255.255.255.255" },
		{ "2001:DB8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::", "2001:db8:1:2::", "2001:db8:1:2::/64" },
		{ "::1", "::1", "::/64" },
		{ "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7" },
		{ "::ffff:c000:207", "192.0.2.7", "192.0.2.7" },
		{ "::fffe:192.0.2.7", "::fffe:c000:207", "::/64" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff::/64" },
		{ "", NULL, NULL },
		{ "192.0.2", NULL, NULL },
		{ "192.0.2.256", NULL, NULL },
		{ "192.0.2.7/32", NULL, NULL },
		{ "192.0.2.7 ", NULL, NULL },
		{ "fe80::1%lo", NULL, NULL },
		{ "[::1]", NULL, NULL },
		{ "localhost", NULL, NULL },
	};
	char text[CLIENT_TEXT_SIZE];
	struct client client;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool read = client_from_text(&client, cases[i].text);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].want != NULL);
		if (!read)
			continue;
		CASE_EQUAL_TEXT(
			cases[i].text, client_to_text(&client, text), cases[i].want);
		CASE_EQUAL_TEXT(
			cases[i].text, client_to_key(&client, text), cases[i].key);
	}
}

static void takes_socket_addresses(void **state)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_scope_id = 2 };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct client client, other;
	char text[CLIENT_TEXT_SIZE];

	(void)state;
	inet_pton(AF_INET, "192.0.2.7", &ipv4.sin_addr);
	client_from_sockaddr(&client, (struct sockaddr *)&ipv4);
	assert_string_equal(client_to_text(&client, text), "192.0.2.7");

	inet_pton(AF_INET6, "2001:db8::7", &ipv6.sin6_addr);
	client_from_sockaddr(&client, (struct sockaddr *)&ipv6);
	assert_string_equal(client_to_text(&client, text), "2001:db8::7");

	/* Equal byte for byte, whichever way it came. */
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &ipv6.sin6_addr);
	client_from_sockaddr(&client, (struct sockaddr *)&ipv6);
	assert_true(client_from_text(&other, "192.0.2.7"));
	assert_memory_equal(&client, &other, sizeof(client));

	client_from_sockaddr(&client, (struct sockaddr *)&local);
	assert_int_equal(client.family, AF_UNSPEC);
	client_from_sockaddr(&client, NULL);
	assert_int_equal(client.family, AF_UNSPEC);
	assert_string_equal(client_to_text(&client, text), "");
	assert_string_equal(client_to_key(&client, text), "");
}

static void networks_contain(void **state)
{
	static const struct {
		const char *network, *client;
		bool want;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
		{ "192.0.2.0/24", "c000:200::", false },
		{ "10.4.0.0/14", "10.7.255.255", true },
		{ "10.4.0.0/14", "10.8.0.0", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.7/32", "192.0.2.7", true },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "192.0.2.7", false },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8::8/125", "2001:db8::f", true },
		{ "2001:db8::8/125", "2001:db8::10", false },
		{ "::1", "::1", true },
		{ "::1", "::2", false },
		{ "::1/128", "::1", true },
		{ "::ffff:192.0.2.0/120", "192.0.2.255", true },
		{ "::ffff:192.0.2.0/120", "192.0.3.0", false },
		{ "::ffff:192.0.2.7", "192.0.2.7", true },
		{ "::ffff:0.0.0.0/96", "192.0.2.7", true },
	};
	struct network network;
	struct client client;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(client_from_text(&client, cases[i].client));
		if (!network_from_text(&network, cases[i].network))
			fail_msg("%s: is none", cases[i].network);
		if (network_contains(&network, &client) != cases[i].want)
			fail_msg("%s in %s: want %d", cases[i].client, cases[i].network,
				cases[i].want);
	}
	assert_true(network_from_text(&network, "0.0.0.0/0"));
	client_from_sockaddr(&client, NULL);
	assert_false(network_contains(&network, &client));
}

static void refuses_what_is_no_network(void **state)
{
	static const char *const cases[] = { "", "/", "/24", "192.0.2.0/", "192.0.2.0/33",
		"192.0.2.1/24", "192.0.2.0/-0", "192.0.2.0/+24", "192.0.2.0/24 ",
		"192.0.2.0/255.255.255.0", "192.0.2/24", "192.0.2.0/24/24",
		"2001:db8::/129", "2001:db8::1/64", "::ffff:192.0.2.0/95",
		"::ffff:192.0.2.1/120", "::ffff:192.0.2.0/24", "example.com",
		"192.0.2.0000000000000000000000000000000000000000000000000000000/8" };
	struct network network;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_INT(cases[i], network_from_text(&network, cases[i]), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_addresses),
		cmocka_unit_test(takes_socket_addresses),
		cmocka_unit_test(networks_contain),
		cmocka_unit_test(refuses_what_is_no_network),
	};

	return cmocka_run_group_tests_name("policy/client", tests, NULL, NULL);
}
