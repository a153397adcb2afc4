/*
 * The file has a record for each phone, in the order in which they were added, and all of one size: a phone that changes is written over,
 * so that the file grows with the phones only. A record is a line of text, filled up with blanks.
 */
#include "server/phone_book.h"

#include "server/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A carrier's code is written in hex, behind an x. */
enum { RECORD = 768, HEX = 2 * SIMULATOR_CODE_SIZE };

struct phone_book {
    int file; /* -1: not made yet, or lost */
    bool lost;
    char path[];
};

/* ---- records ---- */

static void hex_write(const char *text, char ret_hex[HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (; *text; text++) {
        *ret_hex++ = digits[(unsigned char)*text >> 4];
        *ret_hex++ = digits[(unsigned char)*text & 15];
    }
    *ret_hex = '\0';
}

static bool hex_read(const char *hex, char ret_text[SIMULATOR_CODE_SIZE])
{
    size_t size = strlen(hex) / 2;
    if (strlen(hex) % 2 || size >= SIMULATOR_CODE_SIZE ||
        strspn(hex, "0123456789abcdef") != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        ret_text[i] = (char)strtol(digits, NULL, 16);
    }
    ret_text[size] = '\0';
    return true;
}

static void record_write(const struct simulator_handset *phone, char ret_record[RECORD])
{
    char code[HEX];
    const struct simulator_behavior *behavior = &phone->behavior;
    hex_write(behavior->carrier_code, code);
    int size = snprintf(ret_record, RECORD, "%s %lld %d %u %d %u %lld x%s", phone->phone_number,
                        (long long)phone->create_time, (int)behavior->send, behavior->send_count,
                        (int)behavior->receipt, behavior->receipt_copies,
                        (long long)behavior->receipt_delay, code);
    memset(ret_record + size, ' ', RECORD - 1 - (size_t)size);
    ret_record[RECORD - 1] = '\n';
}

static bool record_read(const char record[RECORD], struct simulator_handset *ret_phone)
{
    char line[RECORD], code[HEX + 2];
    long long create_time, delay;
    unsigned send, receipt;
    struct simulator_behavior *behavior = &ret_phone->behavior;
    memset(ret_phone, 0, sizeof *ret_phone);
    memcpy(line, record, RECORD);
    if (line[RECORD - 1] != '\n')
        return false;
    line[RECORD - 1] = '\0';
    if (sscanf(line, "%31s %lld %u %u %u %u %lld %515s", ret_phone->phone_number, &create_time,
               &send, &behavior->send_count, &receipt, &behavior->receipt_copies, &delay,
               code) != 8)
        return false;
    behavior->send = (enum simulated_send)send;
    behavior->receipt = (enum simulated_receipt)receipt;
    behavior->receipt_delay = delay;
    ret_phone->create_time = create_time;
    return code[0] == 'x' && hex_read(code + 1, behavior->carrier_code);
}

/* ---- reading ---- */

static void say_why(const struct phone_book *book, const char *why)
{
    say("the simulator's phones in %s cannot be read: %s", book->path, why);
}

/* How many could be. The rest is given up: a phone that is missing is added again, and a server that does not start helps nobody. */
static off_t read_phones(struct phone_book *book, struct simulator *simulator)
{
    off_t count = 0;
    char record[RECORD];
    ssize_t size;
    while ((size = pread(book->file, record, RECORD, count * RECORD)) == RECORD) {
        struct simulator_handset phone;
        struct error error;
        error_set(&error, STATUS_DATA_LOSS, "", 0, "from phone %lld on the file is damaged",
                  (long long)count + 1);
        if (!record_read(record, &phone) || !simulator_restore_handset(simulator, &phone, &error)) {
            say_why(book, error.message);
            return count;
        }
        count++;
    }
    book->lost = size < 0;
    return count;
}

static void read_file(struct phone_book *book, struct simulator *simulator)
{
    book->file = open(book->path, O_RDWR | O_CLOEXEC);
    if (book->file < 0 && errno == ENOENT)
        return;
    off_t count = book->file < 0 ? 0 : read_phones(book, simulator);
    if (!book->lost)
        book->lost = book->file < 0 || ftruncate(book->file, count * RECORD) != 0;
    if (book->lost)
        say_why(book, strerror(errno));
}

/* ---- writing ---- */

static bool write_record(struct phone_book *book, uint64_t place, const char record[RECORD])
{
    if (book->file < 0)
        book->file = open(book->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (book->file < 0)
        return false;
    ssize_t done = pwrite(book->file, record, RECORD, (off_t)(place * RECORD));
    if (done >= 0 && done != RECORD)
        errno = ENOSPC;
    return done == RECORD;
}

/* With a hole in it the file would not be read again: after one failure nothing more is written. */
static void changed(void *data, uint64_t place, const struct simulator_handset *phone)
{
    struct phone_book *book = data;
    char record[RECORD];
    if (book->lost)
        return;
    record_write(phone, record);
    if (write_record(book, place, record))
        return;
    book->lost = true;
    say("the simulator's phones cannot be written to %s: %s; what is changed from now on will be "
        "forgotten",
        book->path, strerror(errno));
}

/* ---- */

struct phone_book *phone_book_open(const char *folder, struct simulator *simulator,
                                   struct error *error)
{
    static const char name[] = "/phones";
    size_t size = strlen(folder);
    struct phone_book *book = calloc(1, sizeof *book + size + sizeof name);
    if (!book) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for the simulator's phones.");
        return NULL;
    }
    book->file = -1;
    memcpy(book->path, folder, size);
    memcpy(book->path + size, name, sizeof name);
    read_file(book, simulator);
    simulator_on_handset(simulator, changed, book);
    return book;
}

void phone_book_close(struct phone_book *book)
{
    if (!book)
        return;
    if (book->file >= 0)
        close(book->file);
    free(book);
}
