#include "storage/store_folder.h"
#include "proto/c/fault.h"
#include "storage/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct reached {
    char magic[16];
    _Atomic uint64_t sequence;
};

static const char REACHED_MAGIC[16] = "maskline reached";

/* What a look at the folder tells. */
struct contents {
    bool has_version;
    bool has_data;
    bool has_others; /* what no store puts there */
};

static bool io_error(struct error *error, const char *doing, const char *path)
{
    char text[128];
    int number = errno;
    const char *reason = number == ENOSPC || number == EDQUOT ? "DISK_FULL" : "STORE_FAILED";
    enum status_code code =
        number == ENOSPC || number == EDQUOT ? STATUS_RESOURCE_EXHAUSTED : STATUS_UNAVAILABLE;
    return error_set(error, code, reason, 0, "The store's folder %.160s cannot be used: %s: %s.",
                     path, doing, strerror_r(number, text, sizeof text));
}

static bool foreign(struct error *error, const char *path)
{
    return error_set(error, STATUS_FAILED_PRECONDITION, "STORE_FOREIGN", 0,
                     "The folder %.160s holds other files and no store; name an empty or absent "
                     "folder.",
                     path);
}

static bool corrupt(struct error *error, const char *path, const char *what)
{
    return error_set(error, STATUS_DATA_LOSS, "STORE_CORRUPT", 0,
                     "The store in %.160s is damaged: %s. Nothing was changed; restore a backup.",
                     path, what);
}

/* "path/name", to be freed; NULL when there is no memory. */
static char *join(const char *path, const char *name)
{
    char *joined = NULL;
    return asprintf(&joined, "%s/%s", path, name) < 0 ? NULL : joined;
}

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory to open the store.");
}

/* Makes what was created or renamed in a folder durable. */
static bool sync_folder(const char *path, struct error *error)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = folder >= 0 && (MUTANT("no_folder_sync") || fsync(folder) == 0);
    if (!ok)
        io_error(error, "making it durable", path);
    if (folder >= 0)
        close(folder);
    return ok;
}

static bool look(const char *path, struct contents *ret_contents, struct error *error)
{
    struct contents contents = {0};
    DIR *folder = opendir(path);
    if (!folder)
        return io_error(error, "listing it", path);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        const char *name = entry->d_name;
        if (strcmp(name, "version") == 0)
            contents.has_version = true;
        else if (strcmp(name, "data") == 0)
            contents.has_data = true;
        else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "lock") != 0 &&
                 strcmp(name, "version.new") != 0 && strcmp(name, "reached") != 0 &&
                 strcmp(name, "lost+found") != 0)
            contents.has_others = true;
    }
    closedir(folder);
    *ret_contents = contents;
    return true;
}

/* Whether the version that stands in the folder is one that we can read. */
static bool check_version(const char *path, bool has_data, struct error *error)
{
    char *name = join(path, "version");
    if (!name)
        return no_memory(error);
    FILE *file = fopen(name, "re");
    free(name);
    if (!file)
        return io_error(error, "reading its version", path);
    char line[64] = "";
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    unsigned long version = 0;
    static const char PREFIX[] = "maskline store ";
    char *end = line;
    if (read && strncmp(line, PREFIX, sizeof PREFIX - 1) == 0)
        version = strtoul(line + sizeof PREFIX - 1, &end, 10);
    if (version == 0 || *end != '\n')
        return has_data ? corrupt(error, path, "its version cannot be read") : foreign(error, path);
    if (version > STORE_VERSION && !MUTANT("newer_store_is_opened"))
        return error_set(error, STATUS_FAILED_PRECONDITION, "STORE_TOO_NEW", 0,
                         "The store in %.160s has version %lu; this program knows versions up to "
                         "%d. Use a newer one.",
                         path, version, STORE_VERSION);
    return has_data || MUTANT("missing_data_made_anew") ||
           corrupt(error, path, "its data are missing");
}

static bool check(const char *path, bool *ret_new, struct error *error)
{
    struct contents contents = {0};
    if (!look(path, &contents, error))
        return false;
    if (!contents.has_version && contents.has_others && !MUTANT("folder_of_others_is_used"))
        return foreign(error, path);
    *ret_new = !contents.has_version;
    return *ret_new || check_version(path, contents.has_data, error);
}

