// Turns a file into a C array: embed SYMBOL INPUT OUTPUT.c OUTPUT.h
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_header(const char *symbol, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return -1;
    fprintf(out, "#pragma once\n#include <stddef.h>\n\n");
    fprintf(out, "extern const unsigned char %s[];\nextern const size_t %s_size;\n", symbol,
            symbol);
    return fclose(out);
}

static int write_source(const char *symbol, FILE *in, const char *header, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return -1;
    const char *slash = strrchr(header, '/');
    fprintf(out, "#include \"%s\"\n\n", slash ? slash + 1 : header);
    fprintf(out, "const unsigned char %s[] = {", symbol);
    size_t size = 0;
    for (int c; (c = getc(in)) != EOF; size++)
        fprintf(out, "%s%d,", size % 20 == 0 ? "\n    " : " ", c);
    // A C array cannot be empty; the size says how many bytes count.
    fprintf(out, "%s\n};\nconst size_t %s_size = %zu;\n", size == 0 ? "\n    0" : "", symbol, size);
    int failed = ferror(in);
    return fclose(out) != 0 || failed ? -1 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: embed SYMBOL INPUT OUTPUT.c OUTPUT.h\n");
        return 2;
    }
    FILE *in = fopen(argv[2], "rb");
    if (!in) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    int failed =
        write_header(argv[1], argv[4]) != 0 || write_source(argv[1], in, argv[4], argv[3]) != 0;
    fclose(in);
    if (failed) {
        perror("embed");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
