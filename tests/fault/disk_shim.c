#include "tests/fault/disk_shim.h"
#include "tests/fault/disk_faults.h"
#include "tests/fault/disk_journal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#undef fread_unlocked /* optimised builds have it as a macro */

enum { FILES_MOST = 65536, PATH_MOST = 4096 };

/* What stands behind a descriptor. */
struct file {
    _Atomic uint32_t handle; /* 0: it is none of ours */
    char *path;
    uint64_t size;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all below */
static char root[PATH_MOST];
static size_t root_size; /* 0: nothing is watched */
static struct file files[FILES_MOST];
static uint32_t last_handle;
static uint64_t used;          /* bytes in all files below the folder */
static const FILE *unreadable; /* a stream whose last read we have failed */

static int count_file(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)path, (void)ftw;
    if (kind == FTW_F)
        used += (uint64_t)stat_of->st_size;
    return 0;
}

static void begin(void)
{
    const char *folder = getenv("MASKLINE_DISK_FOLDER");
    if (!folder)
        return;
    snprintf(root, sizeof root, "%s", folder);
    root_size = strlen(root);
    (void)nftw(root, count_file, 8, FTW_PHYS);
    journal_begin(getenv("MASKLINE_DISK_JOURNAL"));
    faults_begin(getenv("MASKLINE_DISK_FAULTS"));
}

/* The path below the folder, "." for the folder itself; NULL when it lies elsewhere. */
static const char *below(const char *path, char buffer[PATH_MOST])
{
    pthread_once(&once, begin);
    if (root_size == 0 || strncmp(path, root, root_size) != 0 ||
        (path[root_size] != '/' && path[root_size] != '\0'))
        return NULL;
    snprintf(buffer, PATH_MOST, "%s", path[root_size] ? path + root_size + 1 : ".");
    /* The parent of a folder is the only roundabout name that is in use. */
    size_t size = strlen(buffer);
    if (size > 3 && strcmp(buffer + size - 3, "/..") == 0) {
        buffer[size - 3] = '\0';
        char *slash = strrchr(buffer, '/');
        snprintf(slash ? slash : buffer, 2, "%s", slash ? "" : ".");
    }
    return buffer;
}

static struct file *file_of(int descriptor)
{
    struct file *file = descriptor >= 0 && descriptor < FILES_MOST ? &files[descriptor] : NULL;
    return file && atomic_load(&file->handle) ? file : NULL;
}

static void unknown_call(const char *call, const char *path)
{
    fprintf(stderr, "disk shim: %s of %s is not understood\n", call, path);
    abort();
}

static int fail(int number)
{
    errno = number;
    return -1;
}

/* Asks whether the call fails, and waits as long as it is to take. */
static struct fault judge(enum fault_call call, const char *path)
{
    pthread_mutex_lock(&lock);
    struct fault fault = faults_of(call, path);
    pthread_mutex_unlock(&lock);
    struct timespec delay = {fault.delay_ms / 1000, (long)(fault.delay_ms % 1000) * 1000000};
    if (fault.delay_ms)
        (void)nanosleep(&delay, NULL);
    return fault;
}

static uint64_t size_at(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 && S_ISREG(stat_of.st_mode) ? (uint64_t)stat_of.st_size : 0;
}

static void set_size(struct file *file, uint64_t size)
{
    used = used + size - file->size;
    file->size = size;
}

static void forget(int descriptor)
{
    struct file *file = file_of(descriptor);
    if (!file)
        return;
    pthread_mutex_lock(&lock);
    atomic_store(&file->handle, 0);
    free(file->path);
    file->path = NULL;
    pthread_mutex_unlock(&lock);
}

/* ---- opening and closing ---- */

