#include "client/doctor.h"

#include "client/json.h"
#include "client/paint.h"

#include <stdlib.h>

#define MIN_FREE INT64_C(536870912) /* as the server has it */

static const char *const words[] = {"ok", "warn", "FAIL"};
static const char *const json_words[] = {"ok", "warn", "fail"};
static const enum paint paints[] = {PAINT_GREEN, PAINT_YELLOW, PAINT_RED};

static void print(struct doctor *doctor, enum verdict verdict, const char *about, const char *text)
{
    if (doctor->cli->json) {
        printf("{\"check\":\"%s\",\"verdict\":\"%s\",\"text\":", about, json_words[verdict]);
        json_string(stdout, text);
        puts("}");
    } else {
        bool color = doctor->cli->color;
        printf("%s%-4s%s  %-9s  ", paint(color, paints[verdict]), words[verdict],
               paint(color, PAINT_PLAIN), about);
        print_plain(text, stdout);
        putchar('\n');
    }
}

int doctor(struct cli *cli)
{
    const char *variable = getenv("MASKLINE_DATA");
    const char *option = input_text(cli, "data");
    const struct given *min_free = input_given(cli, "min-free");
    struct doctor doctor = {.cli = cli,
                            .probes = &doctor_machine,
                            .found = print,
                            .data = option                  ? option
                                    : variable && *variable ? variable
                                                            : "maskline-data",
                            .min_free = min_free ? min_free->value : MIN_FREE};
    doctor_store(&doctor);
    doctor_disk(&doctor);
    doctor_server(&doctor);
    doctor_clock(&doctor);
    doctor_limits(&doctor);
    if (!cli->json) {
        if (doctor.failed > 0)
            printf("\n%u must be mended", doctor.failed);
        else
            printf("\nNothing must be mended");
        printf(doctor.warned > 0 ? ", %u should be looked at.\n" : ".\n", doctor.warned);
    }
    return doctor.failed > 0 ? EXIT_REFUSED : EXIT_DONE;
}
