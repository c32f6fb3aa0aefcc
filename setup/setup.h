#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * okite setup postfix: what Postfix and okite have (struct postfix, struct
 * setup_okite), what has to change (struct setup_plan, made by pure code), and
 * showing, applying and undoing that.  All texts belong to the struct that
 * they are in.
 */

/* A list of texts that grows. */
struct names {
	char **items;
	size_t count;
};

void names_add(struct names *names, char *owned);
/* A copy of TEXT, unless it is there. */
void names_add_once(struct names *names, const char *text);
bool names_have(const struct names *names, const char *text);
void names_clear(struct names *names);

/* ---- what there is ---- */

struct postfix_parameter {
	char *name;
	char *set;	/* as main.cf, or -o in master.cf, has it; NULL: it does not */
	char *value;	/* in effect, its $names expanded */
	char *stressed; /* the same while Postfix is overloaded; NULL: as ever */
};

struct postfix_service {
	char *name;    /* "submission/inet" */
	char *command; /* "smtpd" */
	bool chrooted;
	struct postfix_parameter *overrides;
	size_t override_count;
};

struct postfix {
	char *folder;	      /* of main.cf */
	bool folder_is_named; /* by MAIL_CONFIG, so commands must name it as well */
	char *version;
	char *standard_action; /* the default of milter_default_action */
	struct postfix_parameter *parameters;
	size_t parameter_count;
	struct postfix_service *services;
	size_t service_count;
	struct names domains;  /* its own, as internal_domains has them */
	struct names unlisted; /* "mysql:/etc/... in relay_domains" */
};

struct postfix_parameter *postfix_add_parameter(
	struct postfix *postfix, const char *name);
struct postfix_parameter *service_add_override(
	struct postfix_service *service, const char *name);
/* NULL where it is not known. */
struct postfix_parameter *postfix_parameter(
	const struct postfix *postfix, const char *name);
struct postfix_parameter *service_override(
	const struct postfix_service *service, const char *name);
/* The value in effect; "" where it is not known. */
const char *postfix_value(const struct postfix *postfix, const char *name);
/* The same for a service, with what its -o says. */
const char *service_value(const struct postfix *postfix,
	const struct postfix_service *service, const char *name);
bool service_is(const struct postfix_service *service, const char *command);
void postfix_clear(struct postfix *postfix);

struct setup_okite {
	const char *conf_path;
	const char *address;  /* where okited listens, in Postfix's form */
	const char *previous; /* what the last --apply wrote; NULL: nothing */
	int64_t timeout_us;   /* of one question to Redis */
	bool answers;	      /* somebody listens there, or we cannot know */
	bool domains_are_set; /* okite.conf has internal_domains: it is the postmaster's */
	char *const *domains; /* what it has there */
	size_t domain_count;
};

/* ---- what has to change ---- */

enum setup_file { SETUP_MAIN, SETUP_MASTER, SETUP_OKITE, SETUP_FILE_COUNT };

struct setup_step {
	enum setup_file file;
	char *service; /* "submission/inet"; NULL but for master.cf */
	char *name;
	char *before; /* as the file has it; NULL: not there */
	char *after;
	char *why; /* a sentence; NULL in a record */
};

struct setup_note {
	bool warning; /* something that we leave to the postmaster */
	char *text;
};

struct setup_plan {
	struct setup_step *steps;
	size_t step_count;
	struct setup_note *notes;
	size_t note_count;
};

void setup_plan_make(struct setup_plan *plan, const struct postfix *postfix,
	const struct setup_okite *okite);
void setup_plan_clear(struct setup_plan *plan);
/* WHY is used up, the others are copied. */
void setup_plan_add(struct setup_plan *plan, enum setup_file file, const char *service,
	const char *name, const char *before, const char *after, char *why);
void setup_plan_note(struct setup_plan *plan, bool warning, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool setup_plan_touches(const struct setup_plan *plan, enum setup_file file);
void setup_step_clear(struct setup_step *step);
