/*
 * Any bytes as a list to import, the first of them naming the format.  It
 * comes to an end, every byte belongs to one record, and what is taken for an
 * entry can be stored and exported.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/reader.h"
#include "conf/conf.h"
#include "policy/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const uint8_t secret_bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text)
{
	json_t *value = json_string(text);

	must(value != NULL);
	json_decref(value);
}

static void check_entry(const struct suppression *entry, int64_t now_us)
{
	uint8_t digest[DIGEST_BYTES];
	struct address address;
	char domain[DOMAIN_MAX + 1];

	must(digest_from_text(entry->digest, digest));
	must(entry->reason > REASON_NONE && entry->reason < REASON_COUNT);
	must(entry->since_us >= 0 && entry->until_us >= 0 && now_us > 0);
	check_text(entry->note);
	check_text(entry->source);
	check_text(entry->address);
	if (entry->address[0] == '@')
		must(domain_parse(domain, entry->address) == NULL &&
			strcmp(domain, entry->address + 1) == 0);
	else if (entry->address[0] != '\0')
		must(address_parse(&address, entry->address, NULL) == NULL &&
			strcmp(address.text, entry->address) == 0);
}

static void read_list(int fd, enum format format, size_t size)
{
	static const struct conf conf = { .store_addresses = true };
	struct secret *secret = secret_new(secret_bytes);
	struct entry_defaults defaults = { .secret = secret,
		.conf = &conf,
		.scope = SCOPE_EVERYONE,
		.now_us = INT64_C(1800000000) * SECOND_US };
	struct reader *reader = xcalloc(1, sizeof(*reader));
	enum reading reading = READING_REFUSED;
	struct error error = ERROR_NONE;
	size_t records = 0;

	if (reader_open(reader, fd, "list", format, &error))
		do {
			struct suppression entry;
			struct record record;
			bool undated;

			reading = reader_next(
				reader, &defaults, &entry, &undated, &record, &error);
			if (reading == READING_ENTRY)
				check_entry(&entry, defaults.now_us);
			if (reading == READING_REJECTED)
				must(record.fault != NULL);
			/* Each has a byte at least, but the one for a missing end. */
			must(records++ <= size + 1);
		} while (reading == READING_ENTRY || reading == READING_REJECTED);
	must(reading != READING_REFUSED || error.text[0] != '\0');
	if (reading == READING_END)
		must(reader->input.taken == (int64_t)size);
	reader_close(reader);
	free(reader);
	secret_free(secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd;

	if (size == 0)
		return 0;
	fd = memfd_create("list", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, bytes + 1, size - 1) == (ssize_t)(size - 1) &&
		lseek(fd, 0, SEEK_SET) == 0);
	read_list(fd, (enum format)(bytes[0] % (FORMAT_AUTO + 1)), size - 1);
	close(fd);
	return 0;
}
