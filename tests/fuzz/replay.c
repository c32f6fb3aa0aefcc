/*
 * Runs a fuzz target over its seeds, or over the files and folders that are
 * named: so `make check` sees what the fuzzer found once.
 *
 * To fuzz: clang -g -O1 -fsanitize=fuzzer,address,undefined -I. -D_GNU_SOURCE
 * tests/fuzz/address_fuzz.c and the libraries, without this file.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SEED_MAX = 1 << 20 };

static bool replay_file(const char *path)
{
	uint8_t *bytes = xmalloc(SEED_MAX);
	FILE *file = fopen(path, "rb");
	size_t size;

	if (file == NULL) {
		perror(path);
		free(bytes);
		return false;
	}
	size = fread(bytes, 1, SEED_MAX, file);
	fclose(file);
	(void)LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return true;
}

/* How many files there were; -1 when one cannot be read. */
static int replay(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (folder == NULL)
		return replay_file(path) ? 1 : -1;
	while (count >= 0 && (entry = readdir(folder)) != NULL) {
		char *file = xasprintf("%s/%s", path, entry->d_name);

		if (entry->d_name[0] != '.')
			count = replay_file(file) ? count + 1 : -1;
		free(file);
	}
	closedir(folder);
	return count;
}

/* tests/fuzz/address_test: the seeds are in tests/fuzz/seeds/address. */
static char *own_seeds(const char *program)
{
	const char *source = getenv("srcdir"), *name = strrchr(program, '/');
	size_t length;

	name = name == NULL ? program : name + 1;
	length = strcspn(name, "_");
	return xasprintf("%s/tests/fuzz/seeds/%.*s", source == NULL ? "." : source,
		(int)length, name);
}

int main(int argc, char **argv)
{
	int count = 0;

	if (argc == 1) {
		char *seeds = own_seeds(argv[0]);

		count = replay(seeds);
		free(seeds);
	}
	for (int i = 1; i < argc && count >= 0; i++) {
		int more = replay(argv[i]);

		count = more < 0 ? -1 : count + more;
	}
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
