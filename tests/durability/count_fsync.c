/* Preloaded into the writer of tests/durability.rs: counts the syncs that the process asks the kernel for.
 *
 * Each successful fsync or fdatasync of a file whose path ends in "/journal/db" adds 1 to a counter in the file
 * named by SOUK_FSYNC_COUNTER (8 bytes, native order, mapped shared, so the process itself reads it at any
 * moment). The call is counted after the kernel has answered.
 *
 * With SOUK_FSYNC_LOG=path, the path of each file and directory that was synced is a line of that file.
 *
 * With SOUK_FSYNC_FAILS_AFTER=n, syncs of that file fail with EIO once n were counted: a dying disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t *counter;
static uint64_t fails_after = UINT64_MAX;
static int log_fd = -1;

__attribute__((constructor)) static void open_counter(void) {
    const char *path = getenv("SOUK_FSYNC_COUNTER");
    if (path == NULL) return;
    int fd = open(path, O_RDWR);
    if (fd < 0) abort();
    void *mapped = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    close(fd);
    counter = mapped;
    const char *log = getenv("SOUK_FSYNC_LOG");
    if (log != NULL) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    const char *limit = getenv("SOUK_FSYNC_FAILS_AFTER");
    if (limit != NULL) fails_after = strtoull(limit, NULL, 10);
}

static int is_journal(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (counter == NULL || length < 0) return 0;
    path[length] = 0;
    const char *wanted = "/journal/db";
    size_t tail = strlen(wanted);
    return (size_t)length >= tail && strcmp(path + length - tail, wanted) == 0;
}

static int sync_and_count(const char *name, int fd) {
    int journal = is_journal(fd);
    if (journal && *counter >= fails_after) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int result = real(fd);
    if (result == 0 && journal) (*counter)++;
    if (result == 0 && log_fd >= 0) {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length > 0) {
            path[length++] = '\n';
            if (write(log_fd, path, length) != length) abort();
        }
    }
    return result;
}

int fdatasync(int fd) { return sync_and_count("fdatasync", fd); }

int fsync(int fd) { return sync_and_count("fsync", fd); }
