#include "learning/lesson.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "policy/token.h"

const char *const source_names[SOURCE_COUNT] = {
	[SOURCE_MESSAGE] = "message",
	[SOURCE_SNS] = "sns",
	[SOURCE_LOG] = "log",
};

static const struct {
	enum event_kind event;
	enum reason reason;
	const char *name; /* in identities: all kinds of bounces are one failure */
} effects[LESSON_KIND_COUNT] = {
	[LESSON_HARD] = { EVENT_BOUNCE, REASON_HARD, "bounce" },
	[LESSON_SOFT] = { EVENT_BOUNCE, REASON_SOFT, "bounce" },
	[LESSON_POLICY] = { EVENT_BOUNCE, REASON_NONE, "bounce" },
	[LESSON_COMPLAINT] = { EVENT_COMPLAINT, REASON_COMPLAINT, "complaint" },
	[LESSON_UNSUBSCRIBE] = { EVENT_UNSUBSCRIBE, REASON_UNSUBSCRIBE, "unsubscribe" },
	[LESSON_DELIVERED] = { EVENT_DELIVERED, REASON_SOFT, "delivered" },
};

/* A delay is no failure yet, and a copy sent on proves nothing. */
static bool kind_of(const struct news *news, enum lesson_kind *kind)
{
	const struct outcome *outcome = news->outcome;
	bool failed =
		outcome->action[0] == '\0' || strcmp(outcome->action, "failed") == 0;

	if (outcome->kind == KIND_COMPLAINT && outcome->class == CLASS_COMPLAINT)
		*kind = news->unsubscribes ? LESSON_UNSUBSCRIBE : LESSON_COMPLAINT;
	else if (outcome->kind == KIND_BOUNCE && failed && outcome->class == CLASS_HARD)
		*kind = LESSON_HARD;
	else if (outcome->kind == KIND_BOUNCE && failed && outcome->class == CLASS_SOFT)
		*kind = LESSON_SOFT;
	else if (outcome->kind == KIND_BOUNCE && failed && outcome->class == CLASS_POLICY)
		*kind = LESSON_POLICY;
	else if (outcome->kind == KIND_NONE && strcmp(outcome->action, "delivered") == 0)
		*kind = LESSON_DELIVERED;
	else
		return false;
	return true;
}

/* NULL, or why it is not believed.  A doubt stands whatever token is there: it may be copied. */
static const char *doubt_of(const struct news *news, const struct conf *conf)
{
	static const char *const texts[] = {
		[PROOF_NONE] = "it has no " TOKEN_HEADER " of ours",
		[PROOF_INVALID] = "its " TOKEN_HEADER
				  " is not ours, or is not about mail to this recipient",
		[PROOF_OLD] = "its " TOKEN_HEADER " is too old",
		[PROOF_VALID] = NULL,
	};

	if (news->doubt != NULL)
		return news->doubt;
	return news->believed || conf->feedback.trust_any ? NULL
							  : texts[news->proof.token];
}

/* NULL, or why nothing is to be learned about this recipient. */
static const char *why_not(const struct policy *policy, const struct recipient *recipient)
{
	if (policy_is_internal(policy, recipient))
		return "the recipient is internal";
	if (policy->simulator != NULL &&
		strcmp(recipient->address.domain, policy->simulator) == 0)
		return "the recipient is of the simulator";
	return NULL;
}

/*
 * The same failure told by the log and by a bounce, twice by the same, or
 * once by each of several relays has one identity.
 */
static void identify(struct lesson *lesson, const struct news *news,
	const struct secret *secret, const char *digest)
{
	const char *name = effects[lesson->kind].name;
	bool proven = news->proof.token == PROOF_VALID;
	char *text;

	/* Told again, a delivery only ends what is ended: no need to remember each. */
	if (lesson->kind == LESSON_DELIVERED && news->quiet)
		return;
	if (!proven)
		text = xasprintf("%s report %s %s", name, news->report, digest);
	else if (news->one_of_several &&
		 (lesson->kind == LESSON_COMPLAINT || lesson->kind == LESSON_UNSUBSCRIBE))
		text = xasprintf("%s %" PRId64 " %s", name, news->proof.accepted_us,
			news->proof.account);
	else
		text = xasprintf("%s %" PRId64 " %s %s", name, news->proof.accepted_us,
			digest, news->proof.account);
	digest_of(secret, text, lesson->identity);
	free(text);
}

