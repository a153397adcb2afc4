/*
 * Phones are the same after a restart, greetings and all; and what cannot be read costs no more than it must.
 */
#include "server/phone_book.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORD = 768, GREETING = 2048 };

struct server {
    struct masking *fake;
    struct carriers *carriers;
    struct simulator *simulator;
    struct phone_book *book;
};

static char folder[] = "/tmp/phone_book_XXXXXX";

static const char *path_of(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    unlink(path_of("phones"));
    unlink(path_of("greetings"));
    ck_assert_int_eq(rmdir(folder), 0);
}

static void begin(struct server *server)
{
    struct error error;
    const struct carrier_options options = {.clock = clock_real(), .manual = true};
    *server = (struct server){.fake = fake_new(), .carriers = carriers_new(&options)};
    ck_assert(carriers_add(server->carriers, "simulator", &error));
    ck_assert(carriers_attach(server->carriers, server->fake, &error));
    server->simulator = carriers_simulator(server->carriers, "");
    server->book = phone_book_open(folder, server->simulator, &error);
    ck_assert_ptr_nonnull(server->book);
}

static void end(struct server *server)
{
    carriers_stop(server->carriers);
    carriers_free(server->carriers);
    phone_book_close(server->book);
    fake_free(server->fake);
}

static void add(struct server *server, const char *number,
                const struct simulator_behavior *behavior)
{
    struct simulator_handset handset;
    struct error error;
    ck_assert(simulator_add_handset(server->simulator, number, behavior, &handset, &error));
}

static void behave(struct server *server, const char *number,
                   const struct simulator_behavior *behavior)
{
    struct simulator_handset handset;
    struct error error;
    ck_assert(simulator_set_behavior(server->simulator, number, behavior, &handset, &error));
}

/* The phones that a server begins with, and ends with. */
static size_t look(struct simulator_handset *ret_handsets, size_t count)
{
    struct server server;
    begin(&server);
    count = simulator_list(server.simulator, 0, ret_handsets, count);
    end(&server);
    return count;
}

static off_t size_of(const char *name)
{
    struct stat status;
    return stat(path_of(name), &status) == 0 ? status.st_size : -1;
}

static void write_at(const char *name, off_t place, const void *bytes, size_t size)
{
    int file = open(path_of(name), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, bytes, size, place), (ssize_t)size);
    close(file);
}

static const struct simulator_behavior all = {
    .send = SIMULATED_RETRY,
    .send_count = UINT32_MAX,
    .receipt = SIMULATED_FAILED,
    .receipt_copies = SIMULATOR_COPIES,
    .receipt_delay = 30 * INT64_C(86400) * MICROSECONDS,
    .carrier_code = "a b",
    .call = SIMULATED_UNREACHABLE,
    .pick_up_delay = INT64_C(3600) * MICROSECONDS,
    .keys = "0123456789*#1111",
    .hangs_up = true,
    .hang_up_delay = 7 * INT64_C(86400) * MICROSECONDS,
    .has_voicemail = true,
    .voicemail_delay = INT64_C(3600) * MICROSECONDS,
    .voicemail_greeting = "Guten Tag \xc3\xa4\n, \"leave\" a message",
};

static void expect_same(const struct simulator_behavior *a, const struct simulator_behavior *b)
{
    ck_assert_int_eq(a->send, b->send);
    ck_assert_uint_eq(a->send_count, b->send_count);
    ck_assert_int_eq(a->receipt, b->receipt);
    ck_assert_uint_eq(a->receipt_copies, b->receipt_copies);
    ck_assert_int_eq(a->receipt_delay, b->receipt_delay);
    ck_assert_str_eq(a->carrier_code, b->carrier_code);
    ck_assert_int_eq(a->call, b->call);
    ck_assert_int_eq(a->pick_up_delay, b->pick_up_delay);
    ck_assert_str_eq(a->keys, b->keys);
    ck_assert_int_eq(a->hangs_up, b->hangs_up);
    ck_assert_int_eq(a->hang_up_delay, b->hang_up_delay);
    ck_assert_int_eq(a->has_voicemail, b->has_voicemail);
    ck_assert_int_eq(a->voicemail_delay, b->voicemail_delay);
    ck_assert_str_eq(a->voicemail_greeting, b->voicemail_greeting);
}

