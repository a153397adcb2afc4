#include "client/bench/process.h"

#include "client/bench/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_POLLS = 3000, STOP_POLL_NS = 10000000, EXEC_FAILED = 127, BY_SIGNAL = 128 };

#define CALM_NS          (SECOND_NS / 2)
#define CALM_POLL_NS     (SECOND_NS / 10)
#define CALM_MOST_NS     (5 * SECOND_NS)
#define CALM_CPU_SECONDS 0.011 /* of a poll: one tick */

enum { RUNNING_MOST = 32 };

/* All that run; over them the lock, which is held while one is started. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pid_t id; /* 0: a free place */
    int end_signal;
} running[RUNNING_MOST];
static bool ending;

static bool note_start(pid_t id, int end_signal)
{
    for (size_t i = 0; i < RUNNING_MOST; i++)
        if (running[i].id == 0) {
            running[i].id = id;
            running[i].end_signal = end_signal;
            return true;
        }
    return false;
}

/* Also gives what it ends by. */
static int find_running(pid_t id, bool forget)
{
    int signal = SIGTERM;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < RUNNING_MOST; i++)
        if (running[i].id == id) {
            signal = running[i].end_signal;
            running[i].id = forget ? 0 : id;
        }
    pthread_mutex_unlock(&lock);
    return signal;
}

static bool become(const struct process_options *options)
{
    if (options->user == 0 || geteuid() != 0)
        return true;
    return setgroups(0, NULL) == 0 && setgid(options->group) == 0 && setuid(options->user) == 0;
}

static bool redirect(const struct process_options *options, const int ends[2])
{
    int null = open("/dev/null", O_RDONLY);
    int log = options->log ? open(options->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                           : STDERR_FILENO;
    return null >= 0 && log >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
           dup2(options->piped ? ends[1] : log, STDOUT_FILENO) >= 0 &&
           dup2(log, STDERR_FILENO) >= 0;
}

/* A change of user forgets this order, so that it comes after one. A parent that ended before it is told by the new one. */
static bool end_with(pid_t parent, int signal)
{
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal) == 0 && getppid() == parent;
}

static int end_signal_of(const struct process_options *options)
{
    return options->end_signal ? options->end_signal : SIGTERM;
}

__attribute__((noreturn)) static void run_child(const struct process_options *options,
                                                const int ends[2], pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (redirect(options, ends) && become(options) && end_with(parent, end_signal_of(options)) &&
        (!options->folder || chdir(options->folder) == 0))
        execv(options->arguments[0], (char **)(uintptr_t)options->arguments);
    fprintf(stderr, "maskline-bench: cannot run %s: %s\n", options->arguments[0], strerror(errno));
    _exit(EXEC_FAILED);
}

static pid_t start(const struct process_options *options, const int ends[2])
{
    pid_t parent = getpid(), id = -1;
    pthread_mutex_lock(&lock);
    if (!ending) {
        fflush(NULL);
        id = fork();
    }
    if (id == 0)
        run_child(options, ends, parent);
    if (id > 0 && !note_start(id, end_signal_of(options))) {
        kill(id, SIGKILL);
        waitpid(id, NULL, 0);
        id = -1;
    }
    pthread_mutex_unlock(&lock);
    return id;
}

bool process_start(const struct process_options *options, struct process *ret_process)
{
    int ends[2] = {-1, -1};
    *ret_process = (struct process){0};
    if (options->piped && pipe2(ends, O_CLOEXEC) != 0) {
        perror("maskline-bench: pipe");
        return false;
    }
    pid_t id = start(options, ends);
    if (id < 0)
        fprintf(stderr, "maskline-bench: %s cannot be started\n", options->arguments[0]);
    if (options->piped) {
        close(ends[1]);
        ret_process->out = id > 0 ? fdopen(ends[0], "r") : NULL;
        if (!ret_process->out)
            close(ends[0]);
    }
    ret_process->id = id > 0 ? id : 0;
    return id > 0;
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
}

