// SPDX-License-Identifier: BSD-2-Clause
/* Preloaded into a program, fails one of its calls: the n-th allocation or system call that the
 * main thread makes in one phase of its life. What other threads do isn't counted, so that the same
 * n is the same call in every run.
 *
 * Phases: from the start, from SIGHUP on, from SIGTERM on. The page that $AFXDP_FAULTS names says
 * which call is to fail, and is told how many there were, what the failed one was, and how many
 * descriptors were open at the end (walk.py). */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum phase { PHASE_START, PHASE_RELOAD, PHASE_CLOSE, PHASES };

struct page {
    uint32_t phase;
    uint32_t n; /* 1 is the first; 0: none fails */
    uint32_t variant;
    uint32_t count[PHASES];
    uint32_t hit;
    int32_t descriptors; /* open at the end, 0 to 2 aside; -1: it didn't end by exit() */
    char what[96];
};

static struct page *page;
static volatile sig_atomic_t current;
static __thread int counted; /* 1: of the main thread, 2: of another, 3: inside this library */

#define REAL(name) real_##name
#define LOAD(name)                                                                                 \
    do {                                                                                           \
        if (!REAL(name))                                                                           \
            *(void **)&REAL(name) = dlsym(RTLD_NEXT, #name);                                       \
    } while (0)

static void *(*REAL(malloc))(size_t);
static void *(*REAL(calloc))(size_t, size_t);
static void *(*REAL(realloc))(void *, size_t);
static void *(*REAL(aligned_alloc))(size_t, size_t);
static int (*REAL(posix_memalign))(void **, size_t, size_t);
static int (*REAL(open))(const char *, int, ...);
static int (*REAL(open64))(const char *, int, ...);
static int (*REAL(openat))(int, const char *, int, ...);
static FILE *(*REAL(fopen))(const char *, const char *);
static FILE *(*REAL(fopen64))(const char *, const char *);
static int (*REAL(socket))(int, int, int);
static int (*REAL(setsockopt))(int, int, int, const void *, socklen_t);
static int (*REAL(ioctl))(int, unsigned long, ...);
static void *(*REAL(mmap))(void *, size_t, int, int, int, off_t);
static void *(*REAL(mmap64))(void *, size_t, int, int, int, off_t);
static int (*REAL(pthread_create))(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static int (*REAL(sigaction))(int, const struct sigaction *, struct sigaction *);
static long (*REAL(syscall))(long, ...);

/* What dlsym may ask for while malloc itself is looked up; never given back. */
static void *spare(size_t size)
{
    static char pool[8192] __attribute__((aligned(16)));
    static size_t used;
    void *taken = pool + used;

    used += (size + 15) / 16 * 16;
    return used <= sizeof(pool) ? taken : NULL;
}

/* Whether this call fails, with `first` or `second` as errno. */
static bool fails(const char *what, unsigned int detail, int first, int second)
{
    if (!page || counted == 3)
        return false;
    if (counted == 0)
        counted = getpid() == (pid_t)REAL(syscall)(SYS_gettid) ? 1 : 2;
    if (counted != 1)
        return false;
    uint32_t count = ++page->count[current];
    if (page->phase != (uint32_t)current || page->n != count)
        return false;
    errno = page->variant ? second : first;
    page->hit = 1;
    int failure = errno;
    counted = 3;
    snprintf(page->what, sizeof(page->what), "%s(%u) errno %d", what, detail, failure);
    counted = 1;
    errno = failure;
    return true;
}

/* The C library's own parameters have reserved names.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

void *malloc(size_t size)
{
    static bool looking;

    if (!REAL(malloc)) {
        if (looking)
            return spare(size);
        looking = true;
        LOAD(malloc);
    }
    return fails("malloc", (unsigned int)size, ENOMEM, ENOMEM) ? NULL : REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
    static bool looking;

    if (!REAL(calloc)) {
        if (looking)
            return spare(count * size);
        looking = true;
        LOAD(calloc);
    }
    return fails("calloc", (unsigned int)(count * size), ENOMEM, ENOMEM)
               ? NULL
               : REAL(calloc)(count, size);
}

void *realloc(void *old, size_t size)
{
    LOAD(realloc);
    return fails("realloc", (unsigned int)size, ENOMEM, ENOMEM) ? NULL : REAL(realloc)(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    LOAD(aligned_alloc);
    return fails("aligned_alloc", (unsigned int)size, ENOMEM, ENOMEM)
               ? NULL
               : REAL(aligned_alloc)(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    LOAD(posix_memalign);
    return fails("posix_memalign", (unsigned int)size, ENOMEM, ENOMEM)
               ? ENOMEM
               : REAL(posix_memalign)(out, alignment, size);
}

static mode_t mode_of(int flags, va_list list)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    LOAD(open);
    return fails("open", 0, EMFILE, EACCES) ? -1 : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    LOAD(open64);
    return fails("open64", 0, EMFILE, EACCES) ? -1 : REAL(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    LOAD(openat);
    return fails("openat", 0, EMFILE, EACCES) ? -1 : REAL(openat)(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    LOAD(fopen);
    return fails("fopen", 0, EMFILE, ENOMEM) ? NULL : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    LOAD(fopen64);
    return fails("fopen64", 0, EMFILE, ENOMEM) ? NULL : REAL(fopen64)(path, mode);
}

int socket(int domain, int type, int protocol)
{
    LOAD(socket);
    return fails("socket", (unsigned int)domain, EMFILE, EPERM)
               ? -1
               : REAL(socket)(domain, type, protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    LOAD(setsockopt);
    return fails("setsockopt", (unsigned int)(level * 100 + name), ENOMEM, EPERM)
               ? -1
               : REAL(setsockopt)(fd, level, name, value, size);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list list;

    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    LOAD(ioctl);
    return fails("ioctl", (unsigned int)request, ENOMEM, EPERM)
               ? -1
               : REAL(ioctl)(fd, request, argument);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    LOAD(mmap);
    return fails("mmap", (unsigned int)size, ENOMEM, EAGAIN)
               ? MAP_FAILED
               : REAL(mmap)(where, size, protection, flags, fd, offset);
}

void *mmap64(void *where, size_t size, int protection, int flags, int fd, off_t offset)
{
    LOAD(mmap64);
    return fails("mmap64", (unsigned int)size, ENOMEM, EAGAIN)
               ? MAP_FAILED
               : REAL(mmap64)(where, size, protection, flags, fd, offset);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    LOAD(pthread_create);
    return fails("pthread_create", 0, EAGAIN, EPERM)
               ? errno
               : REAL(pthread_create)(thread, attributes, run, argument);
}

/* bpf alone has no function in the C library. */
long syscall(long number, ...)
{
    long argument[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(list, long);
    va_end(list);
    LOAD(syscall);
    if (number == SYS_bpf && fails("bpf", (unsigned int)argument[0], ENOMEM, EPERM))
        return -1;
    return REAL(syscall)(number, argument[0], argument[1], argument[2], argument[3], argument[4],
                         argument[5]);
}

static void (*handler_of[NSIG])(int);

static void turn_phase(int number)
{
    current = number == SIGHUP ? PHASE_RELOAD : PHASE_CLOSE;
    handler_of[number](number);
}

int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    struct sigaction ours;

    LOAD(sigaction);
    if (!page || !action || (number != SIGHUP && number != SIGTERM) ||
        action->sa_handler == SIG_IGN || action->sa_handler == SIG_DFL)
        return REAL(sigaction)(number, action, before);
    ours = *action;
    handler_of[number] = action->sa_handler;
    ours.sa_handler = turn_phase;
    return REAL(sigaction)(number, &ours, before);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("AFXDP_FAULTS");

    LOAD(syscall);
    LOAD(open);
    LOAD(mmap);
    if (!path)
        return;
    unsetenv("LD_PRELOAD"); /* not into what this program runs */
    int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
    void *mapped = REAL(mmap)(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || mapped == MAP_FAILED)
        abort();
    close(fd);
    page = mapped;
}

__attribute__((destructor)) static void end(void)
{
    int found = 0;

    if (!page)
        return;
    counted = 3;
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        found += entry->d_name[0] != '.' && atoi(entry->d_name) > 2 &&
                 atoi(entry->d_name) != dirfd(folder);
    if (folder)
        closedir(folder);
    page->descriptors = found;
}
