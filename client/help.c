#include "client/help.h"

#include "client/table.h"

#include <string.h>

enum { HEAD_WIDTH = 50, OPTION_WIDTH = 27, WIDTH = 100, CHOICES_MEMORY = 64 * 1024 };

void help_wrap(const char *text, int indent, int width, FILE *out)
{
    int at = 0;
    while (*text) {
        int size = (int)strcspn(text, " ");
        if (at > 0 && at + 1 + size > width) {
            fputc('\n', out);
            at = 0;
        }
        at += fprintf(out, "%*s%.*s", at == 0 ? indent : 1, "", size, text);
        text += size;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_row(const struct command *command, FILE *out)
{
    fputs("  ", out);
    int width = command_usage(command, out);
    if (command->raw)
        width += fprintf(out, " ...");
    fprintf(out, "%*s  %s\n", width < HEAD_WIDTH ? HEAD_WIDTH - width : 0, "", command->summary);
}

static void print_options(const struct option *options, FILE *out)
{
    struct arena *arena = arena_new(CHOICES_MEMORY);
    for (; arena && options && options->name; options++) {
        fputs("  ", out);
        int width = option_usage(options, out);
        fprintf(out, "%*s%s", width < OPTION_WIDTH ? OPTION_WIDTH - width : 1, "", options->help);
        /* Common options say it in their own words. */
        const char *choices = options->kind == OPTION_CHOICE && !options->choices
                                  ? option_choices(arena, options, ", ")
                                  : NULL;
        fputs(choices ? ":\n" : "\n", out);
        if (choices)
            help_wrap(choices, OPTION_WIDTH + 2, WIDTH - OPTION_WIDTH, out);
        arena_reset(arena);
    }
    arena_free(arena);
}

void help_all(FILE *out)
{
    fputs("Masked conversations: two people text and call each other through proxy numbers, and "
          "neither sees the other's real number.\n\n"
          "Usage: maskline COMMAND [ARGUMENT]... [OPTION]...\n",
          out);
    for (const struct command_group *group = command_groups; group->title; group++) {
        fprintf(out, "\n%s\n", group->title);
        for (const struct command *command = group->commands; command->noun; command++)
            if (!command->hidden)
                print_row(command, out);
    }
    fputs("\nA SERVICE or SESSION is a SID or a unique name; a NUMBER is E.164, such as "
          "+15550100001; a TIME is 90s, 15m, 4h or 7d.\n\n"
          "Options of all commands\n",
          out);
    print_options(common_options, out);
    fputs("\nExit status: 0 done, 1 the server said no, 2 the command line is wrong, 3 no server "
          "answered, or not in time.\n"
          "`maskline help COMMAND` tells more, with examples; `maskline guide` shows step by step "
          "how things are done;\n`maskline man | man -l -` is the manual.\n",
          out);
}

void help_command(const struct command *command, FILE *out)
{
    fputs("Usage: maskline ", out);
    command_usage(command, out);
    fprintf(out, " [OPTION]...\n\n%s.\n", command->summary);
    if (command->more)
        help_wrap(command->more, 0, WIDTH, out);
    if (command->options) {
        fputs("\nOptions (those of all commands: maskline --help)\n", out);
        print_options(command->options, out);
    }
    fputs("\nExamples\n", out);
    for (size_t i = 0; i < EXAMPLES_MOST && command->examples[i]; i++)
        fprintf(out, "  maskline %s%s%s%s%s\n", command->noun, command->verb ? " " : "",
                command->verb ? command->verb : "", *command->examples[i] ? " " : "",
                command->examples[i]);
}

void help_noun(const char *noun, FILE *out)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++)
            if (!command->hidden && strcmp(command->noun, noun) == 0)
                print_row(command, out);
    fprintf(out, "\n`maskline help %s COMMAND` tells more, with examples.\n", noun);
}
