#include "client/cli.h"
#include "client/completion.h"
#include "client/help.h"
#include "client/man.h"
#include "client/reflect.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "tests/unit/suite.h"

#include <ctype.h>
#include <string.h>

/* What the tables of commands say holds: a mistake in one of them is found here, not by who types the command. */

static void each(void (*visit)(void *data, const struct command *command))
{
    command_each(visit, NULL);
}

/* ---- calls ---- */

static bool fits(enum option_kind kind, const ProtobufCFieldDescriptor *field)
{
    switch (kind) {
    case OPTION_TEXT:
        return field->type == PROTOBUF_C_TYPE_STRING;
    case OPTION_FLAG:
    case OPTION_UNFLAG:
        return field->type == PROTOBUF_C_TYPE_BOOL;
    case OPTION_NUMBER:
    case OPTION_SIZE:
        return field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_UINT32;
    case OPTION_DURATION:
        return field->descriptor == &google__protobuf__duration__descriptor;
    case OPTION_TIME:
    case OPTION_PAST:
        return field->descriptor == &google__protobuf__timestamp__descriptor;
    case OPTION_PAIR:
        return reflect_map(field);
    case OPTION_CHOICE:
        return field->type == PROTOBUF_C_TYPE_ENUM;
    }
    return false;
}

static void check_call(void *data, const struct command *command)
{
    (void)data;
    const char *name = command->verb ? command->verb : command->noun;
    ck_assert_msg(command->method || command->run, "%s does nothing", name);
    if (!command->method)
        return;
    const ProtobufCMessageDescriptor *request = command->method->request;
    for (int i = 0; i < command_most(command); i++) {
        const char *field = command->arguments[i].field;
        const ProtobufCFieldDescriptor *found = field ? reflect_field(request, field) : NULL;
        ck_assert_msg(!field || (found && found->type == PROTOBUF_C_TYPE_STRING), "%s: %s", name,
                      field);
    }
    for (const struct option *option = command->options; option && option->name; option++) {
        if (!option->field)
            continue;
        const ProtobufCFieldDescriptor *field = reflect_field(request, option->field);
        ck_assert_msg(field && fits(option->kind, field), "%s --%s: %s", name, option->name,
                      option->field);
        ck_assert_msg(option->many == (field->label == PROTOBUF_C_LABEL_REPEATED), "%s --%s", name,
                      option->name);
        ck_assert_msg(option->kind != OPTION_CHOICE || option->values == field->descriptor,
                      "%s --%s has the words of another enum", name, option->name);
    }
    if (command->masked)
        ck_assert_ptr_nonnull(reflect_field(request, "update_mask.paths"));
    if (command->shown)
        ck_assert_msg(reflect_field(command->method->response, command->shown), "%s: %s", name,
                      command->shown);
    ck_assert_msg(!command->view == !command->shown, "%s is shown by halves", name);
    ck_assert_msg(command->view || command->print || command->done, "%s shows nothing", name);
    if (command->view && reflect_repeated(command->method->response, command->shown)) {
        ck_assert(reflect_has(request, "page_size") && reflect_has(request, "page_token"));
        ck_assert(reflect_has(command->method->response, "next_page_token"));
    }
}

START_TEST(test_calls_fit_their_messages)
{
    each(check_call);
}
END_TEST

/* ---- texts ---- */

static void check_sentence(const char *name, const char *text, bool capital)
{
    ck_assert_msg(text && *text, "%s says nothing", name);
    ck_assert_msg(!capital || isupper((unsigned char)*text), "%s: %s", name, text);
    ck_assert_msg(text[strlen(text) - 1] != '.', "%s ends in a stop: %s", name, text);
}

static void check_texts(void *data, const struct command *command)
{
    (void)data;
    check_sentence(command->noun, command->summary, true);
    ck_assert_msg(!command->more || command->more[strlen(command->more) - 1] == '.', "%s",
                  command->more);
    ck_assert_msg(command->examples[0], "%s has no example", command->noun);
    for (const struct option *option = command->options; option && option->name; option++) {
        check_sentence(option->name, option->help, false);
        bool flag = option->kind == OPTION_FLAG || option->kind == OPTION_UNFLAG;
        ck_assert_msg(flag == !option->value, "--%s", option->name);
        ck_assert_msg((option->kind == OPTION_CHOICE) == (option->values || option->choices),
                      "--%s", option->name);
        for (const struct option *other = common_options; other->name; other++)
            ck_assert_str_ne(option->name, other->name);
        for (const struct option *other = command->options; other < option; other++)
            ck_assert_str_ne(option->name, other->name);
    }
    bool optional = false;
    for (int i = 0; i < command_most(command); i++) {
        ck_assert_msg(!optional || command->arguments[i].optional, "%s", command->noun);
        optional = command->arguments[i].optional;
    }
}

