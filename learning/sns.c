#include "learning/sns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "feedback/ses.h"
#include "feedback/sns.h"

/* SNS's certificates have some 2 KB. */
enum { CERTIFICATE_MAX = 64 << 10 };

/* To be freed; NULL, with errno, when it cannot be read. */
static char *read_certificate(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char *pem = NULL;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		status.st_size <= CERTIFICATE_MAX) {
		pem = xmalloc(CERTIFICATE_MAX);
		got = read(fd, pem, CERTIFICATE_MAX);
	}
	close(fd);
	if (got < 0) {
		free(pem);
		return NULL;
	}
	*size = (size_t)got;
	return pem;
}

static enum sns_doubt verify(const struct sns *sns, const struct sns_trust *trust,
	const struct sns_certificate *certificate, const char *folder)
{
	char *path = xasprintf("%s/%s", folder, certificate->file);
	enum sns_doubt doubt = SNS_CERTIFICATE_UNREADABLE;
	size_t size = 0;
	char *pem = read_certificate(path, &size);

	if (pem == NULL)
		fprintf(stderr,
			"okite: %s cannot be read: %s; where this notification is one of "
			"yours, put the certificate there: https://%s/%s\n",
			path, strerror(errno), certificate->host, certificate->file);
	else
		doubt = sns_verify(sns, trust, pem, size);
	free(pem);
	free(path);
	return doubt;
}

static enum sns_doubt believe(const struct learner *learner, const struct sns *sns)
{
	const struct conf *conf = learner_conf(learner);
	const struct sns_trust trust = {
		.topics = (const char *const *)conf->feedback.sns_topics,
		.topic_count = conf->feedback.sns_topic_count,
		.now_us = clock_now_us(),
		/* As long as a repetition is known by its identity. */
		.age_max_us = FEEDBACK_MAX_US,
	};
	struct sns_certificate certificate;
	enum sns_doubt doubt = sns_check(sns, &trust, &certificate);

	if (doubt == SNS_BELIEVED)
		doubt = verify(
			sns, &trust, &certificate, conf->feedback.sns_certificates);
	return doubt;
}

/* Somebody must want the subscription: okite never confirms one. */
static void tell_confirmation(const struct sns *sns)
{
	char topic[256], url[1024];

	fprintf(stderr,
		"okite: SNS asks for a confirmation of the topic %s: open this address "
		"if you want it: %s\n",
		text_printable(topic, sizeof(topic), sns->topic),
		text_printable(url, sizeof(url), sns->subscribe_url));
}

static void find_proof(const struct learner *learner, const struct ses *ses,
	const char *recipient, struct proof *proof)
{
	const struct secret *secret = learner_secret(learner);
	struct recipient known;
	struct address address;

	*proof = (struct proof){ .token = ses->token_count > 0 ? PROOF_INVALID
							       : PROOF_NONE };
	if (recipient[0] == '\0' || address_parse(&address, recipient, NULL) != NULL)
		return;
	recipient_set(&known, &address, secret);
	proof_find(proof, secret, ses->tokens, ses->token_count, &known,
		store_clock_us(learner_store(learner)));
}

/* DOUBT is NULL where SNS's signature says that SES says so. */
static void take_event(
	struct learner *learner, const struct ses *ses, const char *doubt, bool believed)
{
	static const struct outcome nothing = { .kind = KIND_NONE };
	const char *id = ses->feedback_id[0] != '\0' ? ses->feedback_id : ses->message_id;

	for (size_t i = 0; i < ses->count || i == 0; i++) {
		struct news news = {
			.source = SOURCE_SNS,
			.outcome = ses->count > 0 ? &ses->outcomes[i] : &nothing,
			.believed = believed,
			.doubt = doubt,
			.report = id,
			.unsubscribes = strncmp(ses->type, "opt-out", 7) == 0,
			.not_sent = ses->not_sent,
			.happened_us = ses->happened_us,
		};

		find_proof(learner, ses, news.outcome->recipient, &news.proof);
		news.one_of_several = (ses->event == SES_COMPLAINT && ses->count > 1) ||
				      (!believed && news.proof.several);
		learner_take(learner, &news);
	}
}

void learn_sns(struct learner *learner, const char *bytes, size_t size)
{
	struct sns sns;
	struct ses ses;
	enum sns_doubt doubt = sns_read(&sns, bytes, size);
	bool envelope = doubt != SNS_NO_ENVELOPE && doubt != SNS_NO_OBJECT;
	const char *message = sns.message != NULL ? sns.message : "";

	if (envelope && doubt == SNS_BELIEVED)
		doubt = believe(learner, &sns);
	if (doubt == SNS_BELIEVED && sns.type == SNS_SUBSCRIPTION_CONFIRMATION)
		tell_confirmation(&sns);
	if (!envelope)
		(void)ses_read(&ses, bytes, size);
	else
		(void)ses_read(&ses, message, strlen(message));
	/* SES's object alone is believed by its tokens, so these are what it lacks. */
	take_event(learner, &ses,
		doubt == SNS_BELIEVED || doubt == SNS_NO_ENVELOPE
			? NULL
			: sns_doubt_texts[doubt],
		doubt == SNS_BELIEVED);
	ses_clear(&ses);
	sns_clear(&sns);
}
