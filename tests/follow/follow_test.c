#include "tests/follow/steps.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct scene {
	const char *name;
	const char *steps[32];
};

static const struct scene growing[] = {
	{ "from the beginning, and then what is added",
		{ "write log a|b|", "start", "want a|b|", "want ", "write log c|",
			"write log d|", "want c|d|" } },
	{ "a line is given when it has its end",
		{ "start", "write log a|b", "want a|", "write log c", "want ",
			"write log d|e", "want bcd|" } },
	{ "and that also after a restart",
		{ "write log a|b", "start", "want a|", "start", "want ", "write log c|",
			"want bc|", "start", "want " } },
	{ "what was not kept comes again",
		{ "write log a|b|", "start", "peek a|b|", "peek a|b|", "write log c|",
			"peek a|b|c|", "start", "peek a|b|c|", "want a|b|c|", "start",
			"want " } },
	{ "empty lines are lines", { "write log ||a||", "start", "want ||a||" } },
	{ "an empty log", { "write log ", "start", "want ", "write log a|", "want a|" } },
	{ "one that is there later, said once",
		{ "start", "want ", "want ", "said log: is not there", "want ",
			"write log a|", "want a|" } },
	{ "removed for a while", { "write log a|", "start", "want a|", "remove log",
					 "want ", "want ", "write log b|", "want b|" } },
};

static const struct scene renamed[] = {
	{ "the writer goes on with the old one until the new one has something",
		{ "write log a|", "start", "want a|", "move log log.1", "write log.1 b|",
			"want b|", "write log ", "want ", "write log.1 c|", "want c|",
			"write log.1 d|", "write log e|", "want d|e|", "write log f|",
			"want f|" } },
	{ "what has no end when it is left is a line",
		{ "write log a|b", "start", "want a|", "move log log.1", "write log ",
			"want ", "write log.1 c", "want ", "write log d|", "want bc|d|",
			"start", "want " } },
	{ "several times between two looks",
		{ "write log a|", "start", "want a|", "write log b|", "move log log.1",
			"write log c|", "move log.1 log.2", "move log log.1",
			"write log ", "want b|c|", "write log d|", "want d|" } },
	{ "an empty one between is nothing",
		{ "write log a|", "start", "want a|", "move log log.2", "write log.1 ",
			"write log b|", "want b|" } },
	{ "once, while it was stopped",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.1", "write log c|", "start", "want b|c|" } },
	{ "once, and nothing is in the new one",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.1", "write log ", "start", "want b|",
			"write log.1 c|", "want c|", "write log d|", "want d|" } },
	{ "once, and there is no new one",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.1", "start", "want b|", "write log c|",
			"want c|" } },
	{ "before anything of it was kept",
		{ "write log a|", "start", "peek a|", "stop", "move log log.1",
			"write log b|", "start", "want a|b|" } },
	{ "ten times, by number",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.11", "write log.10 c|", "write log.9 d|",
			"write log.2 e|", "write log.1 f|", "write log.12 older|",
			"write log g|", "start", "want b|c|d|e|f|g|" } },
	{ "some times, by date",
		{ "write log-20261121 older|", "write log a|", "start", "want a|", "stop",
			"write log b|", "move log log-20261122", "write log-20261123 c|",
			"write log-20261124 d|", "write log e|", "start",
			"want b|c|d|e|" } },
	{ "by postlogd's dates",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.20261122-235959", "write log.20261123-000001 c|",
			"write log d|", "start", "want b|c|d|" } },
	{ "by number and by date: when they were changed",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.1", "write log-20261124 c|", "write log.2 older|",
			"time log.2 1", "time log.1 2", "time log-20261124 3",
			"write log d|", "start", "want b|c|d|" } },
	{ "other names are of other logs",
		{ "write log a|", "start", "want a|", "write logbook no|",
			"write log.swp no|", "write log2 no|", "write log-new no|",
			"move log log.old", "write log.old b|", "write log c|",
			"want b|c|" } },
	{ "under any name it is found",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.save", "write log c|", "start", "want b|c|" } },
	{ "a folder and a link of that name are none of them",
		{ "write log a|", "start", "want a|", "write other no|", "folder log.2",
			"link other log.1", "remove log", "write log b|", "want b|" } },
};

