#include "feedback/bounce_reason.h"

#include <string.h>

const char *const bounce_reason_names[] = {
	"authfailure",
	"badreputation",
	"blocked",
	"contenterror",
	"delivered",
	"exceedlimit",
	"expired",
	"failedstarttls",
	"filtered",
	"hasmoved",
	"hostunknown",
	"mailboxfull",
	"mailererror",
	"mesgtoobig",
	"networkerror",
	"norelaying",
	"notaccept",
	"notcompliantrfc",
	"okite",
	"onhold",
	"policyviolation",
	"rejected",
	"requireptr",
	"securityerror",
	"spamdetected",
	"speeding",
	"suppressed",
	"suspend",
	"syntaxerror",
	"systemerror",
	"systemfull",
	"toomanyconn",
	"undefined",
	"userunknown",
	"virusdetected",
};
const size_t bounce_reason_count =
	sizeof(bounce_reason_names) / sizeof(bounce_reason_names[0]);

const char *bounce_reason_find(const char *name)
{
	for (size_t i = 0; i < bounce_reason_count; i++)
		if (strcmp(bounce_reason_names[i], name) == 0)
			return bounce_reason_names[i];
	return NULL;
}
