#pragma once

/*
 * Open those of the three standard files that the caller left closed, to
 * /dev/null: else a socket or Redis would get the number of standard output,
 * and what is meant for it.  First thing in main().
 */
void standard_files_open(void);
