#include "policy/account.h"

const char *const standing_names[STANDING_COUNT] = {
	[STANDING_HEALTHY] = "healthy",
	[STANDING_WARNED] = "warned",
	[STANDING_PAUSED] = "paused",
	[STANDING_REINSTATED] = "reinstated",
};
