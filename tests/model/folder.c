#include "tests/model/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MOST = 600, COPY_BYTES = 65536, COPY_TRIES = 1000 };

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void folder_remove(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        char path[PATH_MOST];
        if (is_dots(entry->d_name))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR)
            folder_remove(path);
        else
            unlink(path);
    }
    closedir(entries);
    rmdir(folder);
}

static bool copy_bytes(int from, int to)
{
    static char bytes[COPY_BYTES];
    ssize_t size;
    while ((size = read(from, bytes, sizeof(bytes))) > 0)
        if (write(to, bytes, (size_t)size) != size)
            return false;
    return size == 0;
}

static bool copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (in < 0 || fstat(in, &about) != 0) {
        if (in >= 0)
            close(in);
        return false;
    }
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, about.st_mode & 0777);
    bool ok = out >= 0 && copy_bytes(in, out);
    close(in);
    return out >= 0 && close(out) == 0 && ok;
}

/* Changes when a file comes, goes or grows. */
static uint64_t mark_of(const char *folder)
{
    uint64_t mark = 0;
    DIR *entries = opendir(folder);
    if (!entries)
        return 0;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        char path[PATH_MOST];
        struct stat about;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (is_dots(entry->d_name) || stat(path, &about) != 0)
            continue;
        mark += (uint64_t)about.st_ino * 0x9e3779b97f4a7c15 ^ (uint64_t)about.st_size;
        if (entry->d_type == DT_DIR)
            mark += mark_of(path);
    }
    closedir(entries);
    return mark;
}

static bool copy(const char *from, const char *to)
{
    struct stat about;
    DIR *entries = opendir(from);
    if (!entries)
        return false;
    bool ok = stat(from, &about) == 0 && mkdir(to, about.st_mode & 0777) == 0;
    for (struct dirent *entry = readdir(entries); entry && ok; entry = readdir(entries)) {
        char path[PATH_MOST];
        char there[PATH_MOST];
        if (is_dots(entry->d_name))
            continue;
        snprintf(path, sizeof(path), "%s/%s", from, entry->d_name);
        snprintf(there, sizeof(there), "%s/%s", to, entry->d_name);
        ok = entry->d_type == DT_DIR ? copy(path, there) : copy_file(path, there);
    }
    closedir(entries);
    return ok;
}

bool folder_copy(const char *from, const char *to)
{
    for (int i = 0; i < COPY_TRIES; i++) {
        uint64_t mark = mark_of(from);
        if (copy(from, to) && mark_of(from) == mark)
            return true;
        folder_remove(to);
    }
    return false;
}
