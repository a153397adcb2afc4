#include "tests/interop/flags.h"

#include <stddef.h>
#include <string.h>

/* The value in or behind argv[*at], which is moved to the last word that was taken; NULL when the flag is another one. */
static const char *value_of(const char *name, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    size_t size = strlen(name);
    if (strncmp(word, name, size) != 0)
        return NULL;
    if (word[size] == '=')
        return word + size + 1;
    if (word[size] == '\0' && *at + 1 < argc)
        return argv[++*at];
    return NULL;
}

static bool take(int argc, char **argv, const struct flag *flags, int *at)
{
    for (; flags->name; flags++) {
        const char *value = value_of(flags->name, argc, argv, at);
        if (value) {
            *flags->value = value;
            return true;
        }
    }
    return false;
}

bool flags_read(int argc, char **argv, const struct flag *flags, const char **ret_word)
{
    const char *tls = "false";
    const struct flag fixed[] = {{"--use_tls", &tls}, {"--use_test_ca", &tls}, {NULL, NULL}};
    for (int i = 1; i < argc; i++) {
        *ret_word = argv[i];
        if (!take(argc, argv, flags, &i) && !take(argc, argv, fixed, &i))
            return false;
        if (strcmp(tls, "false") != 0)
            return false;
    }
    return true;
}
