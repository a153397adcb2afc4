/*
 * maskline-bench: Maskline beside a bare echo and PostgreSQL, in turns, in one run.
 */
#include "client/bench/curve.h"
#include "client/bench/ending.h"
#include "client/bench/folder.h"
#include "client/bench/json.h"
#include "client/bench/options.h"
#include "client/bench/report.h"
#include "client/bench/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

enum { PATH_SIZE = 480 };

struct bench {
    const struct options *options;
    FILE *out; /* for people */
    struct report *report;
    char folder[PATH_SIZE];
    char server_program[PATH_SIZE];
    char echo_program[PATH_SIZE];
};

/* ---- places ---- */

/* `given`, or `place` seen from this program's folder. */
static bool find_program(const char *given, const char *place, char *ret_path)
{
    char own[PATH_SIZE];
    ssize_t size = readlink("/proc/self/exe", own, sizeof own - 1);
    own[size > 0 ? size : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash)
        *slash = '\0';
    int length = given ? snprintf(ret_path, PATH_SIZE, "%s", given)
                       : snprintf(ret_path, PATH_SIZE, "%s/%s", own, place);
    if (length < PATH_SIZE && access(ret_path, X_OK) == 0)
        return true;
    fprintf(stderr, "maskline-bench: cannot run %s: %s\n", ret_path, strerror(errno));
    return false;
}

/* Makes `bench->folder` ready; `ret_made` says that it is to be removed. */
static bool find_folder(struct bench *bench, bool *ret_made)
{
    const char *temporary = getenv("TMPDIR");
    *ret_made = !bench->options->folder;
    if (bench->options->folder)
        snprintf(bench->folder, PATH_SIZE, "%s", bench->options->folder);
    else
        snprintf(bench->folder, PATH_SIZE, "%s/maskline-bench.XXXXXX",
                 temporary && *temporary ? temporary : "/tmp");
    struct statfs disk;
    if ((*ret_made && !mkdtemp(bench->folder)) || statfs(bench->folder, &disk) != 0) {
        fprintf(stderr, "maskline-bench: %s: %s\n", bench->folder, strerror(errno));
        *ret_made = false;
        return false;
    }
    /* PostgreSQL, which refuses root, must get to its own folder. */
    if (geteuid() == 0)
        chmod(bench->folder, 0711);
    if (disk.f_type == TMPFS_MAGIC)
        fprintf(stderr,
                "maskline-bench: %s lies in memory, where nothing is durable: figures of "
                "writes say little. --folder names another place.\n",
                bench->folder);
    return true;
}

/* ---- the whole ---- */

static void write_json(FILE *out, const struct bench *bench, bool ok)
{
    struct json json = {.out = out};
    struct utsname machine;
    json_object(&json, NULL);
    json_flag(&json, "complete", ok);
    json_object(&json, "machine");
    json_count(&json, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
    json_text(&json, "kernel", uname(&machine) == 0 ? machine.release : NULL);
    json_end(&json);
    json_object(&json, "settings");
    json_number(&json, "seconds", bench->options->seconds);
    json_count(&json, "rounds", bench->options->rounds);
    json_count(&json, "seed", bench->options->seed);
    json_end(&json);
    report_write(&json, bench->report);
    json_end(&json);
}

static bool put_json(const struct bench *bench, bool ok)
{
    const char *path = bench->options->json;
    if (!path)
        return true;
    bool own = strcmp(path, "-") == 0;
    FILE *out = own ? stdout : fopen(path, "we");
    if (out)
        write_json(out, bench, ok);
    bool written = out && fflush(out) == 0 && !ferror(out);
    if (out && !own)
        written = fclose(out) == 0 && written;
    if (!written)
        fprintf(stderr, "maskline-bench: %s: %s\n", path, strerror(errno));
    return written;
}

static bool run(struct bench *bench)
{
    struct run_options options = {.options = bench->options,
                                  .folder = bench->folder,
                                  .server_program = bench->server_program,
                                  .echo_program = bench->echo_program,
                                  .out = bench->out};
    return bench->options->curve ? curve_of_selection(&options) : run_all(&options, bench->report);
}

int main(int count, char **arguments)
{
    static struct options options;
    static struct bench bench;
    (void)count;
    switch (options_read(arguments + 1, &options)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_HELP:
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case OPTIONS_BAD:
        return 2;
    }
    bool made = false;
    bench.options = &options;
    bench.out = options.json && strcmp(options.json, "-") == 0 ? stderr : stdout;
    bench.report = report_new();
    bool ok = bench.report &&
              find_program(options.server_program, "../../server/maskline-server",
                           bench.server_program) &&
              find_program(options.echo_program, "echo-server", bench.echo_program) &&
              find_folder(&bench, &made) && ending_watch(made ? bench.folder : NULL) && run(&bench);
    if (bench.report) {
        if (!options.curve)
            report_print_summary(bench.out, bench.report);
        ok = put_json(&bench, ok) && ok;
    }
    report_free(bench.report);
    if (made)
        folder_remove(bench.folder);
    return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
