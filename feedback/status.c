#include "feedback/status.h"

#include <stddef.h>
#include <string.h>

/*
 * Without the first digit: whether it is for ever the reply says better, and
 * nothing that is refused for now is hard.  Ranks: 86 beats nearly any phrase,
 * 45 is what the code says for certain, 25 and less what is often wrong and
 * gives way to a vague phrase.
 */
static const struct status_row rows[] = {
	/* Of the recipient, unless vague words are about the message. */
	{ ".1.0", 18, CLASS_HARD, "userunknown" },
	{ ".1.1", 45, CLASS_HARD, "userunknown" },
	{ ".1.2", 45, CLASS_HARD, "hostunknown" },
	{ ".1.3", 45, CLASS_HARD, "userunknown" },
	{ ".1.4", 25, CLASS_SOFT, "filtered" },
	{ ".1.5", 25, CLASS_NONE, "delivered" },
	{ ".1.6", 45, CLASS_HARD, "hasmoved" },
	/* Of the sender; a phrase like "does not exist" is of him then, too. */
	{ ".1.7", 86, CLASS_POLICY, "rejected" },
	{ ".1.8", 86, CLASS_POLICY, "rejected" },
	{ ".1.9", 25, CLASS_SOFT, "systemerror" },
	/* RFC 7505: the domain takes no mail.  Exchange: there is no such recipient. */
	{ ".1.10", 45, CLASS_HARD, "notaccept" },
	{ ".1.11", 40, CLASS_HARD, "userunknown" },
	{ ".1.20", 45, CLASS_POLICY, "notcompliantrfc" },
	/* Microsoft's sending limits. */
	{ ".1.90", 45, CLASS_POLICY, "speeding" },
	{ ".1.351", 40, CLASS_HARD, "userunknown" },
	{ ".2.0", 25, CLASS_SOFT, "filtered" },
	{ ".2.1", 40, CLASS_SOFT, "suspend" },
	{ ".2.2", 45, CLASS_SOFT, "mailboxfull" },
	{ ".2.3", 45, CLASS_SOFT, "exceedlimit" },
	{ ".2.4", 45, CLASS_SOFT, "filtered" },
	/* Microsoft's limits of how much one recipient may get in an hour. */
	{ ".2.121", 45, CLASS_SOFT, "speeding" },
	{ ".2.122", 45, CLASS_SOFT, "speeding" },
	{ ".3.0", 25, CLASS_SOFT, "systemerror" },
	{ ".3.1", 45, CLASS_SOFT, "systemfull" },
	{ ".3.2", 25, CLASS_SOFT, "notaccept" },
	{ ".3.3", 25, CLASS_SOFT, "systemerror" },
	{ ".3.4", 45, CLASS_SOFT, "mesgtoobig" },
	{ ".3.5", 25, CLASS_SOFT, "systemerror" },
	{ ".4.0", 25, CLASS_SOFT, "networkerror" },
	{ ".4.1", 45, CLASS_SOFT, "networkerror" },
	{ ".4.2", 45, CLASS_SOFT, "networkerror" },
	{ ".4.3", 45, CLASS_SOFT, "networkerror" },
	{ ".4.4", 40, CLASS_HARD, "hostunknown" },
	{ ".4.5", 45, CLASS_SOFT, "systemfull" },
	{ ".4.6", 45, CLASS_SOFT, "networkerror" },
	{ ".4.7", 45, CLASS_SOFT, "expired" },
	{ ".4.14", 45, CLASS_SOFT, "networkerror" },
	{ ".4.300", 45, CLASS_SOFT, "expired" },
	{ ".4.310", 45, CLASS_HARD, "hostunknown" },
	{ ".4.312", 45, CLASS_SOFT, "networkerror" },
	{ ".4.316", 45, CLASS_SOFT, "expired" },
	{ ".5.1", 25, CLASS_SOFT, "syntaxerror" },
	{ ".5.2", 25, CLASS_SOFT, "syntaxerror" },
	{ ".5.3", 45, CLASS_SOFT, "toomanyconn" },
	{ ".5.4", 25, CLASS_SOFT, "syntaxerror" },
	{ ".5.5", 25, CLASS_SOFT, "systemerror" },
	{ ".5.6", 45, CLASS_SOFT, "mesgtoobig" },
	{ ".6.", 45, CLASS_POLICY, "contenterror" },
	{ ".6.7", 45, CLASS_POLICY, "contenterror" },
	{ ".7.", 40, CLASS_POLICY, "securityerror" },
	{ ".7.8", 45, CLASS_POLICY, "securityerror" },
	{ ".7.9", 45, CLASS_POLICY, "securityerror" },
	{ ".7.10", 45, CLASS_SOFT, "failedstarttls" },
	{ ".7.13", 45, CLASS_SOFT, "suspend" },
	/* RFC 7293: the mailbox, the domain, has another owner now. */
	{ ".7.17", 45, CLASS_HARD, "hasmoved" },
	{ ".7.18", 45, CLASS_HARD, "hasmoved" },
	/* RFC 7372 and others: DKIM, SPF, reverse DNS, DMARC, ARC. */
	{ ".7.20", 45, CLASS_POLICY, "authfailure" },
	{ ".7.21", 45, CLASS_POLICY, "authfailure" },
	{ ".7.22", 45, CLASS_POLICY, "authfailure" },
	{ ".7.23", 45, CLASS_POLICY, "authfailure" },
	{ ".7.24", 45, CLASS_POLICY, "authfailure" },
	{ ".7.25", 45, CLASS_POLICY, "requireptr" },
	{ ".7.26", 45, CLASS_POLICY, "authfailure" },
	/* RFC 7505: the domain of the sender takes no mail. */
	{ ".7.27", 45, CLASS_POLICY, "notaccept" },
	{ ".7.28", 45, CLASS_POLICY, "spamdetected" },
	{ ".7.29", 45, CLASS_POLICY, "authfailure" },
	{ ".7.30", 45, CLASS_POLICY, "authfailure" },
	{ ".7.508", 45, CLASS_POLICY, "speeding" },
	{ ".7.509", 45, CLASS_POLICY, "authfailure" },
	{ ".7.515", 45, CLASS_POLICY, "authfailure" },
};

static int is_prefix(const struct status_row *row)
{
	return row->code[strlen(row->code) - 1] == '.';
}

const struct status_row *status_find(const char *status)
{
	const struct status_row *best = NULL;

	if (status[0] == '\0')
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].code, status + 1) == 0)
			return &rows[i];
		if (is_prefix(&rows[i]) &&
			strncmp(rows[i].code, status + 1, strlen(rows[i].code)) == 0)
			best = &rows[i];
	}
	return best;
}
