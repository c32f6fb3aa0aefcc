/*
 * Any bytes as an SNS message, its URL of a certificate, and its certificate.
 * Nothing is believed without the signature; what is read has no line ends
 * where one signature could serve two messages; a certificate's file is a
 * name without a path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/sns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_url(const char *url)
{
	struct sns_certificate certificate;

	if (!sns_certificate_from_url(&certificate, url))
		return;
	must(strchr(certificate.file, '/') == NULL && certificate.file[0] == 'S');
	must(strstr(certificate.region, "s3") == NULL);
	must(strncmp(url + strlen("https://"), certificate.host,
		     strlen(certificate.host)) == 0);
	must(strlen(url) == strlen("https://") + strlen(certificate.host) + 1 +
				    strlen(certificate.file));
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void try_canonical(const struct sns *sns)
{
	char *text = sns_canonical(sns);
	size_t values = sns->type != SNS_NOTIFICATION ? 7 : sns->subject != NULL ? 6 : 5;

	must(count_lines(text) == 2 * values + count_lines(sns->message));
	free(text);
}

static void try_message(const char *text, size_t size)
{
	struct sns sns;
	struct sns_certificate certificate;
	struct sns_trust trust = { .now_us = 1795506361 * SECOND_US,
		.age_max_us = 36500 * DAY_US };
	enum sns_doubt doubt = sns_read(&sns, text, size);

	if (doubt == SNS_BELIEVED) {
		try_canonical(&sns);
		try_url(sns.certificate_url);
		trust.topics = &sns.topic;
		trust.topic_count = 1;
	}
	must(doubt == SNS_BELIEVED || sns_check(&sns, &trust, &certificate) == doubt);
	/* The message itself for the certificate: the rest of OpenSSL is not ours to try. */
	must(sns_verify(&sns, &trust, text, size) != SNS_BELIEVED);
	sns_clear(&sns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = xmalloc(size + 1);

	if (size > 0)
		memcpy(text, bytes, size);
	text[size] = '\0';
	try_url(text);
	try_message(text, size);
	free(text);
	return 0;
}
