#include "milter/background.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int ready = -1; /* the daemon's end of the pipe to the caller */

/* The caller's process: a byte means that all is well, none that the daemon has ended. */
static void wait_for_daemon(int from, pid_t daemon)
{
	char byte;
	int status;

	if (read(from, &byte, 1) == 1)
		_exit(EX_OK);
	if (waitpid(daemon, &status, 0) == daemon && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(EX_SOFTWARE);
}

void background_start(void)
{
	int ends[2];
	pid_t daemon;

	if (pipe2(ends, O_CLOEXEC) != 0 || (daemon = fork()) < 0) {
		perror("okited: cannot go to the background");
		exit(EX_OSERR);
	}
	if (daemon > 0) {
		close(ends[1]);
		wait_for_daemon(ends[0], daemon);
	}
	close(ends[0]);
	ready = ends[1];
	setsid();
}

void background_ready(void)
{
	int nowhere;

	if (ready < 0)
		return;
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && nowhere >= 0; fd++)
		dup2(nowhere, fd);
	if (nowhere > STDERR_FILENO)
		close(nowhere);
	(void)!chdir("/");
	(void)!write(ready, "", 1);
	close(ready);
	ready = -1;
}