START_TEST(test_phones_are_the_same_after_a_restart)
{
    struct server server;
    struct simulator_handset phones[4];
    struct simulator_behavior longest = all;
    static const struct simulator_behavior none;
    for (size_t i = 0; i < 500; i++)
        memcpy(longest.voicemail_greeting + 4 * i, "\xf0\x9f\x98\x80", 5);
    for (size_t i = 0; i < 64; i++)
        memcpy(longest.carrier_code + 4 * i, "\xf0\x9f\x98\x80", 5);
    const struct simulator_behavior at_once = {.hangs_up = true, .has_voicemail = true};
    make_folder();
    ck_assert_uint_eq(look(phones, 4), 0);
    begin(&server);
    add(&server, "+15551230001", &none);
    ck_assert_int_eq(size_of("greetings"), -1);
    add(&server, "+15551230002", &all);
    add(&server, "+15551230003", &at_once);
    add(&server, "+15551230004", &longest);
    end(&server);
    ck_assert_uint_eq(look(phones, 4), 4);
    expect_same(&phones[0].behavior, &none);
    expect_same(&phones[1].behavior, &all);
    expect_same(&phones[2].behavior, &at_once);
    expect_same(&phones[3].behavior, &longest);
    ck_assert_str_eq(phones[3].phone_number, "+15551230004");
    /* A greeting that was taken away does not come back. */
    begin(&server);
    behave(&server, "+15551230002", &none);
    behave(&server, "+15551230001", &all);
    end(&server);
    ck_assert_uint_eq(look(phones, 4), 4);
    expect_same(&phones[0].behavior, &all);
    expect_same(&phones[1].behavior, &none);
    expect_same(&phones[3].behavior, &longest);
    remove_folder();
}
END_TEST

START_TEST(test_records_of_before_there_were_calls)
{
    struct simulator_handset phones[2];
    char record[RECORD + 1];
    snprintf(record, sizeof record, "%-767s\n", "+15551230001 17 1 2 3 4 5 x6120");
    make_folder();
    write_at("phones", 0, record, RECORD);
    ck_assert_uint_eq(look(phones, 2), 1);
    ck_assert_str_eq(phones[0].phone_number, "+15551230001");
    ck_assert_int_eq(phones[0].create_time, 17);
    const struct simulator_behavior expected = {.send = SIMULATED_REFUSED,
                                                .send_count = 2,
                                                .receipt = SIMULATED_SILENT,
                                                .receipt_copies = 4,
                                                .receipt_delay = 5,
                                                .carrier_code = "a "};
    expect_same(&phones[0].behavior, &expected);
    remove_folder();
}
END_TEST

START_TEST(test_what_cannot_be_read)
{
    static const char *const bad[] = {
        "+15551230001 17 0 0 0 0 0 x 9 0 -1 -1 k",
        "+15551230001 17 0 0 0 0 0 x 0 0 -1 -1 1",
        "+15551230001 17 0 0 0 0 0 x 0 0 -1",
        "+15551230001 17 0 0 0 0 0 x 0 0 -1 -1 ka",
        "+15551230001 17 0 0 0 0 0 x 0 -7 -1 -1 k",
        "+15551230001 17 0 0 0 0 0 x 0 0 -1 -1 k12345678901234567",
    };
    struct simulator_handset phones[2];
    char record[RECORD + 1];
    make_folder();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(record, sizeof record, "%-767s\n", bad[i]);
        write_at("phones", 0, record, RECORD);
        ck_assert_uint_eq(look(phones, 2), 0);
        ck_assert_int_eq(size_of("phones"), 0);
    }
    remove_folder();
}
END_TEST

START_TEST(test_a_damaged_greeting_costs_the_greeting_alone)
{
    struct server server;
    struct simulator_handset phones[3];
    char bytes[GREETING];
    make_folder();
    begin(&server);
    add(&server, "+15551230001", &all);
    add(&server, "+15551230002", &all);
    add(&server, "+15551230003", &all);
    end(&server);
    memset(bytes, 'x', sizeof bytes);
    write_at("greetings", 0, bytes, sizeof bytes);
    bytes[0] = '\xff';
    bytes[1] = '\0';
    write_at("greetings", GREETING, bytes, sizeof bytes);
    ck_assert_uint_eq(look(phones, 3), 3);
    ck_assert_str_eq(phones[0].behavior.voicemail_greeting, "");
    ck_assert_str_eq(phones[1].behavior.voicemail_greeting, "");
    ck_assert_str_eq(phones[2].behavior.voicemail_greeting, all.voicemail_greeting);
    /* Nor does a phone get the greeting of one that was given up. */
    write_at("phones", RECORD, bytes, 1);
    ck_assert_uint_eq(look(phones, 3), 1);
    ck_assert_int_eq(size_of("greetings"), GREETING);
    remove_folder();
}
END_TEST

SUITE_MAIN("phone_book", test_phones_are_the_same_after_a_restart,
           test_records_of_before_there_were_calls, test_what_cannot_be_read,
           test_a_damaged_greeting_costs_the_greeting_alone)