static bool take_lock(struct store_folder *folder, struct error *error)
{
    char *name = join(folder->path, "lock");
    if (!name)
        return no_memory(error);
    folder->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(name);
    if (folder->lock < 0)
        return io_error(error, "locking it", folder->path);
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0 || MUTANT("store_unlocked"))
        return true;
    if (errno != EWOULDBLOCK)
        return io_error(error, "locking it", folder->path);
    return error_set(error, STATUS_FAILED_PRECONDITION, "STORE_LOCKED", 0,
                     "The store in %.160s is in use by another process.", folder->path);
}

static bool map_reached(struct store_folder *folder, int file, struct error *error)
{
    /* Its room is taken now: a disk that is full later must not fail a write through memory. */
    int failure = posix_fallocate(file, 0, sizeof *folder->reached);
    errno = failure;
    if (failure)
        return io_error(error, "making room in it", folder->path);
    void *mapped = mmap(NULL, sizeof *folder->reached, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        return io_error(error, "mapping a file in it", folder->path);
    folder->reached = mapped;
    if (memcmp(folder->reached->magic, REACHED_MAGIC, sizeof REACHED_MAGIC) != 0) {
        atomic_store(&folder->reached->sequence, 0);
        memcpy(folder->reached->magic, REACHED_MAGIC, sizeof REACHED_MAGIC);
    }
    return true;
}

static bool open_reached(struct store_folder *folder, struct error *error)
{
    char *name = join(folder->path, "reached");
    if (!name)
        return no_memory(error);
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    free(name);
    if (file < 0)
        return io_error(error, "opening a file in it", folder->path);
    FAILPOINT("create_after_reached");
    bool ok = map_reached(folder, file, error);
    close(file);
    return ok;
}

uint64_t store_folder_reached(const struct store_folder *folder)
{
    return folder->reached ? atomic_load(&folder->reached->sequence) : 0;
}

void store_folder_reach(struct store_folder *folder, uint64_t sequence)
{
    if (folder->reached)
        atomic_store(&folder->reached->sequence, sequence);
}

static bool open_folder(struct store_folder *folder, struct error *error)
{
    const char *path = folder->path;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return io_error(error, "making it", path);
    FAILPOINT("create_after_folder");
    /* Before the lock, so that nothing is put into a folder of others; and after it, since its last owner may have changed it. */
    return check(path, &folder->is_new, error) && take_lock(folder, error) &&
           check(path, &folder->is_new, error) && open_reached(folder, error);
}

bool store_folder_open(const char *path, struct store_folder *ret_folder, struct error *error)
{
    char *copy = strdup(path);
    char *data = copy ? join(path, "data") : NULL;
    struct store_folder folder = {.path = copy, .data = data, .lock = -1};
    if (!data) {
        store_folder_close(&folder);
        return no_memory(error);
    }
    if (!open_folder(&folder, error)) {
        store_folder_close(&folder);
        return false;
    }
    *ret_folder = folder;
    return true;
}

/* The folder's own name is durable only when the folder it lies in is. One that we may not open was not made by us. */
static bool sync_parent(const char *path, struct error *error)
{
    char *parent = join(path, "..");
    bool ok = parent ? access(parent, R_OK) != 0 || sync_folder(parent, error) : no_memory(error);
    free(parent);
    return ok;
}

static bool write_version(const char *name, struct error *error)
{
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return io_error(error, "making its version", name);
    bool ok = dprintf(file, "maskline store %d\n", STORE_VERSION) > 0 && fsync(file) == 0;
    if (!ok)
        io_error(error, "writing its version", name);
    close(file);
    return ok;
}

bool store_folder_settle(struct store_folder *folder, struct error *error)
{
    char *draft = join(folder->path, "version.new");
    char *name = join(folder->path, "version");
    bool ok = draft && name ? write_version(draft, error) : no_memory(error);
    FAILPOINT("create_before_version");
    if (ok && rename(draft, name) != 0)
        ok = io_error(error, "naming its version", folder->path);
    FAILPOINT("create_after_version");
    ok = ok && sync_folder(folder->path, error) && sync_parent(folder->path, error);
    free(draft);
    free(name);
    folder->is_new = folder->is_new && !ok;
    return ok;
}

void store_folder_close(struct store_folder *folder)
{
    if (folder->reached)
        munmap(folder->reached, sizeof *folder->reached);
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder->path);
    free(folder->data);
    *folder = (struct store_folder){.lock = -1};
}

uint64_t store_folder_free_bytes(const struct store_folder *folder)
{
    struct statvfs system;
    if (!folder->path || statvfs(folder->path, &system) != 0)
        return UINT64_MAX;
    return (uint64_t)system.f_bavail * system.f_frsize;
}
