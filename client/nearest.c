#include "client/nearest.h"

#include <string.h>

enum { LONGEST = 31 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to change, add or drop, or neighbours to swap. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= a_size; i++)
        rows[i][0] = i;
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++)
        for (size_t j = 1; j <= b_size; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            rows[i][j] =
                least(least(rows[i - 1][j], rows[i][j - 1]) + 1, rows[i - 1][j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    return rows[a_size][b_size];
}

struct nearest nearest_to(const char *typed, size_t size)
{
    /* A third of the letters may be wrong, and one in any case. */
    return (struct nearest){.typed = typed, .size = size, .distance = size / 3 + 2};
}

void nearest_try(struct nearest *nearest, const char *word)
{
    size_t size = strlen(word);
    if (size > LONGEST || nearest->size > LONGEST || nearest->size == 0)
        return;
    /* What was begun and not ended is nearer than anything mistyped. */
    size_t far = size > nearest->size && strncmp(word, nearest->typed, nearest->size) == 0
                     ? 1
                     : distance(nearest->typed, nearest->size, word, size);
    if (far < nearest->distance && far < size) {
        nearest->distance = far;
        nearest->word = word;
    }
}
