#include "client/cli.h"
#include "client/completion.h"
#include "client/guide.h"
#include "client/help.h"
#include "client/man.h"

static const char *const shells[] = {"bash", "zsh", NULL};

static int complete_shell(struct cli *cli)
{
    completion_print(input_word(cli, 0), stdout);
    return EXIT_DONE;
}

static int help(struct cli *cli)
{
    const char *noun = input_word(cli, 0), *verb = input_word(cli, 1);
    if (!noun) {
        help_all(stdout);
        return EXIT_DONE;
    }
    bool noun_known;
    const struct command *command = command_find(noun, verb, &noun_known);
    if (command && !command->hidden) {
        help_command(command, stdout);
        return EXIT_DONE;
    }
    if (noun_known && !verb) {
        help_noun(noun, stdout);
        return EXIT_DONE;
    }
    return command_unknown(noun_known ? noun : NULL, noun_known ? verb : noun);
}

static int guide(struct cli *cli)
{
    const char *name = input_word(cli, 0);
    if (name)
        return guide_print(name, stdout) ? EXIT_DONE : cli_usage("there is no guide '%s'", name);
    guide_list(stdout);
    puts("\nEach begins with a server that has nothing yet; to start one:\n"
         "    maskline serve --data $(mktemp -d)");
    return EXIT_DONE;
}

static int man(struct cli *cli)
{
    (void)cli;
    man_print(stdout);
    return EXIT_DONE;
}

const struct command shell_commands[] = {
    {.noun = "help",
     .summary = "Show what a command wants, with examples",
     .arguments = {{"COMMAND", NULL, LIVE_COMMAND, .optional = true},
                   {"VERB", NULL, LIVE_NOTHING, .optional = true}},
     .examples = {"", "session create"},
     .run = help},
    {.noun = "guide",
     .summary = "Show how something is done, step by step",
     .more = "Without a name it lists the guides: a first conversation, messages, numbers and how "
             "many one needs, reserved numbers, late contact, short codes, opt-outs and keywords, "
             "voicemail. Each begins with a server that has nothing yet.",
     .arguments = {{"NAME", NULL, LIVE_NOTHING, .optional = true, .choices = guide_names}},
     .examples = {"", "quickstart", "opt-outs"},
     .run = guide},
    {.noun = "completion",
     .summary = "Print what makes a shell complete commands, names and numbers",
     .more =
         "Names of Services, sessions and the like are asked of the server, where one answers at "
         "once. In zsh it stands behind `compinit`.",
     .arguments = {{"SHELL", NULL, LIVE_NOTHING, .choices = shells}},
     .examples = {"bash >maskline.bash && source ./maskline.bash", "zsh >_maskline"},
     .run = complete_shell},
    {.noun = "man",
     .summary = "Print the manual page",
     .examples = {"| man -l -", ">maskline.1"},
     .run = man},
    {.noun = "__complete",
     .summary = "Print names of a kind",
     .examples = {"service"},
     .run = completion_names,
     .raw = true,
     .hidden = true},
    {0},
};
