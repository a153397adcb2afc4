#include "client/command.h"

#include "client/nearest.h"

#include <string.h>

const struct command_group command_groups[] = {
    {"Running it", running_commands},
    {"Services", service_commands},
    {"Proxy numbers", number_commands},
    {"Short codes", short_code_commands},
    {"Pools of numbers", pool_commands},
    {"Addresses in channels", channel_sender_commands},
    {"Sessions", session_commands},
    {"People in a session", participant_commands},
    {"Messages and calls", interaction_commands},
    {"Placing and ending calls", call_commands},
    {"Who wants no messages", opt_out_commands},
    {"Who is kept from whom", block_commands},
    {"What happens", event_commands},
    {"The simulator, on servers without real carriers", simulator_commands},
    {"The command itself", shell_commands},
    {0},
};

static const char *const color_choices[] = {"auto", "always", "never", NULL};

const struct option common_options[] = {
    {.name = "server",
     .value = "ADDRESS",
     .help = "where the server is (default 127.0.0.1:7766; variable MASKLINE_SERVER)"},
    {.name = "json", .kind = OPTION_FLAG, .help = "one JSON object a line, for scripts"},
    {.name = "timeout",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long a call may take (default 10s)"},
    {.name = "color",
     .value = "WHEN",
     .kind = OPTION_CHOICE,
     .choices = color_choices,
     .help = "auto (on a terminal, unless NO_COLOR is set), always or never"},
    {.name = "help", .kind = OPTION_FLAG, .help = "what the command wants, with examples"},
    {0},
};

static bool is_plain(const struct command *command, const char *noun)
{
    return strcmp(command->noun, noun) == 0;
}

const struct command *command_find(const char *noun, const char *verb, bool *ret_noun_known)
{
    *ret_noun_known = false;
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++) {
            if (!is_plain(command, noun))
                continue;
            *ret_noun_known = true;
            if (!command->verb || (verb && strcmp(command->verb, verb) == 0))
                return command;
        }
    return NULL;
}

void command_each(void (*visit)(void *data, const struct command *command), void *data)
{
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++)
            if (!command->hidden)
                visit(data, command);
}

const char *command_nearest(const char *noun, const char *typed)
{
    struct nearest nearest = nearest_to(typed, strlen(typed));
    for (const struct command_group *group = command_groups; group->title; group++)
        for (const struct command *command = group->commands; command->noun; command++) {
            if (command->hidden)
                continue;
            if (!noun)
                nearest_try(&nearest, command->noun);
            else if (is_plain(command, noun) && command->verb)
                nearest_try(&nearest, command->verb);
        }
    return nearest.word;
}

int command_most(const struct command *command)
{
    int most = 0;
    while (most < ARGUMENTS_MOST && command->arguments[most].name)
        most++;
    return most;
}

int command_least(const struct command *command)
{
    int least = 0;
    while (least < ARGUMENTS_MOST && command->arguments[least].name &&
           !command->arguments[least].optional)
        least++;
    return least;
}

int command_usage(const struct command *command, FILE *out)
{
    int width = fprintf(out, "%s%s%s", command->noun, command->verb ? " " : "",
                        command->verb ? command->verb : "");
    for (int i = 0; i < command_most(command); i++) {
        const struct argument *argument = &command->arguments[i];
        width += fprintf(out, argument->optional ? " [%s]" : " %s", argument->name);
    }
    return width;
}

int option_usage(const struct option *option, FILE *out)
{
    int width = option->letter ? fprintf(out, "-%c, ", option->letter) : 0;
    return width + fprintf(out, "--%s%s%s", option->name, option->value ? " " : "",
                           option->value ? option->value : "");
}

const char *option_choices(struct arena *arena, const struct option *option, const char *between)
{
    const char *text = "";
    for (size_t i = 0; text && option->choices && option->choices[i]; i++)
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? between : "", option->choices[i]);
    for (unsigned i = 1; text && option->values && i < option->values->n_values; i++)
        text = arena_printf(arena, "%s%s%s", text, i > 1 ? between : "",
                            show_enum(arena, option->values, option->values->values[i].value));
    return text;
}
