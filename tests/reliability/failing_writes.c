/* Every TSUGI_FAIL_EVERY-th write to a file whose name ends in TSUGI_FAIL_NAME fails with EIO, once TSUGI_FAIL_SWITCH exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long n_writes;

static int fails(int fd) {
    const char *every = getenv("TSUGI_FAIL_EVERY"), *name = getenv("TSUGI_FAIL_NAME"), *on = getenv("TSUGI_FAIL_SWITCH");
    char link[64], path[4096];
    if (!every || !name || !on || access(on, F_OK)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)strlen(name)) return 0;
    path[length] = 0;
    if (strcmp(path + length - strlen(name), name)) return 0;
    return __sync_add_and_fetch(&n_writes, 1) % strtoul(every, NULL, 10) == 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (fails(fd)) { errno = EIO; return -1; }
    return real(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }
