#include "tests/fault/subject.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Check's tests take no arguments. */
static struct subject *checked;
static const struct note *notes_given;
static size_t notes_count;

START_TEST(logs_rows_and_notes_agree)
{
    uint64_t last[WORLD_LOGS];
    struct view *view = view_open(checked->store);
    ck_assert_ptr_nonnull(view);
    world_check(view, last);
    for (size_t i = 0; i < notes_count; i++) {
        const struct note *note = &notes_given[i];
        ck_assert_uint_lt(note->log, WORLD_LOGS);
        ck_assert_msg(note->position <= last[note->log],
                      "lost: entry %lu of log %u, which ends at %lu", (unsigned long)note->position,
                      note->log, (unsigned long)last[note->log]);
        ck_assert_uint_eq(world_mark(view, note->log, note->position), note->mark);
    }
    view_close(view);
}
END_TEST

bool subject_agrees(struct subject *subject, const struct note *notes, size_t count)
{
    checked = subject;
    notes_given = notes;
    notes_count = count;
    Suite *suite = suite_create("subject");
    TCase *cases = tcase_create("all");
    tcase_add_test(cases, logs_rows_and_notes_agree);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    if (failed)
        srunner_print(runner, CK_NORMAL);
    fflush(stdout);
    srunner_free(runner);
    return failed == 0;
}

static struct note *read_notes(const char *path, size_t *ret_count)
{
    size_t room = 0, count = 0;
    struct note *notes = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    do {
        room += 4096;
        struct note *more = realloc(notes, room * sizeof *notes);
        if (!more)
            abort();
        notes = more;
        count += fread(notes + count, sizeof *notes, room - count, file);
    } while (count == room);
    fclose(file);
    *ret_count = count;
    return notes;
}

int subject_check(const char *path, const char *notes_path)
{
    static struct subject subject;
    struct error error;
    size_t count;
    struct note *notes = read_notes(notes_path, &count);
    if (!notes)
        return 3;
    if (!subject_open(&subject, path, &error)) {
        printf("refused %s: %s\n", error.reason, error.message);
        free(notes);
        return 2;
    }
    /* A check that failed has left its view open, which closing would wait for. */
    if (!subject_agrees(&subject, notes, count))
        _exit(1);
    subject_close(&subject);
    free(notes);
    return 0;
}
