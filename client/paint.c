#include "client/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool paint_by_default(void)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(none && *none) && !(term && strcmp(term, "dumb") == 0) && isatty(STDOUT_FILENO);
}

const char *paint(bool color, enum paint which)
{
    static const char *const codes[] = {"\x1b[0m",  "\x1b[2m",  "\x1b[1m", "\x1b[32m",
                                        "\x1b[33m", "\x1b[31m", "\x1b[36m"};
    return color ? codes[which] : "";
}
