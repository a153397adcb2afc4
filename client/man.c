#include "client/man.h"

#include "client/command.h"
#include "client/version.h"

#include <ctype.h>
#include <string.h>

enum { CHOICES_MEMORY = 64 * 1024 };

/* ---- text for roff ---- */

/* What roff would take for its own: backslashes, and dots and quotes that begin a line. A hyphen that is typed is a minus. */
static void print_text(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\'')
            fputs("\\(aq", out);
        else
            fputc(*text, out);
    }
}

/* What stands between backquotes is typed, and bold. */
static void print_prose(const char *text, FILE *out)
{
    bool bold = false;
    while (*text) {
        char piece[512];
        size_t size = strcspn(text, "`");
        if (size >= sizeof piece)
            size = sizeof piece - 1;
        memcpy(piece, text, size);
        piece[size] = '\0';
        fputs(bold ? "\\fB" : "", out);
        print_text(piece, out);
        fputs(bold ? "\\fR" : "", out);
        text += size;
        if (*text == '`') {
            bold = !bold;
            text++;
        }
    }
    fputc('\n', out);
}

/* ---- parts ---- */

static void print_options(const struct option *options, FILE *out)
{
    struct arena *arena = arena_new(CHOICES_MEMORY);
    for (; arena && options && options->name; options++) {
        fputs(".TP\n", out);
        if (options->letter)
            fprintf(out, "\\fB\\-%c\\fR, ", options->letter);
        fputs("\\fB\\-\\-", out);
        print_text(options->name, out);
        fputs("\\fR", out);
        if (options->value)
            fprintf(out, " \\fI%s\\fR", options->value);
        fputc('\n', out);
        char first = (char)toupper((unsigned char)options->help[0]);
        char text[512];
        snprintf(text, sizeof text, "%c%s", first, options->help + 1);
        print_text(text, out);
        if (options->kind == OPTION_CHOICE && !options->choices) {
            fputs(": ", out);
            print_text(option_choices(arena, options, ", "), out);
        }
        fputs(".\n", out);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void print_usage(const struct command *command, FILE *out)
{
    fprintf(out, "\\fBmaskline %s%s%s\\fR", command->noun, command->verb ? " " : "",
            command->verb ? command->verb : "");
    for (int i = 0; i < command_most(command); i++)
        fprintf(out, command->arguments[i].optional ? " [\\fI%s\\fR]" : " \\fI%s\\fR",
                command->arguments[i].name);
    fputs(command->options ? " [\\fIOPTION\\fR]...\n" : "\n", out);
}

static void print_command(const struct command *command, FILE *out)
{
    fputs(".SS \"", out);
    print_text(command->noun, out);
    if (command->verb) {
        fputc(' ', out);
        print_text(command->verb, out);
    }
    fputs("\"\n", out);
    print_usage(command, out);
    fputs(".PP\n", out);
    print_text(command->summary, out);
    fputs(".\n", out);
    if (command->more)
        print_prose(command->more, out);
    print_options(command->options, out);
    fputs(".PP\n.nf\n.RS\n", out);
    for (size_t i = 0; i < EXAMPLES_MOST && command->examples[i]; i++) {
        fputs("maskline ", out);
        print_text(command->noun, out);
        if (command->verb) {
            fputc(' ', out);
            print_text(command->verb, out);
        }
        if (*command->examples[i]) {
            fputc(' ', out);
            print_text(command->examples[i], out);
        }
        fputc('\n', out);
    }
    fputs(".RE\n.fi\n", out);
}

static const char *const beginning =
    ".SH NAME\n"
    "maskline \\- masked conversations: run a server, and talk to one\n"
    ".SH SYNOPSIS\n"
    "\\fBmaskline\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR]... [\\fIOPTION\\fR]...\n"
    ".SH DESCRIPTION\n"
    "Two people text and call each other through proxy numbers, and neither sees the other\\(aqs "
    "real number.\n"
    "A Service has a pool of proxy numbers; a session joins two people, and gives each a number "
    "that it\n"
    "dials to reach the other.\n"
    ".PP\n"
    "A \\fISERVICE\\fR or \\fISESSION\\fR is a SID or a unique name; a \\fINUMBER\\fR is E.164, "
    "such as\n"
    "+15550100001; a \\fITIME\\fR is 90s, 15m, 4h or 7d.\n"
    "Options that all commands have may stand anywhere, and a command\\(aqs own anywhere behind "
    "it;\n"
    "behind a lone \\fB\\-\\-\\fR there are none.\n"
    ".SH OPTIONS\n"
    "These all commands have, but for \\fBserve\\fR, whose settings are its own.\n";

static const char *const ending =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone.\n"
    ".TP\n1\nThe server said no, or what was looked at is not as it should be; some of many "
    "numbers or lines\n"
    "were refused; what was printed did not get out.\n"
    ".TP\n2\nThe command line is wrong, or a file that it names cannot be read. Nothing was done.\n"
    ".TP\n3\nNo server answered, or none in time. What was asked for may have been done all the "
    "same.\n"
    ".PP\n"
    "What goes on until Ctrl\\-C ends by that signal, as any program does: 130 for a shell.\n"
    "A reader that goes ends it quietly.\n"
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBMASKLINE_SERVER\\fR\nWhere the server is, when \\fB\\-\\-server\\fR does not say "
    "it.\n"
    ".TP\n\\fBMASKLINE_DATA\\fR\nThe store\\(aqs folder, for \\fBserve\\fR and \\fBdoctor\\fR.\n"
    ".TP\n\\fBNO_COLOR\\fR\nSet to anything, nothing is coloured unless \\fB\\-\\-color always\\fR "
    "says it.\n"
    ".TP\n\\fBMASKLINE_COMPLETION_TIMEOUT\\fR\nHow long Tab may wait for names of the server "
    "(default 400ms).\n"
    ".SH FILES\n"
    "\\fBmaskline\\-server\\fR lies beside \\fBmaskline\\fR, and is what \\fBmaskline serve\\fR "
    "starts.\n"
    ".SH NOTES\n"
    "With \\fB\\-\\-json\\fR each answer is the standard JSON of the API\\(aqs messages, one "
    "object a line;\n"
    "errors go to the standard error in words all the same. \\fBdemo\\fR, \\fBhelp\\fR,\n"
    "\\fBguide\\fR, \\fBcompletion\\fR and \\fBman\\fR print text for people and shells only.\n"
    "Who learns real phone numbers from \\fBsession\\fR and \\fBparticipant\\fR is told personal "
    "data;\n"
    "\\fBevents\\fR and \\fBwatch\\fR show none, but what people write to each other they do "
    "show.\n";

void man_print(FILE *out)
{
    fprintf(out, ".TH MASKLINE 1 %s \"Maskline %s\" \"User Commands\"\n", MASKLINE_MANUAL_DATE,
            MASKLINE_VERSION);
    fputs(beginning, out);
    print_options(common_options, out);
    fputs(".SH COMMANDS\n", out);
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++)
            if (!command->hidden)
                print_command(command, out);
    fputs(ending, out);
}
