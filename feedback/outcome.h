#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/address.h"

/*
 * What a report says of one recipient: plain values, cut to their size, in
 * UTF-8.  "" where the report says nothing.
 */
enum outcome_kind { KIND_NONE, KIND_BOUNCE, KIND_COMPLAINT, KIND_AUTO };

/*
 * What a sender must do about it.
 *   hard       this address does not exist or can never receive mail
 *   soft       not now, or not this message
 *   policy     refused because of who sends, from where, or what
 *   complaint  a person did not want it
 *   auto       an automatic reply
 *   none       no failure at all
 */
enum outcome_class {
	CLASS_NONE,
	CLASS_HARD,
	CLASS_SOFT,
	CLASS_POLICY,
	CLASS_COMPLAINT,
	CLASS_AUTO,
	CLASS_COUNT,
};
extern const char *const outcome_kind_names[];
extern const char *const outcome_class_names[CLASS_COUNT];

enum { STATUS_SIZE = 16, ACTION_SIZE = 12, REASON_SIZE = 24, DIAGNOSTIC_SIZE = 512 };

struct outcome {
	enum outcome_kind kind;
	enum outcome_class class;
	char recipient[ADDRESS_SIZE];
	char status[STATUS_SIZE]; /* RFC 3463: "5.1.1" */
	char action
		[ACTION_SIZE]; /* RFC 3464: failed, delayed, delivered, relayed, expanded */
	char reason[REASON_SIZE]; /* "userunknown", "mailboxfull" ... */
	char diagnostic[DIAGNOSTIC_SIZE];
};
