#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "setup/setup.h"

/* What the parts of the planning share; setup_plan.c makes it. */
struct setup_planning {
	struct setup_plan *plan;
	const struct postfix *postfix;
	const struct setup_okite *okite;
	char *entry;		   /* okite in a list of milters */
	bool says_action;	   /* the entry does, so milter_default_action need not */
	const char *action_reason; /* why it does; NULL */
};

/* ---- setup_entry.c ---- */

/* Make planning->entry. */
void setup_make_entry(struct setup_planning *planning);

/* ---- setup_lists.c ---- */

/* Has this list of milters one that is not okite? */
bool setup_list_has_others(const struct setup_planning *planning, const char *value);
void setup_plan_milters(struct setup_planning *planning);
/*
 * Put okite into a list: SET is what main.cf has, or where SERVICE is not
 * NULL what its -o has.  FOR_WHOM is the sentence that says what for.
 */
void setup_plan_list(struct setup_planning *planning, const char *service,
	const char *name, const char *set, const char *for_whom);
/* smtpd_milters of main.cf without okite, packed; NULL: it cannot be told. */
char *setup_others_packed(const struct setup_planning *planning);

/* ---- setup_errors.c: Postfix must not hang up because of our refusals ---- */

void setup_plan_errors(struct setup_planning *planning);
/* The same for a service that says otherwise than main.cf will. */
void setup_plan_service_errors(
	struct setup_planning *planning, const struct postfix_service *service);

/* ---- setup_services.c: what master.cf says otherwise ---- */

void setup_plan_services(struct setup_planning *planning);