static int ended(struct process *process, int status)
{
    if (process->out)
        fclose(process->out);
    *process = (struct process){0};
    return code_of(status);
}

int process_wait(struct process *process)
{
    siginfo_t info;
    int status = EXEC_FAILED << 8;
    if (process->id <= 0)
        return -1;
    while (waitid(P_PID, (id_t)process->id, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    /* Forgotten before its id can be another's. */
    find_running(process->id, true);
    waitpid(process->id, &status, 0);
    return ended(process, status);
}

bool process_alive(const struct process *process)
{
    siginfo_t info = {0};
    return process->id > 0 &&
           waitid(P_PID, (id_t)process->id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

void process_stop(struct process *process, int signal)
{
    if (process->id <= 0)
        return;
    kill(process->id, signal ? signal : find_running(process->id, false));
    for (int i = 0; i < STOP_POLLS && process_alive(process); i++)
        nanosleep(&(struct timespec){.tv_nsec = STOP_POLL_NS}, NULL);
    if (process_alive(process))
        kill(process->id, SIGKILL);
    process_wait(process);
}

void process_end_all(void)
{
    /* Held for ever: nothing starts, and no id is forgotten while it is waited for. */
    pthread_mutex_lock(&lock);
    ending = true;
    for (size_t i = 0; i < RUNNING_MOST; i++)
        if (running[i].id > 0)
            kill(running[i].id, running[i].end_signal);
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        struct process process = {.id = running[i].id};
        for (int poll = 0; poll < STOP_POLLS && process_alive(&process); poll++)
            nanosleep(&(struct timespec){.tv_nsec = STOP_POLL_NS}, NULL);
        if (process_alive(&process))
            kill(process.id, SIGKILL);
    }
}

/* The first `size` - 1 bytes of /proc/ID/NAME; empty when it cannot be read. */
static void read_proc(pid_t id, const char *name, char *ret_text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)id, name);
    FILE *file = fopen(path, "re");
    size_t count = file ? fread(ret_text, 1, size - 1, file) : 0;
    ret_text[count] = '\0';
    if (file)
        fclose(file);
}

/* The number behind a label. */
static uint64_t field(const char *text, const char *label)
{
    const char *at = strstr(text, label);
    return at ? strtoull(at + strlen(label), NULL, 10) : 0;
}

/* utime and stime, the 14th and 15th field; the 2nd, a name in parentheses, may hold blanks. */
static double cpu_seconds(const char *stat)
{
    const char *at = strrchr(stat, ')');
    for (int i = 0; at && i < 12; i++)
        at = strchr(at + 1, ' ');
    if (!at)
        return 0;
    char *end;
    unsigned long long user = strtoull(at, &end, 10);
    return (double)(user + strtoull(end, NULL, 10)) / (double)sysconf(_SC_CLK_TCK);
}

struct usage process_usage(pid_t id)
{
    char text[4096];
    struct usage usage;
    read_proc(id, "stat", text, sizeof text);
    usage.cpu_seconds = cpu_seconds(text);
    read_proc(id, "io", text, sizeof text);
    usage.written_bytes = field(text, "\nwrite_bytes: ");
    read_proc(id, "status", text, sizeof text);
    usage.resident_bytes = field(text, "\nVmRSS:") * 1024;
    return usage;
}

void process_wait_calm(pid_t id)
{
    int64_t now = clock_ns(), quiet_from = now, until = now + CALM_MOST_NS;
    struct usage before = process_usage(id);
    while (now < until && now - quiet_from < CALM_NS) {
        clock_wait(now + CALM_POLL_NS);
        now = clock_ns();
        struct usage after = process_usage(id);
        if (after.written_bytes != before.written_bytes ||
            after.cpu_seconds - before.cpu_seconds > CALM_CPU_SECONDS)
            quiet_from = now;
        before = after;
    }
}

double own_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}
