/*
 * The file has a record for each phone, in the order in which they were added, and all of one size: a phone that changes is written over,
 * so that the file grows with the phones only. A record is a line of text, filled up with blanks. Servers before this one wrote shorter
 * lines: what is missing at their end was not there to be said.
 *
 * Greetings of voicemails would make records large that hardly any phone needs. They have a file of their own, with holes where there are
 * none: read as empty.
 */
#include "server/phone_book.h"

#include "proto/c/utf8.h"
#include "server/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A carrier's code is written in hex, behind an x. */
enum { RECORD = 768, HEX = 2 * SIMULATOR_CODE_SIZE, GREETING = 2048, GREETING_CHARACTERS = 500 };

struct phone_book {
    int file;      /* -1: not made yet, or lost */
    int greetings; /* likewise */
    bool lost;
    char *greetings_path;
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
    /* A time that does not come is -1. */
    size += snprintf(ret_record + size, (size_t)(RECORD - size), " %d %lld %lld %lld k%s",
                     (int)behavior->call, (long long)behavior->pick_up_delay,
                     behavior->hangs_up ? (long long)behavior->hang_up_delay : -1,
                     behavior->has_voicemail ? (long long)behavior->voicemail_delay : -1,
                     behavior->keys);
    memset(ret_record + size, ' ', RECORD - 1 - (size_t)size);
    ret_record[RECORD - 1] = '\n';
}

/* Of calls; false: it is damaged. A record may say nothing of them. */
static bool calls_read(const char *line, struct simulator_behavior *behavior)
{
    unsigned call;
    long long pick_up, hang_up, voicemail;
    char keys[SIMULATOR_KEYS_SIZE + 2];
    int count = sscanf(line, "%u %lld %lld %lld %18s", &call, &pick_up, &hang_up, &voicemail, keys);
    if (count <= 0)
        return true;
    if (count != 5 || keys[0] != 'k' || strlen(keys) > SIMULATOR_KEYS_SIZE)
        return false;
    behavior->call = (enum simulated_call)call;
    behavior->pick_up_delay = pick_up;
    behavior->hangs_up = hang_up >= 0;
    behavior->hang_up_delay = hang_up >= 0 ? hang_up : 0;
    behavior->has_voicemail = voicemail >= 0;
    behavior->voicemail_delay = voicemail >= 0 ? voicemail : 0;
    memcpy(behavior->keys, keys + 1, strlen(keys));
    return true;
}

static bool record_read(const char record[RECORD], struct simulator_handset *ret_phone)
{
    char line[RECORD], code[HEX + 2];
    long long create_time, delay;
    unsigned send, receipt;
    int size = 0;
    struct simulator_behavior *behavior = &ret_phone->behavior;
    memset(ret_phone, 0, sizeof *ret_phone);
    memcpy(line, record, RECORD);
    if (line[RECORD - 1] != '\n')
        return false;
    line[RECORD - 1] = '\0';
    if (sscanf(line, "%31s %lld %u %u %u %u %lld %515s%n", ret_phone->phone_number, &create_time,
               &send, &behavior->send_count, &receipt, &behavior->receipt_copies, &delay, code,
               &size) != 8)
        return false;
    behavior->send = (enum simulated_send)send;
    behavior->receipt = (enum simulated_receipt)receipt;
    behavior->receipt_delay = delay;
    ret_phone->create_time = create_time;
    return code[0] == 'x' && hex_read(code + 1, behavior->carrier_code) &&
           calls_read(line + size, behavior);
}

/* ---- reading ---- */

static void say_why(const struct phone_book *book, const char *why)
{
    say("the simulator's phones in %s cannot be read: %s", book->path, why);
}

/* One that cannot be read is empty, and the simulator says its own: it is no reason to give up phones. */
static void greeting_read(const struct phone_book *book, off_t place,
                          char ret_greeting[SIMULATOR_GREETING_SIZE])
{
    char record[GREETING];
    ret_greeting[0] = '\0';
    if (book->greetings < 0 ||
        pread(book->greetings, record, GREETING, place * GREETING) != GREETING)
        return;
    size_t size = strnlen(record, SIMULATOR_GREETING_SIZE);
    if (size < SIMULATOR_GREETING_SIZE && utf8_valid((const uint8_t *)record, size) &&
        utf8_length(record) <= GREETING_CHARACTERS)
        memcpy(ret_greeting, record, size + 1);
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
        bool whole = record_read(record, &phone);
        greeting_read(book, count, phone.behavior.voicemail_greeting);
        if (!whole || !simulator_restore_handset(simulator, &phone, &error)) {
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
    book->greetings = open(book->greetings_path, O_RDWR | O_CLOEXEC);
    off_t count = book->file < 0 ? 0 : read_phones(book, simulator);
    if (!book->lost)
        book->lost = book->file < 0 || ftruncate(book->file, count * RECORD) != 0 ||
                     (book->greetings >= 0 && ftruncate(book->greetings, count * GREETING) != 0);
    if (book->lost)
        say_why(book, strerror(errno));
}

/* ---- writing ---- */

static bool write_at(int *file, const char *path, const char *record, size_t size, uint64_t place)
{
    if (*file < 0)
        *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*file < 0)
        return false;
    ssize_t done = pwrite(*file, record, size, (off_t)(place * size));
    if (done >= 0 && (size_t)done != size)
        errno = ENOSPC;
    return done >= 0 && (size_t)done == size;
}

/* The greeting first: a record that is there is believed. */
static bool write_phone(struct phone_book *book, uint64_t place,
                        const struct simulator_handset *phone)
{
    char record[RECORD], greeting[GREETING] = "";
    const char *text = phone->behavior.voicemail_greeting;
    memcpy(greeting, text, strlen(text));
    bool needed = *text || book->greetings >= 0;
    if (needed && !write_at(&book->greetings, book->greetings_path, greeting, GREETING, place))
        return false;
    record_write(phone, record);
    return write_at(&book->file, book->path, record, RECORD, place);
}

/* With a hole in it the file would not be read again: after one failure nothing more is written. */
static void changed(void *data, uint64_t place, const struct simulator_handset *phone)
{
    struct phone_book *book = data;
    if (book->lost || write_phone(book, place, phone))
        return;
    book->lost = true;
    say("the simulator's phones cannot be written to %s: %s; what is changed from now on will be "
        "forgotten",
        book->path, strerror(errno));
}

/* ---- */

/* Without the memory for its paths: NULL. */
static struct phone_book *book_new(const char *folder)
{
    static const char name[] = "/phones", greetings[] = "/greetings";
    size_t size = strlen(folder);
    struct phone_book *book = calloc(1, sizeof *book + size + sizeof name);
    if (!book)
        return NULL;
    book->file = book->greetings = -1;
    memcpy(book->path, folder, size);
    memcpy(book->path + size, name, sizeof name);
    book->greetings_path = calloc(1, size + sizeof greetings);
    if (!book->greetings_path) {
        free(book);
        return NULL;
    }
    memcpy(book->greetings_path, folder, size);
    memcpy(book->greetings_path + size, greetings, sizeof greetings);
    return book;
}

struct phone_book *phone_book_open(const char *folder, struct simulator *simulator,
                                   struct error *error)
{
    struct phone_book *book = book_new(folder);
    if (!book) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for the simulator's phones.");
        return NULL;
    }
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
    if (book->greetings >= 0)
        close(book->greetings);
    free(book->greetings_path);
    free(book);
}
