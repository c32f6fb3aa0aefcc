#include "tests/support/redis_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

struct redis_server {
	pid_t pid;
	char folder[32];
	struct sockaddr_un socket;
	char *url;
};

/* In the child.  Does not return. */
static void become_server(const struct redis_server *server, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);

	/* Also where the test ends by a signal or an assertion. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
		server->socket.sun_path, "--dir", server->folder, "--save", "",
		"--appendonly", "no", "--daemonize", "no", (char *)NULL);
	_exit(127);
}

static bool answers(const struct redis_server *server)
{
	static const char ping[] = "PING\r\n", pong[] = "+PONG\r\n";
	char answer[sizeof(pong)] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (const struct sockaddr *)&server->socket,
			  sizeof(server->socket)) == 0 &&
		  write(fd, ping, strlen(ping)) == (ssize_t)strlen(ping) &&
		  read(fd, answer, sizeof(answer) - 1) > 0 && strcmp(answer, pong) == 0;

	close(fd);
	return ok;
}

/* NULL when it answers, else why not. */
static const char *wait_for(struct redis_server *server)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	int64_t deadline_us = clock_monotonic_us() + 20 * SECOND_US;
	int status;

	while (!answers(server)) {
		if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
			server->pid = -1;
			return WIFEXITED(status) && WEXITSTATUS(status) == 127
				       ? "redis-server is not installed"
				       : "redis-server ended as soon as it was started";
		}
		if (clock_monotonic_us() > deadline_us)
			return "redis-server does not answer";
		nanosleep(&pause, NULL);
	}
	return NULL;
}

struct redis_server *redis_server_start(void)
{
	struct redis_server *server = xcalloc(1, sizeof(*server));
	pid_t parent = getpid();
	const char *why = "there is no temporary folder";

	server->pid = -1;
	strcpy(server->folder, "/tmp/okite-redis-XXXXXX");
	if (mkdtemp(server->folder) == NULL)
		goto fail;
	server->socket.sun_family = AF_UNIX;
	snprintf(server->socket.sun_path, sizeof(server->socket.sun_path), "%s/socket",
		server->folder);
	server->url = xasprintf("unix://%s", server->socket.sun_path);
	server->pid = fork();
	if (server->pid == 0)
		become_server(server, parent);
	why = server->pid < 0 ? "no process for redis-server" : wait_for(server);
	if (why == NULL)
		return server;
fail:
	printf("# skipped, what needs Redis: %s\n", why);
	redis_server_stop(server);
	return NULL;
}

const char *redis_server_url(const struct redis_server *server)
{
	return server->url;
}

void redis_server_stop(struct redis_server *server)
{
	if (server == NULL)
		return;
	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		waitpid(server->pid, NULL, 0);
	}
	unlink(server->socket.sun_path);
	rmdir(server->folder);
	free(server->url);
	free(server);
}
