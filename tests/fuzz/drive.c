/*
 * Runs a fuzzer without libFuzzer, as a test: over every file of its corpus, then over a number of mutations of them that are the same
 * each time.
 *
 *   NAME_test CORPUS ROUNDS [FILE]...
 *
 * With files it runs those alone. MASKLINE_LONG=1 makes it fifty times as many rounds; MASKLINE_FUZZ_SEED takes other ones.
 */
#include "tests/fuzz/chance.h"
#include "tests/fuzz/oracle.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MOST = 64 * 1024, FILES_MOST = 4096, LONG = 50 };

struct sample {
    char *name;
    uint8_t *bytes;
    size_t size;
};

static struct chance mutating;

/* What runs now, for the last words. */
static const uint8_t *running;
static size_t running_size;
static const char *running_name = "the start";

/* ---- last words ---- */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(2);
}

/* The input in hex: it can be made a file again by `xxd -r -p`. */
static void last_words(void)
{
    static const char digits[] = "0123456789abcdef";
    say("\nThis was found with ");
    say(running_name);
    say(", that is, with these bytes:\n");
    for (size_t i = 0; running && i < running_size && i < INPUT_MOST; i++) {
        const char byte[] = {digits[running[i] >> 4], digits[running[i] & 15],
                             i % 48 == 47 ? '\n' : '\0', '\0'};
        say(byte);
    }
    say("\nTo see it again: xxd -r -p >FILE, and bazel/fuzz --replay FILE NAME\n0 passed, 1 "
        "failed\n");
}

static void ends(int number)
{
    last_words();
    signal(number, SIG_DFL);
    raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void listen_for_the_end(void)
{
    signal(SIGABRT, ends);
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(last_words);
        return;
    }
    signal(SIGSEGV, ends);
    signal(SIGBUS, ends);
    signal(SIGFPE, ends);
}

/* ---- mutation ---- */

static size_t insert(uint8_t *data, size_t size, size_t most, size_t at, size_t count)
{
    if (count > most - size)
        count = most - size;
    memmove(data + at + count, data + at, size - at);
    for (size_t i = 0; i < count; i++)
        data[at + i] = (uint8_t)chance_next(&mutating);
    return size + count;
}

static size_t erase(uint8_t *data, size_t size, size_t at, size_t count)
{
    if (count > size - at)
        count = size - at;
    memmove(data + at, data + at + count, size - at - count);
    return size - count;
}

static size_t change_once(uint8_t *data, size_t size, size_t most)
{
    static const uint8_t edges[] = {0,   1,   0x7f, 0x80, 0xff, ' ', '\n', '0',
                                    '9', '+', '-',  '"',  '\\', '/', '=',  '@'};
    size_t at = chance_below(&mutating, size + 1);
    size_t action = size ? chance_below(&mutating, 6) : 0;
    if (action > 0 && at == size)
        at--;
    switch (action) {
    case 0:
        return insert(data, size, most, at, 1 + chance_below(&mutating, 8));
    case 1:
        return erase(data, size, at, 1 + chance_below(&mutating, 8));
    case 2:
        data[at] ^= (uint8_t)(1u << chance_below(&mutating, 8));
        return size;
    case 3:
        data[at] = edges[chance_below(&mutating, sizeof edges)];
        return size;
    case 4:
        data[at] = (uint8_t)chance_next(&mutating);
        return size;
    default: { /* one place's bytes to another */
        size_t from = chance_below(&mutating, size);
        size_t count = 1 + chance_below(&mutating, size);
        if (count > size - from)
            count = size - from;
        if (count > size - at)
            count = size - at;
        memmove(data + at, data + from, count);
        return size;
    }
    }
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    for (size_t changes = 1 + chance_below(&mutating, 4); changes > 0; changes--)
        size = change_once(data, size, most);
    return size;
}

/* ---- running ---- */

static void run(const char *name, const uint8_t *bytes, size_t size)
{
    /* In memory of its own size, so that a sanitizer sees who reads past it. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact)
        abort();
    if (size)
        memcpy(exact, bytes, size);
    running = exact;
    running_size = size;
    running_name = name;
    LLVMFuzzerTestOneInput(exact, size);
    running = NULL;
    free(exact);
}

static void mutate_and_run(const struct sample *samples, size_t count, uint64_t round,
                           uint64_t first_seed)
{
    static uint8_t bytes[INPUT_MOST];
    mutating = (struct chance){first_seed + round};
    const struct sample *from = &samples[chance_below(&mutating, count)];
    size_t size = from->size;
    if (size)
        memcpy(bytes, from->bytes, size);
    for (size_t times = 1 + chance_below(&mutating, 5); times > 0; times--) {
        if (LLVMFuzzerCustomMutator)
            size = LLVMFuzzerCustomMutator(bytes, size, sizeof bytes,
                                           (unsigned)chance_next(&mutating));
        else
            size = LLVMFuzzerMutate(bytes, size, sizeof bytes);
    }
    char name[128];
    snprintf(name, sizeof name, "mutation %llu of %.80s", (unsigned long long)round, from->name);
    run(name, bytes, size);
}

static bool is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_sample(const char *folder, const char *name, struct sample *ret_sample)
{
    static uint8_t bytes[INPUT_MOST];
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", name);
    FILE *file = fopen(path, "rbe");
    must(file, "%s cannot be read", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    uint8_t *kept = malloc(size ? size : 1);
    char *kept_name = strdup(name);
    if (!kept || !kept_name)
        abort();
    memcpy(kept, bytes, size);
    *ret_sample = (struct sample){kept_name, kept, size};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sample *)a)->name, ((const struct sample *)b)->name);
}

static size_t read_corpus(const char *folder, struct sample *samples)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    must(dir, "there is no corpus %s", folder);
    for (struct dirent *entry; (entry = readdir(dir)) && count < FILES_MOST;)
        if (is_file(entry))
            read_sample(folder, entry->d_name, &samples[count++]);
    closedir(dir);
    qsort(samples, count, sizeof *samples, by_name);
    return count;
}

int main(int count, char **arguments)
{
    static struct sample samples[FILES_MOST];
    if (count < 3) {
        fputs("usage: NAME_test CORPUS ROUNDS [FILE]...\n", stderr);
        return 2;
    }
    const char *is_long = getenv("MASKLINE_LONG"), *seed = getenv("MASKLINE_FUZZ_SEED");
    uint64_t rounds = strtoull(arguments[2], NULL, 10);
    rounds *= is_long && *is_long == '1' ? LONG : 1;
    size_t have = 0;
    if (count == 3)
        have = read_corpus(arguments[1], samples);
    for (int i = 3; i < count && have < FILES_MOST; i++)
        read_sample("", arguments[i], &samples[have++]);
    must(have > 0, "the corpus is empty");
    listen_for_the_end();
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&count, &arguments);
    for (size_t i = 0; i < have; i++)
        run(samples[i].name, samples[i].bytes, samples[i].size);
    running_name = "the whole corpus";
    if (count == 3 && fuzzer_reached)
        fuzzer_reached();
    for (uint64_t round = 0; count == 3 && round < rounds; round++)
        mutate_and_run(samples, have, round, seed ? strtoull(seed, NULL, 10) : 0);
    if (fuzzer_close)
        fuzzer_close();
    for (size_t i = 0; i < have; i++) {
        free(samples[i].name);
        free(samples[i].bytes);
    }
    printf("%zu files, %llu mutations\n%zu passed, 0 failed\n", have,
           (unsigned long long)(count == 3 ? rounds : 0), have + (count == 3));
    return 0;
}
