"""Another time of day for a program, moved while it runs.

libfaketime does not work with redis-server, so this is a preloaded library of
our own: the wall clock plus an offset that it reads from a shared file.  The
monotonic clock stays, so that time-outs go on working.
"""

import os
import shutil
import struct
import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset_s;

static int64_t offset(void)
{
	if (offset_s == NULL) {
		int file = open(getenv("OKITE_TEST_CLOCK"), O_RDONLY);
		void *page = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
		close(file);
		if (page == MAP_FAILED)
			abort();
		offset_s = page;
	}
	return *offset_s;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);
	if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += offset();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &precise);
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *where)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (where != NULL)
		*where = now.tv_sec;
	return now.tv_sec;
}
"""


class Clock:
    """`environment(PROGRAM)` goes to the program; `advance` moves it at once."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.path = os.path.join(folder, "offset")
        self.library = os.path.join(folder, "clock.so")
        self.offset = 0
        with open(self.path, "wb") as file:
            file.write(struct.pack("=q", 0))
        source = os.path.join(folder, "clock.c")
        with open(source, "w") as file:
            file.write(SOURCE)
        command = [compiler(), "-O1", "-shared", "-fPIC", "-o", self.library, source]
        subprocess.run(command, check=True)

    def advance(self, seconds):
        self.offset += int(seconds)
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=q", self.offset))

    def environment(self, program):
        """A sanitizer's own library must come first, or it refuses to start."""
        libraries = [self.library]
        linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        for line in linked.splitlines():
            if "libasan" in line or "libtsan" in line:
                libraries.insert(0, line.split()[2])
        return {"LD_PRELOAD": " ".join(libraries), "OKITE_TEST_CLOCK": self.path}


def compiler():
    return shutil.which("gcc") or shutil.which("cc")
