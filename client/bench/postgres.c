#include "client/bench/postgres.h"

#include "client/bench/clock.h"
#include "client/bench/create_session_sql.h"
#include "client/bench/message_sql.h"
#include "client/bench/process.h"
#include "client/bench/schema_sql.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATH_SIZE = 256,
    SOCKET_PATH_MOST = 80, /* the system's limit is 107, the socket's own name included */
    START_POLLS = 600,
    POLL_NS = 50000000,
    OUTPUT_SIZE = 16384,
    ARGUMENTS_MOST = 40,
    TRY_SECONDS = 1,
};

struct postgres {
    struct postgres_options options;
    struct process server;
    const struct passwd *user; /* NULL: this program's */
    char folder[PATH_SIZE];
    char data[PATH_SIZE];
    char log[PATH_SIZE];
    unsigned connections[POSTGRES_SCRIPTS];
};

static const char *const script_names[POSTGRES_SCRIPTS] = {"message", "create_session"};

/* No checkpoint, vacuum or statistics in between: they would come at other times in each round. */
static const char settings[] = "listen_addresses = ''\n"
                               "fsync = on\n"
                               "synchronous_commit = on\n"
                               "full_page_writes = on\n"
                               "shared_buffers = 512MB\n"
                               "max_wal_size = 4GB\n"
                               "min_wal_size = 1GB\n"
                               "checkpoint_timeout = 1h\n"
                               "autovacuum = off\n"
                               "max_connections = 150\n"
                               "jit = off\n";

/* ---- programs ---- */

/* Runs one of PostgreSQL's programs to its end; what it prints goes to `ret_output`, or with NULL to the log. */
static bool run(struct postgres *postgres, const char *name, const char *const *arguments,
                char *ret_output)
{
    char program[PATH_SIZE];
    const char *all[ARGUMENTS_MOST] = {program};
    snprintf(program, sizeof program, "%s/%s", postgres->options.programs, name);
    for (size_t i = 1; *arguments && i + 1 < ARGUMENTS_MOST; i++)
        all[i] = *arguments++;
    struct process_options options = {.arguments = all,
                                      .folder = postgres->folder,
                                      .log = postgres->log,
                                      .piped = ret_output != NULL};
    if (postgres->user) {
        options.user = postgres->user->pw_uid;
        options.group = postgres->user->pw_gid;
    }
    struct process process;
    if (!process_start(&options, &process))
        return false;
    if (ret_output) {
        size_t size = fread(ret_output, 1, OUTPUT_SIZE - 1, process.out);
        ret_output[size] = '\0';
    }
    return process_wait(&process) == 0;
}

static bool failed(const struct postgres *postgres, const char *what)
{
    char line[512];
    fprintf(stderr, "maskline-bench: PostgreSQL: %s; its words:\n", what);
    FILE *log = fopen(postgres->log, "re");
    while (log && fgets(line, sizeof line, log))
        fputs(line, stderr);
    if (log)
        fclose(log);
    return false;
}

static bool write_file(const char *path, const char *mode, const void *bytes, size_t size)
{
    FILE *file = fopen(path, mode);
    bool ok = file && fwrite(bytes, 1, size, file) == size;
    if (file)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        fprintf(stderr, "maskline-bench: %s: %s\n", path, strerror(errno));
    return ok;
}

/* ---- the store ---- */

static bool make_folder(struct postgres *postgres)
{
    int length = snprintf(postgres->folder, PATH_SIZE, "%s", postgres->options.folder);
    if (length > SOCKET_PATH_MOST) {
        fprintf(stderr, "maskline-bench: %s is too long a name for PostgreSQL's socket\n",
                postgres->folder);
        return false;
    }
    snprintf(postgres->data, PATH_SIZE, "%.200s/data", postgres->folder);
    snprintf(postgres->log, PATH_SIZE, "%.200s/log", postgres->folder);
    if (geteuid() == 0) {
        /* PostgreSQL refuses root. */
        postgres->user = getpwnam("postgres");
        if (!postgres->user)
            postgres->user = getpwnam("nobody");
    }
    bool ok = mkdir(postgres->folder, 0700) == 0 &&
              (!postgres->user ||
               chown(postgres->folder, postgres->user->pw_uid, postgres->user->pw_gid) == 0);
    if (!ok)
        fprintf(stderr, "maskline-bench: %s: %s\n", postgres->folder, strerror(errno));
    return ok;
}

/* The scripts and the schema lie there as files. */
static bool write_sql(const struct postgres *postgres)
{
    const struct {
        const char *name;
        const unsigned char *bytes;
        size_t size;
    } files[] = {
        {"schema", schema_sql, schema_sql_size},
        {"message", message_sql, message_sql_size},
        {"create_session", create_session_sql, create_session_sql_size},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_SIZE + 32];
        snprintf(path, sizeof path, "%s/%s.sql", postgres->folder, files[i].name);
        if (!write_file(path, "we", files[i].bytes, files[i].size) || chmod(path, 0644) != 0)
            return false;
    }
    return true;
}

