#include "policy/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void recipient_set(struct recipient *recipient, const struct address *address,
	const struct secret *secret)
{
	char domain[1 + DOMAIN_MAX + 1] = "@";

	recipient->address = *address;
	memcpy(domain + 1, address->domain, sizeof(address->domain));
	digest_of(secret, address->text, recipient->digest);
	digest_of(secret, domain, recipient->domain_digest);
}

void message_clear(struct message *message)
{
	struct message fresh = { .client = message->client };

	memcpy(fresh.login, message->login, sizeof(fresh.login));
	for (size_t i = 0; i < message->charge_count; i++)
		free(message->charges[i].key);
	free(message->charges);
	*message = fresh;
}

struct charge *message_charge(const struct message *message, const char *key)
{
	for (size_t i = 0; i < message->charge_count; i++) {
		if (strcmp(message->charges[i].key, key) == 0)
			return &message->charges[i];
	}
	return NULL;
}

static bool same_place(const struct charge *one, const struct charge *other)
{
	if (strcmp(one->key, other->key) != 0)
		return false;
	if (one->count == COUNT_DISTINCT)
		return strcmp(one->member, other->member) == 0;
	return one->bucket == other->bucket;
}

void message_add_charge(struct message *message, const struct charge *charge)
{
	/* Judged whole, it is charged once, and each limit's key is there once. */
	for (size_t i = 0; !message->judged_whole && i < message->charge_count; i++) {
		struct charge *known = &message->charges[i];

		if (!same_place(known, charge))
			continue;
		/* A mention replaces the one before; what it goes back to is from before
		 * both. */
		known->set_us = charge->set_us;
		if (known->count != COUNT_DISTINCT)
			known->amount += charge->amount;
		free(charge->key);
		return;
	}
	message->charges = xreallocarray(
		message->charges, message->charge_count + 1, sizeof(*message->charges));
	message->charges[message->charge_count++] = *charge;
}
