/* Numbers: those of pools, short codes, senders' addresses in channels. */
#include "tests/model/model_internal.h"

#include <stdio.h>

/* A number that leaves a Service is kept from others for a time. */
void m_number_rests(const struct model *model, struct m_number *number,
                    const struct m_service *service)
{
    int64_t cool_down = service->settings.cool_down, quarantine = service->settings.quarantine;
    number->quarantine_end = model->now + (quarantine > cool_down ? quarantine : cool_down);
    number->rest_end = model->now + cool_down;
}

/* A repeated request: it must be answered with the first one's SID. */
void m_check_repeat(struct model *model, const struct m_mark *mark, const struct answer *answer,
                    const struct plain_sid *sid)
{
    if (!answer->ok)
        model_wrong_about(model, "a repeated request was refused with %s", answer->reason);
    else if (!sid_equal(&mark->sid, sid))
        model_wrong_about(model, "a repeated request was answered with another SID");
}

static void set_carriers(struct m_number *number, enum carrier_choice choice)
{
    number->carrier_count = world_carriers(choice, number->carriers);
    if (number->carrier_count > 0)
        return;
    number->carriers[0] = 0;
    number->carrier_count = 1;
}

static bool carriers_equal(const struct m_number *number, const struct plain_number *seen)
{
    if (number->carrier_count != seen->carrier_count)
        return false;
    for (int i = 0; i < number->carrier_count; i++)
        if (number->carriers[i] != seen->carriers[i])
            return false;
    return true;
}

/* Sessions that use it: surely, and at most; the end of some may not have been noticed. */
static void uses_of(const struct model *model, int number, int64_t *ret_least, int64_t *ret_most)
{
    *ret_least = *ret_most = 0;
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        if (session->gone || session->service != model->numbers[number].service)
            continue;
        bool uses;
        bool perhaps;
        m_session_uses(model, session, number, &uses, &perhaps);
        *ret_least += uses && session_runs(session);
        *ret_most += perhaps && (session_runs(session) || !session->noticed);
    }
}

static void check_number(struct model *model, int index, const struct plain_number *seen)
{
    const struct m_number *number = &model->numbers[index];
    int64_t least;
    int64_t most;
    uses_of(model, index, &least, &most);
    if (seen->number != index || !sid_equal(&number->sid, &seen->sid))
        model_wrong_about(model, "N%d has another SID or another number", index + 1);
    else if (number->can != seen->can || number->state != seen->state ||
             number->reserved != seen->reserved || number->create_time != seen->create_time)
        model_wrong_about(model, "N%d reads can %d state %d reserved %d", index + 1, seen->can,
                          seen->state, seen->reserved);
    else if (!carriers_equal(number, seen))
        model_wrong_about(model, "N%d has other carriers", index + 1);
    else if (seen->in_use < least || seen->in_use > most)
        model_wrong_about(model, "N%d is in use by %lld sessions, and should by %lld", index + 1,
                          (long long)seen->in_use, (long long)least);
}

void m_do_number_add(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    const struct m_mark *mark = NULL;
    enum mark_state state = service == NONE ? MARK_NEW : m_mark_look(model, op, service, &mark);
    if (state == MARK_REPEAT) {
        m_check_repeat(model, mark, answer, &answer->number.sid);
        return;
    }
    struct m_number *number = &model->numbers[op->number];
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    if (!op->can || op->carriers == BY_STRANGER)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (number->service != NONE && number->service == service)
        m_deny(model, STATUS_ALREADY_EXISTS,
               world_kind(op->number) == KIND_SHORT ? "SHORT_CODE_IN_SERVICE" : "NUMBER_IN_SERVICE",
               world_kind(op->number) == KIND_SHORT ? 80105 : 80104);
    else if (number->service != NONE)
        m_deny(model, STATUS_ALREADY_EXISTS, "NUMBER_IN_OTHER_SERVICE", 80101);
    else if (number->last_service != service && model->now < number->rest_end)
        m_deny(model, STATUS_FAILED_PRECONDITION, "NUMBER_NOT_AVAILABLE", 80601);
    if (!m_accepted(model, answer) || service == NONE)
        return;
    *number = (struct m_number){.service = service,
                                .sid = answer->number.sid,
                                .can = op->can,
                                .state = NUMBER_ACTIVE,
                                .reserved = op->reserved,
                                .create_time = model->now};
    set_carriers(number, op->carriers);
    check_number(model, op->number, &answer->number);
    m_mark_keep(model, op, service, &number->sid);
    m_expect_number(model, EVENT_NUMBER_ADDED, service, op->number);
}

