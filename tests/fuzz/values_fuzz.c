/*
 * Any bytes as each of the values that people write: what is accepted must be
 * within its bounds, and must be itself when it is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "policy/client.h"
#include "policy/limit.h"
#include "store/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_duration(const char *text)
{
	char again[64];
	int64_t one, two;

	if (!text_to_duration(text, &one))
		return;
	must(one >= 0);
	text_from_duration(again, sizeof(again), one);
	must(text_to_duration(again, &two) && two == one);
}

static void try_capacity(const char *text)
{
	struct capacity one = { .burst = 1 }, two = { .burst = 1 };
	char again[64];

	if (!capacity_parse(&one, text))
		return;
	must(one.lifted || (one.amount >= 0 && one.window_us > 0));
	must(capacity_parse(&two, capacity_to_text(&one, again, sizeof(again))));
	must(two.lifted == one.lifted && two.amount == one.amount &&
		two.window_us == one.window_us);
}

static void try_client(const char *text)
{
	struct client one, two;
	struct network network;
	char again[CLIENT_TEXT_SIZE];

	if (client_from_text(&one, text)) {
		must(client_from_text(&two, client_to_text(&one, again)));
		must(one.family == two.family &&
			memcmp(one.bytes, two.bytes, sizeof(one.bytes)) == 0);
		client_to_key(&one, again);
	}
	if (network_from_text(&network, text))
		must(network_contains(&network, &network.base));
}

static void try_moment(const char *text)
{
	char again[CLOCK_TEXT_SIZE];
	int64_t one, two;

	if (!clock_from_text(text, &one))
		return;
	clock_to_text(again, sizeof(again), one);
	must(clock_from_text(again, &two));
	must(one == 0 || one / SECOND_US == two / SECOND_US);
}

static void try_base64(const char *text)
{
	uint8_t bytes[64], again[64];
	char written[BASE64_SIZE(64)];
	size_t size, size_again;

	if (!base64_read(bytes, sizeof(bytes), &size, text))
		return;
	base64_write(written, bytes, size);
	must(base64_read(again, sizeof(again), &size_again, written));
	must(size == size_again && memcmp(bytes, again, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = xmalloc(size + 1), printable[64];
	struct redis_url url;
	int64_t number;

	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	try_duration(text);
	try_capacity(text);
	try_client(text);
	try_moment(text);
	try_base64(text);
	if (text_to_bytes(text, &number))
		must(number >= 0);
	if (redis_url_parse(&url, text, NULL))
		must(url.path[0] != '\0' || url.host[0] != '\0');
	must(text_matches("*", text));
	(void)text_matches(text, "ab*ab");
	text_printable(printable, sizeof(printable), text);
	must(strlen(printable) < sizeof(printable));
	free(text);
	return 0;
}
