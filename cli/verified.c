/* okite verified: who may be written to from a sandbox. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

/* Open the store and read the operand.  CLI_YES, or how to exit. */
static int open_with_target(struct cli *cli, struct target *target)
{
	const char *fault;
	int status = cli_open(cli);

	if (status != CLI_YES)
		return status;
	fault = target_parse(target, cli->arguments.operands[0], cli->secret);
	if (fault != NULL)
		return cli_usage(cli, "%s: %s", cli->arguments.operands[0], fault);
	return CLI_YES;
}

static void tell_change(struct cli *cli, const char *change, const char *address)
{
	char printable[2 * ADDRESS_SIZE];
	json_t *object;

	if (!cli->output.json) {
		fprintf(cli->output.to, "%s %s\n", change,
			text_printable(printable, sizeof(printable), address));
		return;
	}
	object = json_object();
	json_object_set_new(object, "change", value_of_text(change));
	json_object_set_new(object, "address", value_of_text(address));
	output_json(&cli->output, object);
}

int run_verified_add(struct cli *cli)
{
	struct verified entry = { .since_us = clock_now_us() };
	struct error error = ERROR_NONE;
	struct target target;
	bool changed;
	int status = open_with_target(cli, &target);

	if (status != CLI_YES)
		return status;
	text_copy(entry.digest, sizeof(entry.digest), target.digest);
	text_copy(entry.address, sizeof(entry.address), target.address);
	if (!store_verify(cli->store, &entry, &changed, &error))
		return cli_away(&error);
	tell_change(cli, changed ? "added" : "unchanged", target.address);
	return CLI_YES;
}

int run_verified_remove(struct cli *cli)
{
	struct error error = ERROR_NONE;
	struct target target;
	bool changed;
	int status = open_with_target(cli, &target);

	if (status != CLI_YES)
		return status;
	if (!store_unverify(cli->store, target.digest, &changed, &error))
		return cli_away(&error);
	if (!changed)
		return cli_no("%s is not verified", target.address);
	tell_change(cli, "removed", target.address);
	return CLI_YES;
}

struct listing {
	struct output *output;
	struct table table;
	const struct target *target; /* only this one; NULL: all */
	size_t shown;
};

static bool show_entry(const struct verified *entry, void *context)
{
	struct listing *listing = context;
	char since[CLOCK_TEXT_SIZE];
	json_t *object;

	if (listing->target != NULL &&
		strcmp(listing->target->digest, entry->digest) != 0)
		return true;
	listing->shown++;
	if (listing->output->json) {
		object = json_object();
		json_object_set_new(object, "address", value_or_null(entry->address));
		json_object_set_new(object, "digest", value_of_text(entry->digest));
		json_object_set_new(object, "since", value_of_moment(entry->since_us));
		return output_json(listing->output, object);
	}
	clock_to_text(since, sizeof(since), entry->since_us);
	table_row(&listing->table, (const char *const[]){ entry->address, since });
	return output_good(listing->output);
}

int run_verified_list(struct cli *cli)
{
	static const char *const headings[] = { "ADDRESS", "SINCE", NULL };
	struct listing listing = { .output = &cli->output };
	struct error error = ERROR_NONE;
	bool one = cli->arguments.operand_count > 0, ok;
	struct target target;
	int status = one ? open_with_target(cli, &target) : cli_open(cli);

	if (status != CLI_YES)
		return status;
	listing.target = one ? &target : NULL;
	table_init(&listing.table, &cli->output, headings);
	ok = store_each_verified(cli->store, show_entry, &listing, &error);
	table_finish(&listing.table);
	if (!ok)
		return cli_away(&error);
	if (one && listing.shown == 0)
		return cli_no("%s is not verified", target.address);
	return CLI_YES;
}
