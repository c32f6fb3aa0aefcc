#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "cli/output.h"
#include "conf/conf.h"
#include "policy/address.h"
#include "policy/demand.h"
#include "store/store.h"

/* How okite exits: the codes of sysexits.h, and 1 where the answer is no. */
enum {
	CLI_YES = 0,
	CLI_NO = 1,
	CLI_USAGE = 64,
	CLI_AWAY = 75,
};

/* The values of an option that may be given several times. */
struct words {
	const char **items;
	size_t count;
};

/*
 * The command line, once the words of the command are gone.  Options that
 * were not given are NULL.  Which of them a command takes its usage line says.
 */
struct arguments {
	const char *account, *client, *expire, *format, *from, *login, *note, *plan;
	const char *reason, *since, *size, *until;
	bool apply, follow, local, parse_only, reject, undo;
	struct words to, limits;
	char **operands;
	size_t operand_count;
};

struct cli {
	const struct command *command;
	const char *conf_path;
	struct arguments arguments;
	struct output output;
	struct conf *conf; /* these three after cli_open() */
	struct secret *secret;
	struct store *store;
};

/* A command reads its arguments, calls cli_open(), and returns how okite exits. */
typedef int command_function(struct cli *cli);

command_function run_check, run_explain, run_events;
command_function run_suppress_add, run_suppress_remove, run_suppress_show,
	run_suppress_list;
command_function run_suppress_import, run_suppress_export;
command_function run_account_list, run_account_show, run_account_set, run_account_pause;
command_function run_account_resume, run_account_reset;
command_function run_verified_add, run_verified_remove, run_verified_list;
command_function run_feedback, run_setup_postfix;

/* The configuration alone.  False: stderr has its faults. */
bool cli_configure(struct cli *cli);
/* Configuration, secret, store.  CLI_YES, or what to exit with: stderr has the reason. */
int cli_open(struct cli *cli);
/* Tell what is wrong with the command line, and the command's usage: CLI_USAGE, of feedback CLI_AWAY. */
int cli_usage(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The answer is no, and this is why: CLI_NO. */
int cli_no(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The store failed: CLI_AWAY. */
int cli_away(const struct error *error);

/*
 * "24h" (from now, or before it where DIRECTION is -1), or a moment as RFC
 * 3339 writes it.
 */
bool moment_parse(const char *text, int direction, int64_t *moment_us);

/* An account's name in lower case.  False when it is empty or too long. */
bool account_name(char name[ACCOUNT_SIZE], const char *text);

/* Whom an entry of a list is about: a mailbox, or "@" and a whole domain. */
struct target {
	char address[ADDRESS_SIZE]; /* canonical; "" where only the digest is known */
	char digest[DIGEST_TEXT_SIZE];
	char domain_digest[DIGEST_TEXT_SIZE]; /* of a mailbox's domain, else "" */
};

/* NULL, or what is wrong with TEXT. */
const char *target_parse(
	struct target *target, const char *text, const struct secret *secret);
/* 32 hexadecimal digits are a digest. */
bool target_from_digest(struct target *target, const char *text);

/* "everyone" or the account. */
const char *scope_text(const char *scope);

/* When an entry with this reason ends, added at NOW_US; 0: never. */
int64_t suppression_end(const struct conf *conf, enum reason reason, int64_t now_us);

/* An entry as `suppress list --json` prints it, and `import` reads it. */
json_t *suppression_to_json(const struct suppression *entry);

/* One limit as people and programs see it. */
struct limit_view {
	const struct limit *limit;
	struct capacity capacity;
	char owner[ADDRESS_SIZE +
		   2 * ACCOUNT_SIZE]; /* "account=shop recipient_domain=gmail.com" */
	bool known;		      /* the three below */
	int64_t used;
	int64_t frees_us;
	bool never; /* no waiting helps */
};

/* What MESSAGE and RECIPIENT have for each field. */
void limit_values(const struct message *message, const struct recipient *recipient,
	struct field_values *values);
/* VIEW of a limit whose state is FACT; NULL: not known.  VALUES say whose it is. */
void limit_view_set(struct limit_view *view, const struct demand_limit *limit,
	const struct limit_fact *fact, const struct field_values *values);
json_t *limit_views_to_json(const struct limit_view *views, size_t count);
void limit_views_print(
	struct output *output, const struct limit_view *views, size_t count);