static const struct scene copied[] = {
	{ "all of it had been read",
		{ "write log a|", "start", "want a|", "copy log log.1", "empty log",
			"want ", "write log b|", "want b|" } },
	{ "the rest is in the copy",
		{ "write log a|", "start", "want a|", "write log b|", "copy log log.1",
			"empty log", "want b|", "write log c|", "want c|" } },
	{ "also if it has grown beyond since",
		{ "write log a|", "start", "want a|", "write log b|", "copy log log.1",
			"empty log", "write log cccccccccccccccccccc|", "write log d|",
			"want b|cccccccccccccccccccc|d|" } },
	{ "while it was stopped",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"copy log log.1", "empty log", "write log cccccc|", "start",
			"want b|cccccc|" } },
	{ "twice while it was stopped",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"copy log log.2", "empty log", "write log cccccc|",
			"copy log log.1", "empty log", "write log d|", "start",
			"want b|cccccc|d|" } },
	{ "in the midst of a line, which is another one then",
		{ "write log a|b", "start", "want a|", "empty log", "write log cccc|",
			"want cccc|", "said of it until" } },
	{ "in the midst of the first line",
		{ "write log a", "start", "want ", "empty log", "write log bcd|",
			"want bcd|", "said of it until" } },
	{ "before anything of it was kept",
		{ "write log a|", "start", "peek a|", "stop", "copy log log.1",
			"empty log", "write log b|", "start", "want a|b|" } },
	{ "before anything was in it",
		{ "write log ", "start", "want ", "stop", "write log a|",
			"copy log log.1", "empty log", "write log b|", "start",
			"want a|b|" } },
	{ "no copy: that is said",
		{ "write log a|", "start", "want a|", "write log b|", "empty log",
			"write log c|", "want c|", "said lines that were added" } },
	{ "a hole is left before what does not append",
		{ "write log a|", "start", "want a|", "copy log log.1", "empty log",
			"hole 300000 b", "want b|" } },
	{ "another file in its place, without a trace of the old one",
		{ "write log a|b|c|", "start", "want a|b|c|", "stop", "remove log",
			"write log d|", "start", "want d|",
			"said going on with the beginning of" } },
};

static const struct scene compressed[] = {
	{ "the place's own file",
		{ "write log a|", "start", "want a|", "stop", "write log b|",
			"move log log.1.gz", "write log c|", "start", "want c|",
			"said lines until 20" } },
	{ "the place's own file, and all but the last one after it",
		{ "write log a|", "start", "want a|", "time log 10", "start", "want ",
			"write log b|", "want b|", "stop", "move log log.4.xz",
			"write log.3.zst no|", "write log.2 c|", "write log.1 d|",
			"write log.5.gz older|", "write log.6 older|", "time log.6 1",
			"time log.5.gz 2", "write log e|", "start", "want c|d|e|",
			"said lines until" } },
	{ "one between",
		{ "write log a|", "start", "want a|", "move log log.2", "time log.2 1",
			"write log.1.gz no|", "time log.1.gz 2", "write log c|",
			"want c|", "said lines until 2023-11-14T22:13:22Z are lost" } },
	{ "the one that is read, by somebody who keeps its time",
		{ "write log a|", "start", "want a|", "move log log.1",
			"copy log.1 log.1.gz", "time log.1 9", "time log.1.gz 9",
			"remove log.1", "write log b|", "want b|" } },
	{ "at this moment", { "write log a|", "start", "want a|", "stop", "write log b|",
				    "move log log.1", "write log.1.gz z", "write log c|",
				    "start", "want b|c|" } },
	{ "older ones are nobody's loss",
		{ "write log.1.gz older|", "write log a|", "start", "want a|",
			"move log.1.gz log.2.gz", "move log log.1", "write log b|",
			"want b|" } },
};

static const struct scene linked[] = {
	{ "it points to another file",
		{ "write one a|", "link one log", "start", "want a|", "write one b|",
			"write two c|", "link two log", "want b|c|", "write two d|",
			"want d|" } },
	{ "it pointed to another file before the restart",
		{ "write one a|", "link one log", "start", "want a|", "stop",
			"write one b|", "write two c|", "link two log", "start",
			"want b|c|" } },
	{ "it points to nothing for a while",
		{ "write one a|", "link one log", "start", "want a|", "link two log",
			"write one b|", "want b|", "write two c|", "want c|" } },
	{ "its target is rotated",
		{ "write one a|", "link one log", "start", "want a|", "stop",
			"write one b|", "move one one.2", "write one.1 c|",
			"write one d|", "start", "want b|c|d|" } },
};

static const struct scene refused[] = {
	{ "a folder", { "folder log", "refused log: is not a regular file" } },
	{ "a folder in its place later",
		{ "write log a|", "start", "want a|", "move log log.1", "folder log",
			"fails log: is not a regular file" } },
	{ "followed already",
		{ "write log a|", "start", "twice is followed by another" } },
	{ "the other one has ended",
		{ "write log a|", "start", "want a|", "stop", "start", "want " } },
};

static void run_scenes(const struct scene *scenes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *folder = NULL;

		assert_int_equal(make_folder(&folder), 0);
		run_steps(scenes[i].name, scenes[i].steps);
		assert_int_equal(remove_folder(&folder), 0);
	}
}

static void follows_what_grows(void **state)
{
	(void)state;
	run_scenes(growing, COUNT(growing));
}
static void follows_renamed(void **state)
{
	(void)state;
	run_scenes(renamed, COUNT(renamed));
}
static void follows_copied(void **state)
{
	(void)state;
	run_scenes(copied, COUNT(copied));
}
static void tells_what_is_lost(void **state)
{
	(void)state;
	run_scenes(compressed, COUNT(compressed));
}
static void follows_links(void **state)
{
	(void)state;
	run_scenes(linked, COUNT(linked));
}
static void refuses_what_is_no_log(void **state)
{
	(void)state;
	run_scenes(refused, COUNT(refused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_what_grows),
		cmocka_unit_test(follows_renamed),
		cmocka_unit_test(follows_copied),
		cmocka_unit_test(tells_what_is_lost),
		cmocka_unit_test(follows_links),
		cmocka_unit_test(refuses_what_is_no_log),
	};

	return cmocka_run_group_tests_name("follow/follow", tests, NULL, NULL);
}
