#include "client/doctor.h"

#include "client/json.h"
#include "client/paint.h"

#include <stdarg.h>
#include <stdlib.h>

enum { TEXT_SIZE = 1024 };
#define MIN_FREE INT64_C(536870912) /* as the server has it */

static const char *const words[] = {"ok", "warn", "FAIL"};
static const char *const json_words[] = {"ok", "warn", "fail"};
static const enum paint paints[] = {PAINT_GREEN, PAINT_YELLOW, PAINT_RED};

void doctor_say(struct doctor *doctor, enum verdict verdict, const char *about, const char *format,
                ...)
{
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    doctor->warned += verdict == VERDICT_WARN;
    doctor->failed += verdict == VERDICT_FAIL;
    doctor->found(doctor, verdict, about, text);
}

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

const char *show_size(struct arena *arena, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        size /= 1024;
    const char *text =
        arena_printf(arena, unit > 0 && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return text ? text : "?";
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
