#include "client/guide.h"

#include "client/guide_how_many_numbers_embedded.h"
#include "client/guide_index_embedded.h"
#include "client/guide_late_contact_embedded.h"
#include "client/guide_messages_embedded.h"
#include "client/guide_numbers_embedded.h"
#include "client/guide_opt_outs_embedded.h"
#include "client/guide_quickstart_embedded.h"
#include "client/guide_reserved_numbers_embedded.h"
#include "client/guide_short_codes_embedded.h"
#include "client/guide_voicemail_embedded.h"

#include <string.h>

static const struct {
    const char *name;
    const unsigned char *text;
    const size_t *size;
} guides[] = {
    {"quickstart", guide_quickstart, &guide_quickstart_size},
    {"messages", guide_messages, &guide_messages_size},
    {"numbers", guide_numbers, &guide_numbers_size},
    {"how-many-numbers", guide_how_many_numbers, &guide_how_many_numbers_size},
    {"reserved-numbers", guide_reserved_numbers, &guide_reserved_numbers_size},
    {"late-contact", guide_late_contact, &guide_late_contact_size},
    {"short-codes", guide_short_codes, &guide_short_codes_size},
    {"opt-outs", guide_opt_outs, &guide_opt_outs_size},
    {"voicemail", guide_voicemail, &guide_voicemail_size},
};

const char *const guide_names[] = {
    "quickstart",   "messages",    "numbers",  "how-many-numbers", "reserved-numbers",
    "late-contact", "short-codes", "opt-outs", "voicemail",        NULL,
};

_Static_assert(sizeof guide_names / sizeof *guide_names == sizeof guides / sizeof *guides + 1,
               "each guide has a name that can be typed");

/* A row of the index, "| [numbers.md](numbers.md) | add, list, ... |"; no other line is printed. */
static void print_row(const char *line, size_t size, FILE *out)
{
    enum { NAME_WIDTH = 18 };
    static const char head[] = "| [", part[] = ".md) | ", tail[] = " |";
    const char *end = line + size;
    if (size < sizeof head - 1 || memcmp(line, head, sizeof head - 1) != 0)
        return;
    const char *name = line + sizeof head - 1;
    const char *dot = memchr(name, '.', (size_t)(end - name));
    const char *about = memmem(name, (size_t)(end - name), part, sizeof part - 1);
    if (!dot || !about)
        return;
    about += sizeof part - 1;
    if (end - about > 2 && memcmp(end - 2, tail, 2) == 0)
        end -= 2;
    fprintf(out, "%-*.*s%.*s\n", NAME_WIDTH, (int)(dot - name), name, (int)(end - about), about);
}

void guide_list(FILE *out)
{
    const char *at = (const char *)guide_index, *end = at + guide_index_size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t size = newline ? (size_t)(newline - at) : (size_t)(end - at);
        print_row(at, size, out);
        at += size + (newline ? 1 : 0);
    }
}

bool guide_print(const char *name, FILE *out)
{
    for (size_t i = 0; i < sizeof guides / sizeof *guides; i++)
        if (strcmp(guides[i].name, name) == 0) {
            fwrite(guides[i].text, 1, *guides[i].size, out);
            return true;
        }
    return false;
}