static bool make_store(struct postgres *postgres)
{
    const char *const arguments[] = {
        "-D",       postgres->data, "-A",        "trust",         "-U", "bench", "-E", "UTF8",
        "--locale", "C.UTF-8",      "--no-sync", "--wal-segsize", "64", NULL};
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/postgresql.conf", postgres->data);
    if (!run(postgres, "initdb", arguments, NULL))
        return failed(postgres, "initdb made no store");
    return write_file(path, "ae", settings, strlen(settings));
}

/* ---- the server ---- */

static bool wait_until_ready(struct postgres *postgres)
{
    const char *const arguments[] = {"-q", "-h", postgres->folder, NULL};
    for (int i = 0; i < START_POLLS && process_alive(&postgres->server); i++) {
        if (run(postgres, "pg_isready", arguments, NULL))
            return true;
        clock_wait(clock_ns() + POLL_NS);
    }
    return failed(postgres, "the server does not serve");
}

static bool start_server(struct postgres *postgres)
{
    char program[PATH_SIZE];
    snprintf(program, sizeof program, "%s/postgres", postgres->options.programs);
    const char *const arguments[] = {program, "-D", postgres->data, "-k", postgres->folder, NULL};
    struct process_options options = {
        .arguments = arguments,
        .folder = postgres->folder,
        .log = postgres->log,
        /* It ends at once, whoever is connected; its store is of no more use then. */
        .end_signal = SIGQUIT};
    if (postgres->user) {
        options.user = postgres->user->pw_uid;
        options.group = postgres->user->pw_gid;
    }
    return process_start(&options, &postgres->server) && wait_until_ready(postgres);
}

static bool make_tables(struct postgres *postgres)
{
    char services[32], pairs[32];
    snprintf(services, sizeof services, "services=%u", postgres->options.services);
    snprintf(pairs, sizeof pairs, "pairs=%u", postgres->options.pairs);
    const char *const arguments[] = {"-q", "-X",         "-h",       postgres->folder,
                                     "-U", "bench",      "-v",       "ON_ERROR_STOP=1",
                                     "-v", services,     "-v",       pairs,
                                     "-f", "schema.sql", "postgres", NULL};
    return run(postgres, "psql", arguments, NULL) || failed(postgres, "the tables are not there");
}

struct postgres *postgres_start(const struct postgres_options *options)
{
    struct postgres *postgres = calloc(1, sizeof *postgres);
    if (!postgres)
        return NULL;
    postgres->options = *options;
    if (make_folder(postgres) && make_store(postgres) && write_sql(postgres) &&
        start_server(postgres) && make_tables(postgres))
        return postgres;
    postgres_stop(postgres);
    return NULL;
}

void postgres_stop(struct postgres *postgres)
{
    if (!postgres)
        return;
    process_stop(&postgres->server, 0);
    free(postgres);
}

/* ---- measuring ---- */

static bool run_with(struct postgres *postgres, enum postgres_script script, unsigned connections,
                     unsigned seconds, struct pgbench_result *ret_result)
{
    char file[64], clients[16], threads[16], time[16], services[32], pairs[32];
    snprintf(file, sizeof file, "%s.sql", script_names[script]);
    snprintf(clients, sizeof clients, "%u", connections);
    snprintf(threads, sizeof threads, "%u", connections > 1 ? 2U : 1U);
    snprintf(time, sizeof time, "%u", seconds);
    snprintf(services, sizeof services, "services=%u", postgres->options.services);
    snprintf(pairs, sizeof pairs, "pairs=%u", postgres->options.pairs);
    const char *const arguments[] = {
        "-n",    "-M", "prepared", "-h", postgres->folder, "-U", "bench", "-c", clients, "-j",
        threads, "-T", time,       "-D", services,         "-D", pairs,   "-f", file,    "postgres",
        NULL};
    char *output = malloc(OUTPUT_SIZE);
    bool ok = output && run(postgres, "pgbench", arguments, output) &&
              pgbench_read(output, ret_result) && ret_result->failed == 0;
    if (!ok)
        fprintf(stderr, "%s", output ? output : "");
    free(output);
    return ok || failed(postgres, "pgbench failed");
}

static bool try_connections(struct postgres *postgres, enum postgres_script script)
{
    static const unsigned tries[] = {8, 16, 32, 64};
    double best = 0;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct pgbench_result result;
        if (!run_with(postgres, script, tries[i], TRY_SECONDS, &result))
            return false;
        if (result.per_second > best) {
            best = result.per_second;
            postgres->connections[script] = tries[i];
        }
    }
    return best > 0 || failed(postgres, "no transaction came to its end");
}

bool postgres_run(struct postgres *postgres, enum postgres_script script, unsigned seconds,
                  struct pgbench_result *ret_result)
{
    return (postgres->connections[script] > 0 || try_connections(postgres, script)) &&
           run_with(postgres, script, postgres->connections[script], seconds, ret_result);
}

unsigned postgres_connections(const struct postgres *postgres, enum postgres_script script)
{
    return postgres->connections[script];
}