static void list(struct lesson *lesson, const struct news *news, const struct conf *conf,
	const char *address, const char *digest)
{
	struct suppression *entry = &lesson->entry;
	enum reason reason = effects[lesson->kind].reason;
	bool own = conf->scope_is_account[reason] || news->one_of_several;

	entry->reason = reason;
	text_copy(entry->digest, sizeof(entry->digest), digest);
	text_copy(entry->scope, sizeof(entry->scope),
		own && lesson->account[0] != '\0' ? lesson->account : SCOPE_EVERYONE);
	text_copy(entry->source, sizeof(entry->source), "feedback");
	/*
	 * Of nobody's mail it is for everyone, but one of several is nobody's proof.  And
	 * such a one makes no row, which deliveries that the log tells of would not end.
	 */
	if (digest[0] == '\0' ||
		(news->one_of_several &&
			(lesson->account[0] == '\0' || lesson->kind == LESSON_SOFT)))
		entry->reason = REASON_NONE;
	if (conf->store_addresses) {
		text_copy(entry->address, sizeof(entry->address), address);
		text_printable(
			entry->note, sizeof(entry->note), news->outcome->diagnostic);
	}
	lesson->expire_us = conf->expire_us[reason];
	lesson->row = conf->soft_bounces;
}

/* What a server says may name the address, so it is kept only where addresses are. */
static void tell(struct lesson *lesson, const struct news *news, const struct conf *conf,
	const char *address, const char *digest)
{
	const struct outcome *outcome = news->outcome;
	struct event *event = &lesson->event;

	event->kind = effects[lesson->kind].event;
	text_copy(event->account, sizeof(event->account), lesson->account);
	text_copy(event->recipient, sizeof(event->recipient),
		conf->store_addresses && address[0] != '\0' ? address : digest);
	text_copy(event->rule, sizeof(event->rule), outcome->reason);
	text_copy(event->verdict, sizeof(event->verdict), lesson_names[lesson->kind]);
	if (conf->store_addresses)
		text_copy(event->reply, sizeof(event->reply), outcome->diagnostic);
	if (news->queue_id != NULL)
		text_copy(event->queue_id, sizeof(event->queue_id), news->queue_id);
	snprintf(event->detail, sizeof(event->detail), "source=%s%s%s",
		source_names[news->source], outcome->status[0] != '\0' ? " status=" : "",
		outcome->status);
}

static bool find_recipient(const struct news *news, const struct secret *secret,
	struct recipient *recipient, const char **doubt)
{
	struct address address;

	*recipient = (struct recipient){ .digest = "" };
	text_copy(recipient->digest, sizeof(recipient->digest), news->proof.digest);
	if (news->outcome->recipient[0] == '\0')
		return true;
	*doubt = address_parse(&address, news->outcome->recipient, NULL);
	if (*doubt == NULL)
		recipient_set(recipient, &address, secret);
	return *doubt == NULL;
}

bool lesson_make(struct lesson *lesson, const struct news *news, const struct conf *conf,
	const struct secret *secret, const char **doubt)
{
	struct recipient recipient;
	bool proven = news->proof.token == PROOF_VALID;

	*doubt = NULL;
	*lesson =
		(struct lesson){ .happened_us = news->happened_us, .quiet = news->quiet };
	if (!kind_of(news, &lesson->kind) ||
		!find_recipient(news, secret, &recipient, doubt))
		return false;
	*doubt = why_not(&conf->policy, &recipient);
	if (*doubt == NULL)
		*doubt = doubt_of(news, conf);
	if (*doubt != NULL)
		return false;
	if (proven) {
		text_copy(lesson->account, sizeof(lesson->account), news->proof.account);
		lesson->accepted_us = news->not_sent ? 0 : news->proof.accepted_us;
		/* A relay's clock may be wrong; nothing comes back before it was sent. */
		if (lesson->happened_us != 0 &&
			lesson->happened_us < news->proof.accepted_us)
			lesson->happened_us = news->proof.accepted_us;
	}
	list(lesson, news, conf, recipient.address.text, recipient.digest);
	identify(lesson, news, secret, recipient.digest);
	tell(lesson, news, conf, recipient.address.text, recipient.digest);
	return true;
}
