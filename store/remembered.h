#pragma once

#include "policy/account.h"

/*
 * The records of accounts as this node saw them last, so that a recipient
 * costs one question and not two.  Only those that have a record: most have
 * none.  Being wrong costs a second question, never a wrong verdict: the store
 * compares versions.  So entries may be lost at any time, and readers take no
 * lock: an entry that is being written while it is read counts as absent.
 */
struct remembered;

struct remembered *remembered_new(void);
void remembered_free(struct remembered *remembered);

/* RECORD gets the name and version 0 when there is none. */
void remembered_get(
	const struct remembered *remembered, const char *name, struct account *record);
void remembered_put(struct remembered *remembered, const struct account *record);