/* One after the other. */
void m_do_numbers_add(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    if (!m_accepted(model, answer) || service == NONE)
        return;
    for (int i = 0; i < op->batch_count; i++) {
        struct op entry = op_entry(op, i);
        m_deny_nothing(model);
        m_do_number_add(model, &entry, &answer->more[i]);
    }
}

/* The number that an operation names, in this Service's pool. */
static bool wanted_number(struct model *model, const struct op *op, int service)
{
    bool there = service != NONE && model->numbers[op->number].service == service;
    static const char *const reasons[] = {"PHONE_NUMBER_NOT_FOUND", "SHORT_CODE_NOT_FOUND",
                                          "CHANNEL_SENDER_NOT_FOUND"};
    static const int originals[] = {80301, 80303, 0};
    enum kind_of_number kind = world_kind(op->number);
    if (service != NONE && !there)
        m_deny(model, STATUS_NOT_FOUND, reasons[kind], originals[kind]);
    return there;
}

void m_do_number_update(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    bool there = wanted_number(model, op, service);
    if (op->set_carriers && op->carriers == BY_STRANGER)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (!m_accepted(model, answer) || !there)
        return;
    struct m_number *number = &model->numbers[op->number];
    struct m_number before = *number;
    if (op->set_reserved)
        number->reserved = op->reserved;
    if (op->set_carriers)
        set_carriers(number, op->carriers);
    if (op->state)
        number->state = op->state;
    check_number(model, op->number, &answer->number);
    bool changed = before.reserved != number->reserved || before.state != number->state ||
                   before.carrier_count != number->carrier_count ||
                   before.carriers[0] != number->carriers[0];
    m_expect_number(model, EVENT_NUMBER_UPDATED, service, op->number)->optional = !changed;
}

void m_do_number_remove(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    bool there = wanted_number(model, op, service);
    bool used[SESSIONS_MOST] = {false};
    bool any = false;
    for (int i = 0; there && i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        bool perhaps;
        if (session->service != service || session->gone || !session_runs(session))
            continue;
        m_session_uses(model, session, op->number, &used[i], &perhaps);
        any = any || used[i];
    }
    if (any && !op->force)
        m_deny(model, STATUS_FAILED_PRECONDITION, "NUMBER_IN_USE", 80611);
    if (!m_accepted(model, answer) || !there)
        return;
    m_expect_number(model, EVENT_NUMBER_REMOVED, service, op->number)->event.forced = any;
    for (int i = 0; i < model->session_count; i++)
        if (used[i])
            m_lose_number(model, i, op->number);
    model->numbers[op->number].service = NONE;
    model->numbers[op->number].last_service = service;
    model->numbers[op->number].leaving = false;
    m_number_rests(model, &model->numbers[op->number], &model->services[service]);
}

/* ---- reads ---- */

/* In the order of their SIDs, which is that of their making. */
void model_read_numbers(struct model *model, int service, int kind,
                        const struct plain_number *numbers, int count)
{
    int index = m_find_service_label(model, service);
    int expected = 0;
    for (int i = 0; i < NUMBERS; i++)
        expected += (int)world_kind(i) == kind && model->numbers[i].service == index;
    if (count != expected)
        model_wrong_about(model, "k%d lists %d numbers, and should %d", service, count, expected);
    for (int i = 0; i < count; i++) {
        int number = numbers[i].number;
        if (number < 0 || (int)world_kind(number) != kind ||
            model->numbers[number].service != index) {
            model_wrong_about(model, "k%d lists a number that it does not have", service);
            return;
        }
        check_number(model, number, &numbers[i]);
        if (i && memcmp(numbers[i - 1].sid.bytes, numbers[i].sid.bytes, PLAIN_SID) >= 0)
            model_wrong_about(model, "k%d does not list its numbers oldest first", service);
    }
}
