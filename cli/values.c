/* What people write on the command line: times, accounts, addresses; and what they leave open. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

bool moment_parse(const char *text, int direction, int64_t *moment_us)
{
	int64_t span_us;

	if (!text_to_duration(text, &span_us))
		return text[0] != '\0' && clock_from_text(text, moment_us);
	*moment_us = clock_now_us() + direction * span_us;
	return true;
}

bool account_name(char name[ACCOUNT_SIZE], const char *text)
{
	if (text[0] == '\0' || !text_copy(name, ACCOUNT_SIZE, text))
		return false;
	text_lower(name);
	return true;
}

const char *target_parse(
	struct target *target, const char *text, const struct secret *secret)
{
	struct recipient recipient;
	struct address address;
	const char *fault;

	*target = (struct target){ .address = "" };
	if (text[0] == '@') {
		target->address[0] = '@';
		fault = domain_parse(target->address + 1, text);
		if (fault == NULL)
			digest_of(secret, target->address, target->digest);
		return fault;
	}
	fault = address_parse(&address, text, NULL);
	if (fault != NULL)
		return fault;
	if (address.domain[0] == '\0')
		return "neither an address (user@example.com) nor a domain "
		       "(@example.com)";
	recipient_set(&recipient, &address, secret);
	text_copy(target->address, sizeof(target->address), address.text);
	text_copy(target->digest, sizeof(target->digest), recipient.digest);
	text_copy(target->domain_digest, sizeof(target->domain_digest),
		recipient.domain_digest);
	return NULL;
}

bool target_from_digest(struct target *target, const char *text)
{
	uint8_t bytes[DIGEST_BYTES];

	*target = (struct target){ .address = "" };
	if (!text_copy(target->digest, sizeof(target->digest), text))
		return false;
	text_lower(target->digest);
	return strlen(target->digest) == DIGEST_TEXT_SIZE - 1 &&
	       digest_from_text(target->digest, bytes);
}

int64_t suppression_end(const struct conf *conf, enum reason reason, int64_t now_us)
{
	return conf->expire_us[reason] == 0 ? 0 : now_us + conf->expire_us[reason];
}
