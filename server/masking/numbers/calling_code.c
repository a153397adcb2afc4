#include "server/masking/numbers/calling_code.h"

#include <string.h>

/* Codes of one digit, and of two; all others have three. */
static const char ONE[] = "17";
static const char TWO[][3] = {
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
    "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
    "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
};

static unsigned code_length(const char *digits)
{
    if (strchr(ONE, digits[0]))
        return 1;
    for (unsigned i = 0; i < sizeof TWO / sizeof *TWO; i++) {
        if (!strncmp(digits, TWO[i], 2))
            return 2;
    }
    return 3;
}

void calling_code(const char *number, char ret_code[4])
{
    memset(ret_code, 0, 4);
    if (number[0] == '+' && number[1])
        strncpy(ret_code, number + 1, code_length(number + 1));
}
