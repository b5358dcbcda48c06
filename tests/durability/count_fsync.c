/* Preloaded into the writer of tests/durability.rs: counts the syncs that the process asks the kernel for.
 *
 * Each successful fsync or fdatasync of a file whose path ends in "/journal/db" adds 1 to a counter in the file
 * named by SOUK_FSYNC_COUNTER (8 bytes, native order, mapped shared, so the process itself reads it at any
 * moment). The call is counted after the kernel has answered. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *counter;

__attribute__((constructor)) static void open_counter(void) {
    const char *path = getenv("SOUK_FSYNC_COUNTER");
    if (path == NULL) return;
    int fd = open(path, O_RDWR);
    if (fd < 0) abort();
    void *mapped = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    close(fd);
    counter = mapped;
}

static void count(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (counter == NULL || length < 0) return;
    path[length] = 0;
    const char *wanted = "/journal/db";
    size_t tail = strlen(wanted);
    if ((size_t)length >= tail && strcmp(path + length - tail, wanted) == 0) (*counter)++;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    if (result == 0) count(fd);
    return result;
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    if (result == 0) count(fd);
    return result;
}
