#include "feedback/outcome.h"

const char *const outcome_kind_names[] = {
	[KIND_NONE] = "none",
	[KIND_BOUNCE] = "bounce",
	[KIND_COMPLAINT] = "complaint",
	[KIND_AUTO] = "auto",
};

const char *const outcome_class_names[CLASS_COUNT] = {
	[CLASS_NONE] = "none",
	[CLASS_HARD] = "hard",
	[CLASS_SOFT] = "soft",
	[CLASS_POLICY] = "policy",
	[CLASS_COMPLAINT] = "complaint",
	[CLASS_AUTO] = "auto",
};