static int open_watched(const char *path, const char *name, int flags, mode_t mode)
{
    int failure = judge(CALL_OPEN, name).failure;
    if (failure)
        return fail(failure);
    pthread_mutex_lock(&lock);
    bool is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
    uint64_t size_before = size_at(path);
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (descriptor >= FILES_MOST)
        abort();
    if (descriptor >= 0) {
        struct file *file = &files[descriptor];
        free(file->path); /* of a stream that was closed behind our back */
        file->path = strdup(name);
        if (!file->path)
            abort();
        file->size = size_before;
        atomic_store(&file->handle, ++last_handle);
        journal_add(is_new ? JOURNAL_CREATE : JOURNAL_OPEN, last_handle, 0, name, strlen(name));
        if ((flags & O_TRUNC) && size_before > 0) {
            journal_add(JOURNAL_RESIZE, last_handle, 0, NULL, 0);
            set_size(file, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    return descriptor;
}

int open(const char *path, int flags, ...)
{
    char buffer[PATH_MOST];
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    const char *name = below(path, buffer);
    if (name)
        return open_watched(path, name, flags, mode);
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    forget(descriptor);
    return descriptor;
}

int creat(const char *path, mode_t mode)
{
    return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int descriptor)
{
    forget(descriptor);
    return (int)syscall(SYS_close, descriptor);
}

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*next)(const char *, const char *);
    char buffer[PATH_MOST];
    if (!next)
        next = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    /* Reading is as good as any; writes of streams would pass by us. */
    const char *name = below(path, buffer);
    if (name && strpbrk(mode, "wa+"))
        unknown_call("fopen for writing", name);
    return next(path, mode);
}

int fclose(FILE *stream)
{
    static int (*next)(FILE *);
    if (!next)
        next = (int (*)(FILE *))dlsym(RTLD_NEXT, "fclose");
    forget(fileno(stream));
    return next(stream);
}

/* ---- reading ---- */

ssize_t read(int descriptor, void *data, size_t size)
{
    struct file *file = file_of(descriptor);
    int failure = file ? judge(CALL_READ, file->path).failure : 0;
    return failure ? fail(failure) : syscall(SYS_read, descriptor, data, size);
}

ssize_t pread(int descriptor, void *data, size_t size, off_t offset)
{
    struct file *file = file_of(descriptor);
    int failure = file ? judge(CALL_READ, file->path).failure : 0;
    return failure ? fail(failure) : syscall(SYS_pread64, descriptor, data, size, offset);
}

size_t fread_unlocked(void *data, size_t size, size_t count, FILE *stream)
{
    static size_t (*next)(void *, size_t, size_t, FILE *);
    if (!next)
        next = (size_t(*)(void *, size_t, size_t, FILE *))dlsym(RTLD_NEXT, "fread_unlocked");
    struct file *file = file_of(fileno(stream));
    int failure = file ? judge(CALL_READ, file->path).failure : 0;
    if (!failure)
        return next(data, size, count, stream);
    unreadable = stream;
    errno = failure;
    return 0;
}

int ferror(FILE *stream)
{
    static int (*next)(FILE *);
    if (!next)
        next = (int (*)(FILE *))dlsym(RTLD_NEXT, "ferror");
    bool failed = stream == unreadable;
    if (failed)
        unreadable = NULL;
    return failed || next(stream);
}

/* ---- writing ---- */

/* How much of a write the quota leaves room for. */
static size_t room_for(const struct file *file, uint64_t offset, size_t size)
{
    uint64_t quota = faults_quota(), room = quota > used ? quota - used : 0;
    uint64_t end = offset + size, grows = end > file->size ? end - file->size : 0;
    if (grows <= room)
        return size;
    faults_tell(CALL_WRITE, file->path, "quota");
    return grows - room < size ? size - (size_t)(grows - room) : 0;
}

static void wrote(struct file *file, uint64_t offset, const void *data, size_t size)
{
    journal_add(JOURNAL_WRITE, atomic_load(&file->handle), offset, data, size);
    if (offset + size > file->size)
        set_size(file, offset + size);
}

/* `offset` -1: where the descriptor stands. */
static ssize_t write_watched(int descriptor, struct file *file, const void *data, size_t size,
                             off_t offset)
{
    struct fault fault = judge(CALL_WRITE, file->path);
    if (fault.failure && !fault.tears)
        return fail(fault.failure);
    pthread_mutex_lock(&lock);
    off_t at = offset >= 0 ? offset : lseek(descriptor, 0, SEEK_CUR);
    if (offset < 0 && (fcntl(descriptor, F_GETFL) & O_APPEND))
        at = (off_t)file->size;
    size_t fits = room_for(file, (uint64_t)at, fault.tears ? size / 2 : size);
    ssize_t done = fits == 0 && size > 0 ? fail(fault.tears ? EIO : ENOSPC)
                   : offset >= 0         ? syscall(SYS_pwrite64, descriptor, data, fits, offset)
                                         : syscall(SYS_write, descriptor, data, fits);
    if (done > 0)
        wrote(file, (uint64_t)at, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    return fault.tears ? fail(EIO) : done;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    struct file *file = file_of(descriptor);
    return file ? write_watched(descriptor, file, data, size, -1)
                : syscall(SYS_write, descriptor, data, size);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
    struct file *file = file_of(descriptor);
    return file ? write_watched(descriptor, file, data, size, offset)
                : syscall(SYS_pwrite64, descriptor, data, size, offset);
}

static int resize_watched(struct file *file, uint64_t size)
{
    int failure = judge(CALL_RESIZE, file->path).failure;
    if (failure)
        return fail(failure);
    pthread_mutex_lock(&lock);
    uint64_t quota = faults_quota();
    bool fits = size <= file->size || used + size - file->size <= quota;
    if (fits) {
        journal_add(JOURNAL_RESIZE, atomic_load(&file->handle), size, NULL, 0);
        set_size(file, size);
    }
    pthread_mutex_unlock(&lock);
    return fits ? 0 : fail(ENOSPC);
}

int ftruncate(int descriptor, off_t size)
{
    struct file *file = file_of(descriptor);
    if (file && resize_watched(file, (uint64_t)size) != 0)
        return -1;
    return (int)syscall(SYS_ftruncate, descriptor, size);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size)
{
    struct file *file = file_of(descriptor);
    if (!file)
        return (int)syscall(SYS_fallocate, descriptor, mode, offset, size);
    /* Room that is put by or given back behind the end: neither the journal nor the quota knows of it. */
    if (mode & FALLOC_FL_KEEP_SIZE) {
        int failure = judge(CALL_RESIZE, file->path).failure;
        return failure ? fail(failure) : 0;
    }
    if ((uint64_t)(offset + size) > file->size &&
        resize_watched(file, (uint64_t)(offset + size)) != 0)
        return -1;
    return (int)syscall(SYS_fallocate, descriptor, mode, offset, size);
}

int posix_fallocate(int descriptor, off_t offset, off_t size)
{
    return fallocate(descriptor, 0, offset, size) == 0 ? 0 : errno;
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    void *memory = (void *)syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
    struct file *file = file_of(descriptor);
    if (memory != MAP_FAILED && file && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
        pthread_mutex_lock(&lock);
        journal_map(atomic_load(&file->handle), memory, size);
        pthread_mutex_unlock(&lock);
    }
    return memory;
}

int munmap(void *memory, size_t size)
{
    if (root_size > 0) {
        pthread_mutex_lock(&lock);
        journal_unmap(memory);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_munmap, memory, size);
}

/* ---- making durable ---- */

/* What reached the file past us (dprintf) is written down when it matters. */
static void catch_up(int descriptor, struct file *file)
{
    struct stat stat_of;
    char data[4096];
    if (fstat(descriptor, &stat_of) != 0 || !S_ISREG(stat_of.st_mode) ||
        (uint64_t)stat_of.st_size <= file->size)
        return;
    uint64_t missing = (uint64_t)stat_of.st_size - file->size;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int again = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (missing > sizeof data ||
        syscall(SYS_pread64, again, data, missing, file->size) != (long)missing)
        abort();
    (void)syscall(SYS_close, again);
    wrote(file, file->size, data, missing);
}

static int sync_watched(int descriptor, struct file *file)
{
    pthread_mutex_lock(&lock);
    catch_up(descriptor, file);
    uint64_t before = journal_count();
    pthread_mutex_unlock(&lock);
    int failure = judge(CALL_SYNC, file->path).failure;
    pthread_mutex_lock(&lock);
    journal_add(failure ? JOURNAL_SYNC_FAILED : JOURNAL_SYNC, atomic_load(&file->handle), before,
                NULL, 0);
    pthread_mutex_unlock(&lock);
    return failure ? fail(failure) : 0;
}

int fsync(int descriptor)
{
    struct file *file = file_of(descriptor);
    return file ? sync_watched(descriptor, file) : (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    struct file *file = file_of(descriptor);
    return file ? sync_watched(descriptor, file) : (int)syscall(SYS_fdatasync, descriptor);
}

/* It promises nothing. */
int sync_file_range(int descriptor, off64_t offset, off64_t size, unsigned flags)
{
    return file_of(descriptor) ? 0
                               : (int)syscall(SYS_sync_file_range, descriptor, offset, size, flags);
}

/* ---- names ---- */

int mkdir(const char *path, mode_t mode)
{
    char buffer[PATH_MOST];
    const char *name = below(path, buffer);
    int failure = name ? judge(CALL_MKDIR, name).failure : 0;
    if (failure)
        return fail(failure);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (done == 0 && name)
        journal_add(JOURNAL_MKDIR, 0, 0, name, strlen(name));
    pthread_mutex_unlock(&lock);
    return done;
}

static int two_names(const char *from, const char *to, enum fault_call call, enum journal_kind kind,
                     long number)
{
    char from_buffer[PATH_MOST], to_buffer[PATH_MOST];
    const char *from_name = below(from, from_buffer), *to_name = below(to, to_buffer);
    if (!from_name != !to_name)
        unknown_call("rename or link in or out", from);
    int failure = to_name ? judge(call, to_name).failure : 0;
    if (failure)
        return fail(failure);
    pthread_mutex_lock(&lock);
    uint64_t replaced = to_name ? size_at(to) : 0;
    int done = (int)syscall(number, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0 && to_name) {
        journal_add_pair(kind, from_name, to_name);
        used -= replaced;
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *from, const char *to)
{
    return two_names(from, to, CALL_RENAME, JOURNAL_RENAME, SYS_renameat2);
}

int link(const char *from, const char *to)
{
    return two_names(from, to, CALL_LINK, JOURNAL_LINK, SYS_linkat);
}

static int remove_name(const char *path, int flags)
{
    char buffer[PATH_MOST];
    const char *name = below(path, buffer);
    int failure = name ? judge(CALL_UNLINK, name).failure : 0;
    if (failure)
        return fail(failure);
    pthread_mutex_lock(&lock);
    uint64_t size = name ? size_at(path) : 0;
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
    if (done == 0 && name) {
        journal_add(JOURNAL_UNLINK, 0, 0, name, strlen(name));
        used -= size;
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path)
{
    return remove_name(path, 0);
}

int rmdir(const char *path)
{
    return remove_name(path, AT_REMOVEDIR);
}

/* ---- room ---- */

int statvfs(const char *path, struct statvfs *ret_system)
{
    static int (*next)(const char *, struct statvfs *);
    char buffer[PATH_MOST];
    if (!next)
        next = (int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs");
    int done = next(path, ret_system);
    if (done != 0 || !below(path, buffer))
        return done;
    pthread_mutex_lock(&lock);
    uint64_t quota = faults_quota(), room = quota > used ? quota - used : 0;
    pthread_mutex_unlock(&lock);
    if (quota != UINT64_MAX)
        ret_system->f_bavail = ret_system->f_bfree = room / ret_system->f_frsize;
    return 0;
}

void disk_note(const void *data, size_t size)
{
    pthread_mutex_lock(&lock);
    journal_add(JOURNAL_NOTE, 0, 0, data, size);
    pthread_mutex_unlock(&lock);
}
