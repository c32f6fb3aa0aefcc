/*
 * Any bytes as an address.  What is accepted must be canonical: read again it
 * is itself, its domain alone too, and it fits and is printable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_domain(const char *domain)
{
	char again[DOMAIN_MAX + 1];

	must(domain_parse(again, domain) == NULL && strcmp(again, domain) == 0);
}

static void check_address(const struct address *address)
{
	struct address again;
	size_t length = strlen(address->text);
	size_t domain_length = strlen(address->domain);

	must(address_parse(&again, address->text, NULL) == NULL);
	must(strcmp(again.text, address->text) == 0);
	must(strcmp(again.domain, address->domain) == 0);
	for (size_t i = 0; i < length; i++)
		must((unsigned char)address->text[i] >= ' ' && address->text[i] != 0x7f);
	if (domain_length == 0)
		return;
	must(length > domain_length + 1);
	must(address->text[length - domain_length - 1] == '@');
	must(strcmp(address->text + length - domain_length, address->domain) == 0);
	check_domain(address->domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = xmalloc(size + 1);
	char domain[DOMAIN_MAX + 1];
	struct address address;

	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	if (address_parse(&address, text, NULL) == NULL)
		check_address(&address);
	if (address_parse(&address, text, "Example.Com") == NULL) {
		must(address.text[0] == '\0' || address.domain[0] != '\0');
		check_address(&address);
	}
	if (domain_parse(domain, text) == NULL)
		check_domain(domain);
	free(text);
	return 0;
}