START_TEST(test_texts_are_of_one_kind)
{
    each(check_texts);
}
END_TEST

/* Printed into memory; freed by the caller. */
static char *printed(void (*print)(const void *what, FILE *out), const void *what)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    print(what, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static void print_man(const void *what, FILE *out)
{
    (void)what;
    man_print(out);
}

static void print_completion(const void *shell, FILE *out)
{
    completion_print(shell, out);
}

static void print_help(const void *command, FILE *out)
{
    help_command(command, out);
}

/* Without the backslashes that the manual has before dashes. */
static void plain(char *text)
{
    char *to = text;
    for (; *text; text++)
        if (*text != '\\' || text[1] != '-')
            *to++ = *text;
    *to = '\0';
}

static void check_manual(void *data, const struct command *command)
{
    char head[128];
    snprintf(head, sizeof head, "\n.SS \"%s%s%s\"\n", command->noun, command->verb ? " " : "",
             command->verb ? command->verb : "");
    ck_assert_msg(strstr(data, head), "the manual lacks %s", head);
}

START_TEST(test_the_manual_has_all_commands)
{
    char *text = printed(print_man, NULL);
    plain(text);
    command_each(check_manual, text);
    ck_assert_ptr_null(strstr(text, "__complete"));
    ck_assert_ptr_nonnull(strstr(text, ".SH EXIT STATUS\n"));
    free(text);
}
END_TEST

static void check_completion(void *data, const struct command *command)
{
    char head[128];
    snprintf(head, sizeof head, "\n    '%s%s%s')\n", command->noun, command->verb ? " " : "",
             command->verb ? command->verb : "");
    ck_assert_msg(strstr(data, head), "completion lacks %s", head);
    for (const struct option *option = command->options; option && option->name; option++) {
        snprintf(head, sizeof head, "'--%s%s", option->name, option->value ? "=" : "\t");
        ck_assert_msg(strstr(data, head), "completion lacks %s", head);
    }
}

START_TEST(test_completion_has_all_commands)
{
    static const char *const shells[] = {"bash", "zsh"};
    for (size_t i = 0; i < 2; i++) {
        char *text = printed(print_completion, shells[i]);
        command_each(check_completion, text);
        ck_assert_ptr_null(strstr(text, "'__complete"));
        free(text);
    }
}
END_TEST

static void check_help(void *data, const struct command *command)
{
    (void)data;
    char *text = printed(print_help, command);
    ck_assert_int_eq(strncmp(text, "Usage: maskline ", 16), 0);
    for (size_t i = 0; i < EXAMPLES_MOST && command->examples[i]; i++)
        ck_assert_msg(strstr(text, command->examples[i]), "%s", command->examples[i]);
    for (const struct option *option = command->options; option && option->name; option++)
        ck_assert_msg(strstr(text, option->help), "--%s", option->name);
    free(text);
}

START_TEST(test_help_has_all_options_and_examples)
{
    each(check_help);
}
END_TEST

START_TEST(test_long_texts_are_broken_at_blanks)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    help_wrap("one two three four-and-more five", 2, 10, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, "  one two\n  three\n  four-and-more\n  five\n");
    free(text);
}
END_TEST

static void look_for_options(const struct command *command, const char *prefix,
                             const ProtobufCMessageDescriptor *policy)
{
    for (unsigned i = 0; i < policy->n_fields; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s.%s", prefix, policy->fields[i].name);
        bool found = policy->fields[i].label == PROTOBUF_C_LABEL_REPEATED; /* they are filled in */
        for (const struct option *option = command->options; option->name; option++)
            found = found || (option->field && !strcmp(option->field, path));
        ck_assert_msg(found, "%s %s: no option for %s", command->noun, command->verb, path);
    }
}

static void check_settings(void *data, const struct command *command)
{
    (void)data;
    if (strcmp(command->noun, "service") != 0 || !command->method || !command->options)
        return;
    const ProtobufCMessageDescriptor *request = command->method->request;
    for (unsigned i = 0; i < request->n_fields; i++)
        if (strstr(request->fields[i].name, "policy"))
            look_for_options(command, request->fields[i].name, request->fields[i].descriptor);
}

/* A setting that the server knows and the command does not is one that was forgotten. */
START_TEST(test_each_setting_has_an_option)
{
    each(check_settings);
}
END_TEST

SUITE_MAIN("command", test_each_setting_has_an_option, test_calls_fit_their_messages,
           test_texts_are_of_one_kind, test_the_manual_has_all_commands,
           test_completion_has_all_commands, test_help_has_all_options_and_examples,
           test_long_texts_are_broken_at_blanks)
