/* Opt-outs and blocks. */
#include "tests/model/model_internal.h"

static bool any_person(unsigned persons, int person)
{
    return persons & 1u << person;
}

bool m_opted_out(const struct model *model, int service, unsigned persons, int number)
{
    for (int i = 0; i < model->opt_out_count; i++) {
        const struct m_bar *bar = &model->opt_outs[i];
        if (bar->service == service && any_person(persons, bar->person) &&
            (bar->number == NONE || bar->number == number))
            return true;
    }
    return false;
}

bool m_blocked(const struct model *model, int service, unsigned from, unsigned to)
{
    for (int i = 0; i < model->block_count; i++) {
        const struct m_bar *bar = &model->blocks[i];
        if (bar->service != service)
            continue;
        if (bar->to == NONE ? any_person(from | to, bar->person)
                            : any_person(from, bar->person) && any_person(to, bar->to))
            return true;
    }
    return false;
}

/* ---- rows ---- */

static int find(const struct m_bar *bars, int count, const struct m_bar *wanted)
{
    for (int i = 0; i < count; i++)
        if (bars[i].service == wanted->service && bars[i].person == wanted->person &&
            bars[i].number == wanted->number && bars[i].to == wanted->to)
            return i;
    return NONE;
}

static bool put(struct model *model, struct m_bar *bars, int *count, const struct m_bar *bar)
{
    if (find(bars, *count, bar) != NONE)
        return false;
    if (*count == BARS_MOST) {
        model_wrong_about(model, "the model is too small for so many bars");
        return false;
    }
    bars[(*count)++] = *bar;
    return true;
}

static bool take_out(struct m_bar *bars, int *count, const struct m_bar *bar)
{
    int at = find(bars, *count, bar);
    if (at == NONE)
        return false;
    bars[at] = bars[--*count];
    return true;
}

void m_hurry(struct model *model, int service, int person)
{
    for (int i = 0; i < model->leg_count; i++) {
        struct m_leg *leg = &model->legs[i];
        if (leg->service != service || leg->session == NONE)
            continue;
        const struct m_session *session = &model->sessions[leg->session];
        const struct plain_person *to = &session->people[leg->to];
        if (!session_runs(session) || !person_in(to) || !any_person(m_person_bits(to), person))
            continue;
        leg->ready = true;
        leg->hurried = true;
    }
}

void m_opt_out(struct model *model, int service, int person, int number)
{
    struct m_bar bar = {service, person, number, NONE};
    put(model, model->opt_outs, &model->opt_out_count, &bar);
}

bool m_opt_in(struct model *model, int service, int person, int number)
{
    struct m_bar bar = {service, person, number, NONE};
    return take_out(model->opt_outs, &model->opt_out_count, &bar);
}

/* ---- by request ---- */

static void expect_bar(struct model *model, enum event_kind kind, const struct op *op, int service)
{
    struct m_expected *expected = m_expect(model, kind, service, NONE);
    expected->event.bar = (struct plain_bar){.who = op->from, .to = op->to, .number = op->number};
}

static int wanted(struct model *model, const struct op *op, struct m_bar *ret_bar)
{
    int service = m_wanted_service(model, op);
    *ret_bar = (struct m_bar){.service = service,
                              .person = world_person(op->from),
                              .number = op->number,
                              .to = op->to == WHOS ? NONE : world_person(op->to)};
    if (op->from == WHO_NOBODY || op->to == WHO_NOBODY)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_IDENTIFIER", 80404);
    return service;
}

void m_do_opt_out_create(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_bar bar;
    int service = wanted(model, op, &bar);
    if (!m_accepted(model, answer) || service == NONE ||
        !put(model, model->opt_outs, &model->opt_out_count, &bar))
        return;
    expect_bar(model, EVENT_OPT_OUT_ADDED, op, service);
    m_hurry(model, service, bar.person);
}

void m_do_opt_out_delete(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_bar bar;
    int service = wanted(model, op, &bar);
    if (service != NONE && find(model->opt_outs, model->opt_out_count, &bar) == NONE)
        m_deny(model, STATUS_NOT_FOUND, "OPT_OUT_NOT_FOUND", NONE);
    if (!m_accepted(model, answer) || service == NONE)
        return;
    take_out(model->opt_outs, &model->opt_out_count, &bar);
    expect_bar(model, EVENT_OPT_OUT_REMOVED, op, service);
}

void m_do_block_create(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_bar bar;
    int service = wanted(model, op, &bar);
    if (!m_accepted(model, answer) || service == NONE ||
        !put(model, model->blocks, &model->block_count, &bar))
        return;
    expect_bar(model, EVENT_BLOCK_ADDED, op, service);
    m_hurry(model, service, bar.to == NONE ? bar.person : bar.to);
}

void m_do_block_delete(struct model *model, const struct op *op, const struct answer *answer)
{
    struct m_bar bar;
    int service = wanted(model, op, &bar);
    if (service != NONE && find(model->blocks, model->block_count, &bar) == NONE)
        m_deny(model, STATUS_NOT_FOUND, "BLOCK_NOT_FOUND", NONE);
    if (!m_accepted(model, answer) || service == NONE)
        return;
    take_out(model->blocks, &model->block_count, &bar);
    expect_bar(model, EVENT_BLOCK_REMOVED, op, service);
}

/* ---- reads ---- */

static void read_bars(struct model *model, const char *what, int service, const struct m_bar *rows,
                      int row_count, const struct plain_bar *bars, int count)
{
    int index = m_find_service_label(model, service);
    int expected = 0;
    for (int i = 0; i < row_count; i++)
        expected += rows[i].service == index;
    if (expected != count)
        model_wrong_about(model, "k%d lists %d %s, and should %d", service, count, what, expected);
    for (int i = 0; i < count; i++) {
        struct m_bar bar = {index, world_person(bars[i].who), bars[i].number,
                            bars[i].to == WHOS ? NONE : world_person(bars[i].to)};
        if (find(rows, row_count, &bar) == NONE)
            model_wrong_about(model, "k%d lists one of the %s that it does not have", service,
                              what);
    }
}

void model_read_opt_outs(struct model *model, int service, const struct plain_bar *bars, int count)
{
    read_bars(model, "opt-outs", service, model->opt_outs, model->opt_out_count, bars, count);
}

void model_read_blocks(struct model *model, int service, const struct plain_bar *bars, int count)
{
    read_bars(model, "blocks", service, model->blocks, model->block_count, bars, count);
}
