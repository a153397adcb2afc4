#include "client/doctor.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_SIZE = 1024 };

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
