#include "client/bench/process.h"
#include "tests/unit/suite.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

START_TEST(output_and_code_come_back)
{
    const char *const arguments[] = {"/bin/sh", "-c", "echo hello; exit 7", NULL};
    struct process_options options = {.arguments = arguments, .piped = true};
    struct process process;
    char line[32] = "";
    ck_assert(process_start(&options, &process));
    ck_assert_ptr_nonnull(fgets(line, sizeof line, process.out));
    ck_assert_str_eq(line, "hello\n");
    ck_assert_int_eq(process_wait(&process), 7);
    ck_assert_int_eq(process.id, 0);
    ck_assert_int_eq(process_wait(&process), -1);
}
END_TEST

START_TEST(what_cannot_run_says_so)
{
    const char *const arguments[] = {"/nowhere/at/all", NULL};
    struct process_options options = {.arguments = arguments};
    struct process process;
    ck_assert(process_start(&options, &process));
    ck_assert_int_eq(process_wait(&process), 127);
}
END_TEST

START_TEST(stop_ends_it)
{
    const char *const arguments[] = {"/bin/sh", "-c", "echo; read x <&1", NULL};
    struct process_options options = {.arguments = arguments, .piped = true};
    struct process process;
    ck_assert(process_start(&options, &process));
    ck_assert_int_eq(fgetc(process.out), '\n');
    process_stop(&process, SIGTERM);
    ck_assert_int_eq(process.id, 0);
    ck_assert(!process_alive(&process));
    process_stop(&process, SIGTERM);
}
END_TEST

/* Check gives each test a process of its own; in this one nothing can be started afterwards. */
START_TEST(all_end_together)
{
    const char *const sleeps[] = {"/bin/sh", "-c", "echo; read x <&1", NULL};
    const char *const stubborn[] = {"/bin/sh", "-c", "trap '' TERM; echo; read x <&1", NULL};
    struct process_options options = {.arguments = sleeps, .piped = true};
    struct process one, two;
    ck_assert(process_start(&options, &one));
    options.arguments = stubborn;
    options.end_signal = SIGQUIT;
    ck_assert(process_start(&options, &two));
    ck_assert_int_eq(fgetc(one.out), '\n');
    ck_assert_int_eq(fgetc(two.out), '\n');
    process_end_all();
    ck_assert(!process_alive(&one));
    ck_assert(!process_alive(&two));
}
END_TEST

START_TEST(usage_is_told)
{
    struct usage before = process_usage(getpid());
    ck_assert_uint_gt(before.resident_bytes, 100000);
    volatile uint64_t work = 0;
    while (process_usage(getpid()).cpu_seconds < before.cpu_seconds + 0.05)
        for (int i = 0; i < 1000000; i++)
            work += (uint64_t)i;
    ck_assert_double_gt(own_cpu_seconds(), before.cpu_seconds);
    struct usage none = process_usage(0x7ffffff0);
    ck_assert_uint_eq(none.resident_bytes, 0);
    ck_assert_double_eq(none.cpu_seconds, 0);
}
END_TEST

SUITE_MAIN("client/bench process", output_and_code_come_back, what_cannot_run_says_so, stop_ends_it,
           all_end_together, usage_is_told)
