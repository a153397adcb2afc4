#include "client/doctor.h"

#include "client/lock_holder.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The newest version of a store that this program has heard of. */
enum { STORE_VERSION_KNOWN = 1 };

static const char *user_name(struct arena *arena, uid_t uid)
{
    const struct passwd *user = getpwuid(uid);
    return user ? user->pw_name : arena_printf(arena, "user %u", (unsigned)uid);
}

static void say_absent(struct doctor *doctor)
{
    char *path = arena_string(doctor->cli->arena, doctor->data);
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        slash[slash == path] = '\0';
    const char *parent = slash ? path : ".";
    if (access(parent, W_OK | X_OK) == 0)
        doctor_say(doctor, VERDICT_OK, "store",
                   "%s is not there yet; `maskline serve --data %s` makes it", doctor->data,
                   doctor->data);
    else
        doctor_say(doctor, VERDICT_FAIL, "store",
                   "%s is not there, and cannot be made in %s: %s. Make it, owned by the user that "
                   "the server runs as",
                   doctor->data, parent, strerror(errno));
}

static void check_owner(struct doctor *doctor, const struct stat *folder)
{
    struct arena *arena = doctor->cli->arena;
    const char *owner = user_name(arena, folder->st_uid);
    bool ours = folder->st_uid == geteuid();
    if (!ours && geteuid() != 0)
        doctor_say(doctor, VERDICT_WARN, "store",
                   "%s belongs to %s; run this, and the server, as that user", doctor->data, owner);
    else if (folder->st_mode & 077)
        doctor_say(doctor, VERDICT_WARN, "store",
                   "%s can be looked into by others (mode %04o), and holds people's numbers: chmod "
                   "700 %s",
                   doctor->data, folder->st_mode & 07777, doctor->data);
    else
        doctor_say(doctor, VERDICT_OK, "store", "%s belongs to %s alone", doctor->data, owner);
}

/* Whether anything stands in the folder that no new store has. */
static bool holds_others(const char *path)
{
    static const char *const known[] = {".",       "..",         "lock", "version.new",
                                        "reached", "lost+found", "data"};
    DIR *folder = opendir(path);
    bool others = false;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(entry->d_name, known[i]) != 0)
            i++;
        others |= i == sizeof known / sizeof *known;
    }
    if (folder)
        closedir(folder);
    return others;
}

static void check_version(struct doctor *doctor)
{
    static const char prefix[] = "maskline store ";
    char path[4096], line[64] = "";
    snprintf(path, sizeof path, "%s/version", doctor->data);
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT && !holds_others(doctor->data))
        return doctor_say(doctor, VERDICT_OK, "version", "no store was made in it yet");
    if (!file && errno == ENOENT)
        return doctor_say(doctor, VERDICT_FAIL, "version",
                          "%s holds other files and no store; name an empty folder", doctor->data);
    if (!file)
        return doctor_say(doctor, VERDICT_FAIL, "version", "%s cannot be read: %s", path,
                          strerror(errno));
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    char *end = line;
    unsigned long version = 0;
    if (read && strncmp(line, prefix, sizeof prefix - 1) == 0)
        version = strtoul(line + sizeof prefix - 1, &end, 10);
    if (version == 0 || *end != '\n')
        doctor_say(doctor, VERDICT_FAIL, "version",
                   "%s says no version; restore the store from a backup", path);
    else if (version > STORE_VERSION_KNOWN)
        doctor_say(doctor, VERDICT_FAIL, "version",
                   "the store has version %lu, and this Maskline knows %d; use a newer one",
                   version, STORE_VERSION_KNOWN);
    else
        doctor_say(doctor, VERDICT_OK, "version", "the store has version %lu", version);
}

static void check_lock(struct doctor *doctor)
{
    struct lock_holder holder;
    char path[4096];
    snprintf(path, sizeof path, "%s/lock", doctor->data);
    if (!lock_holder_find(path, &holder))
        return doctor_say(doctor, VERDICT_OK, "lock", "no server has the store open");
    doctor->holder = holder.pid;
    if (holder.replaced)
        doctor_say(doctor, VERDICT_WARN, "lock",
                   "process %d (%s) has the store open, and its program was replaced since it "
                   "started: start it anew to run the new one",
                   (int)holder.pid, holder.name);
    else
        doctor_say(doctor, VERDICT_OK, "lock", "process %d (%s) has the store open",
                   (int)holder.pid, holder.name);
}

void doctor_store(struct doctor *doctor)
{
    struct stat folder;
    if (stat(doctor->data, &folder) != 0) {
        if (errno == ENOENT)
            return say_absent(doctor);
        return doctor_say(doctor, VERDICT_FAIL, "store", "%s cannot be looked at: %s", doctor->data,
                          strerror(errno));
    }
    if (!S_ISDIR(folder.st_mode))
        return doctor_say(doctor, VERDICT_FAIL, "store", "%s is no folder; name another by --data",
                          doctor->data);
    doctor->has_store = true;
    check_owner(doctor, &folder);
    if (access(doctor->data, R_OK | X_OK) != 0)
        return doctor_say(doctor, VERDICT_FAIL, "version",
                          "%s cannot be read as this user; use sudo, or the server's user",
                          doctor->data);
    check_version(doctor);
    check_lock(doctor);
}
