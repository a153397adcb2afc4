#include "client/completion.h"

#include "client/completion_bash_embedded.h"
#include "client/completion_common_embedded.h"
#include "client/completion_zsh_embedded.h"

#include <string.h>

enum { CHOICES_MEMORY = 256 * 1024 };

/* ---- the table, as both shells read it ---- */

/* What a word can be: "service" asks for names, "=a,b" are fixed words, "" is anything. */
static const char *const live_words[] = {
    [LIVE_NOTHING] = "",         [LIVE_SERVICE] = "@service",
    [LIVE_SESSION] = "@session", [LIVE_PARTICIPANT] = "@participant",
    [LIVE_NUMBER] = "@number",   [LIVE_HANDSET] = "@handset",
    [LIVE_COMMAND] = "@command", [LIVE_FILE] = "@file",
    [LIVE_FOLDER] = "@folder",
};

static void print_quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputc('\'', out);
}

static void print_arguments(const struct command *command, FILE *out)
{
    fputs("        places=(", out);
    for (int i = 0; i < command_most(command); i++) {
        const struct argument *argument = &command->arguments[i];
        fputs(i > 0 ? " '" : "'", out);
        for (size_t j = 0; argument->choices && argument->choices[j]; j++)
            fprintf(out, "%s%s", j > 0 ? "," : "", argument->choices[j]);
        fprintf(out, "%s'", argument->choices ? "" : live_words[argument->live]);
    }
    fputs(")\n", out);
}

/* "--mode=a,b" wants a value, "--json" none; a tab and what it means behind it. */
static void print_option(struct arena *arena, const struct option *option, FILE *out)
{
    const char *words = option->kind == OPTION_CHOICE ? option_choices(arena, option, ",")
                                                      : live_words[option->live];
    char text[1024];
    snprintf(text, sizeof text, "--%s%s%s\t%s", option->name, option->value ? "=" : "",
             option->value && words ? words : "", option->help);
    fputs("            ", out);
    print_quoted(text, out);
    fputc('\n', out);
}

static void print_options(const struct option *options, FILE *out)
{
    struct arena *arena = arena_new(CHOICES_MEMORY);
    for (; arena && options && options->name; options++)
        print_option(arena, options, out);
    arena_free(arena);
}

static void print_command(void *data, const struct command *command)
{
    FILE *out = data;
    fprintf(out, "    '%s%s%s')\n", command->noun, command->verb ? " " : "",
            command->verb ? command->verb : "");
    print_arguments(command, out);
    fputs("        flags=(\n", out);
    print_options(command->options, out);
    fputs("        )\n", out);
    if (command->raw)
        fputs("        places=('@setting')\n", out);
    fputs("        ;;\n", out);
}

/* Each noun once, with what stands behind it. */
static void print_nouns(FILE *out)
{
    const char *last = "";
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++) {
            if (command->hidden || strcmp(command->noun, last) == 0)
                continue;
            last = command->noun;
            char text[256];
            snprintf(text, sizeof text, "%s\t%s", last,
                     command->verb ? group->title : command->summary);
            fputs("        ", out);
            print_quoted(text, out);
            fputc('\n', out);
        }
}

static void print_verbs(FILE *out)
{
    const char *last = "";
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++) {
            if (command->hidden || !command->verb)
                continue;
            if (strcmp(command->noun, last) != 0) {
                if (*last)
                    fputs("        )\n        ;;\n", out);
                last = command->noun;
                fprintf(out, "    '%s')\n        verbs=(\n", last);
            }
            char text[256];
            snprintf(text, sizeof text, "%s\t%s", command->verb, command->summary);
            fputs("            ", out);
            print_quoted(text, out);
            fputc('\n', out);
        }
    fputs("        )\n        ;;\n", out);
}

static void print_table(FILE *out)
{
    fputs("_maskline_nouns() {\n    nouns=(\n", out);
    print_nouns(out);
    fputs("    )\n}\n\n_maskline_verbs() {\n    verbs=()\n    case $1 in\n", out);
    print_verbs(out);
    fputs("    esac\n}\n\n_maskline_command() {\n    places=() flags=()\n    case $1 in\n", out);
    command_each(print_command, out);
    fputs("    esac\n    [ \"$1\" = serve ] || flags+=(\n", out);
    print_options(common_options, out);
    fputs("    )\n}\n\n", out);
}

void completion_print(const char *shell, FILE *out)
{
    bool zsh = strcmp(shell, "zsh") == 0;
    if (zsh)
        fputs("#compdef maskline\n", out);
    fprintf(out, "# Completion of `maskline` for %s, made by `maskline completion %s`.\n\n", shell,
            shell);
    print_table(out);
    fwrite(completion_common, 1, completion_common_size, out);
    if (zsh)
        fwrite(completion_zsh, 1, completion_zsh_size, out);
    else
        fwrite(completion_bash, 1, completion_bash_size, out);
}
