/* Texts that are words: somebody opts out of messages, opts in again, or asks for help. */
#include "tests/model/model_internal.h"

#include <stdio.h>

enum action { ACTION_NONE, ACTION_OUT, ACTION_IN, ACTION_IN_ONLY, ACTION_HELP };

static enum action standard(int word)
{
    switch (word) {
    case WORD_STOP:
    case WORD_STOP_SOFT:
        return ACTION_OUT;
    case WORD_START:
        return ACTION_IN;
    case WORD_UNSTOP:
        return ACTION_IN_ONLY;
    case WORD_HELP:
        return ACTION_HELP;
    default:
        return ACTION_NONE;
    }
}

/* On a short code opting out and asking for help always works. */
static enum action needed(int word)
{
    enum action action = standard(word);
    return action == ACTION_OUT || action == ACTION_HELP ? action : ACTION_NONE;
}

static enum action action_of(const struct settings *settings, const struct op *op)
{
    bool is_short = world_kind(op->number) == KIND_SHORT;
    if (settings->keywords == KEYWORDS_IGNORED)
        return is_short ? needed(op->message) : ACTION_NONE;
    if (!settings->own_words)
        return standard(op->message);
    if (op->message == WORD_PARE)
        return ACTION_OUT;
    if (op->message == WORD_VALE)
        return ACTION_IN;
    return is_short ? needed(op->message) : ACTION_NONE;
}

/* A word is a word whatever goes with it. */
enum m_heard m_hear(struct model *model, const struct op *op, int service, bool *ret_told)
{
    static const char *const names[] = {"", "OPT_OUT", "OPT_IN", "OPT_IN_ONLY", "HELP"};
    const struct settings *settings = &model->services[service].settings;
    enum action action = action_of(settings, op);
    int person = world_person(op->from);
    int added = 0;
    int removed = 0;
    enum occasion occasion = NOTE_NONE;
    struct plain_bar bar = {.who = op->from, .to = WHOS, .number = NONE};
    *ret_told = false;
    if (action == ACTION_NONE)
        return M_HEARD_ON;
    if (action == ACTION_OUT) {
        bar.number = settings->scope == SCOPE_NUMBER ? op->number : NONE;
        int before = model->opt_out_count;
        m_opt_out(model, service, person, bar.number);
        added = model->opt_out_count > before;
        if (added)
            m_hurry(model, service, person);
    } else if (action != ACTION_HELP) {
        removed = m_opt_in(model, service, person, NONE);
        removed += m_opt_in(model, service, person, op->number);
    }
    if (action == ACTION_HELP)
        occasion = NOTE_HELP;
    else if (added)
        occasion = NOTE_OPT_OUT;
    else if (removed || action == ACTION_IN_ONLY)
        occasion = NOTE_OPT_IN;
    bool told = m_notice_text(model, service, op, occasion) != 0;
    bool ends = action == ACTION_OUT || action == ACTION_IN_ONLY;
    *ret_told = told;
    if (!ends && !removed && !told)
        return M_HEARD_ON;
    struct m_expected *expected = m_expect_number(model, EVENT_KEYWORD, service, op->number);
    expected->any_session = true;
    expected->event.bars_added = added;
    expected->event.bars_removed = removed;
    expected->event.bar = bar;
    snprintf(expected->event.reason, PLAIN_TEXT, "%s", names[action]);
    if (told)
        m_notice_expect(model, expected, service, op, occasion);
    return ends ? M_HEARD_END : M_HEARD_ON;
}
