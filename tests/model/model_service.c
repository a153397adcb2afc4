/* Services and their numbers. */
#include "tests/model/model_internal.h"

#include <stdio.h>

static const struct settings DEFAULTS = {.default_ttl = 0,
                                         .cool_down = 4 * HOUR,
                                         .late_window = 3 * HOUR,
                                         .max_life = HOUR,
                                         .grace = 0,
                                         .quarantine = 7 * 24 * HOUR,
                                         .idle_cap = 0,
                                         .retention = 90 * 24 * HOUR,
                                         .mode = MODE_BOTH,
                                         .selection = PREFER_STICKY,
                                         .level = LEVEL_COUNTRY,
                                         .matching = MATCHING_STRICT};

static int64_t given(int64_t wanted, int64_t otherwise)
{
    return wanted >= 0 ? wanted : otherwise;
}

static struct settings settings_over(const struct settings *old, const struct settings *wanted)
{
    return (struct settings){
        .default_ttl = given(wanted->default_ttl, old->default_ttl),
        .cool_down = given(wanted->cool_down, old->cool_down),
        .late_window = given(wanted->late_window, old->late_window),
        .max_life = given(wanted->max_life, old->max_life),
        .grace = given(wanted->grace, old->grace),
        .quarantine = given(wanted->quarantine, old->quarantine),
        .idle_cap = given(wanted->idle_cap, old->idle_cap),
        .retention = given(wanted->retention, old->retention),
        .mode = wanted->mode ? wanted->mode : old->mode,
        .selection = wanted->selection ? wanted->selection : old->selection,
        .level = wanted->level ? wanted->level : old->level,
        .matching = wanted->matching ? wanted->matching : old->matching,
    };
}

static bool settings_equal(const struct settings *a, const struct settings *b)
{
    return a->default_ttl == b->default_ttl && a->cool_down == b->cool_down &&
           a->late_window == b->late_window && a->max_life == b->max_life && a->grace == b->grace &&
           a->quarantine == b->quarantine && a->idle_cap == b->idle_cap &&
           a->retention == b->retention && a->mode == b->mode && a->selection == b->selection &&
           a->level == b->level && a->matching == b->matching;
}

static void refuse_settings(struct model *model, const struct settings *settings)
{
    if (settings->cool_down < settings->max_life + settings->late_window)
        m_deny(model, STATUS_FAILED_PRECONDITION, "COOL_DOWN_TOO_SHORT", NONE);
}

static void refuse_name(struct model *model, int name, int except)
{
    for (int i = 0; i < model->service_count; i++)
        if (i != except && model->services[i].name == name && !model->services[i].deleting)
            m_deny(model, STATUS_ALREADY_EXISTS, "SERVICE_NAME_TAKEN", 80602);
}

static void check_service(struct model *model, const struct m_service *service,
                          const struct plain_service *seen)
{
    if (!sid_equal(&service->sid, &seen->sid))
        model_wrong_about(model, "k%d has another SID", service->label);
    else if (service->name != seen->name)
        model_wrong_about(model, "k%d has name %d, and should have %d", service->label, seen->name,
                          service->name);
    else if (!settings_equal(&service->settings, &seen->settings))
        model_wrong_about(model, "k%d has other settings", service->label);
    else if (seen->state != (service->deleted ? 3 : service->deleting ? 2 : 1))
        model_wrong_about(model, "k%d is in state %d", service->label, seen->state);
}

/* A repeated request: it must be answered with the first one's SID. */
static void check_repeat(struct model *model, const struct m_mark *mark,
                         const struct answer *answer, const struct plain_sid *sid)
{
    if (!answer->ok)
        model_wrong_about(model, "a repeated request was refused with %s", answer->reason);
    else if (!sid_equal(&mark->sid, sid))
        model_wrong_about(model, "a repeated request was answered with another SID");
}

void m_do_service_create(struct model *model, const struct op *op, const struct answer *answer)
{
    const struct m_mark *mark = NULL;
    enum mark_state state = m_mark_look(model, op, NONE, &mark);
    if (state == MARK_REPEAT) {
        check_repeat(model, mark, answer, &answer->service.sid);
        return;
    }
    struct settings settings = settings_over(&DEFAULTS, &op->settings);
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    refuse_settings(model, &settings);
    refuse_name(model, op->name, NONE);
    if (!m_accepted(model, answer) || model->service_count == SERVICES_MOST)
        return;
    int index = model->service_count++;
    struct m_service *service = &model->services[index];
    *service = (struct m_service){
        .label = op->label, .sid = answer->service.sid, .name = op->name, .settings = settings};
    check_service(model, service, &answer->service);
    m_mark_keep(model, op, NONE, &service->sid);
    m_expect(model, EVENT_SERVICE_CREATED, index, NONE);
}

/* A change of the idle cap holds for sessions that run now; what is over its time by it ends, at the latest now. */
static void idle_cap_changed(struct model *model, int service)
{
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        int reasons;
        int64_t end = m_session_deadline(model, session, &reasons);
        if (session->service != service || session->gone || !session_runs(session) || !end ||
            end > model->now)
            continue;
        m_session_stop(model, session, SESSION_CLOSED, reasons, end);
        session->noticed = false;
        session->end_most = model->now;
        session->purge_most = model->now + model->services[service].settings.retention;
    }
}

void m_do_service_update(struct model *model, const struct op *op, const struct answer *answer)
{
    int index = m_wanted_service(model, op);
    struct settings settings = DEFAULTS;
    if (index != NONE) {
        settings = settings_over(&model->services[index].settings, &op->settings);
        refuse_settings(model, &settings);
        if (op->name)
            refuse_name(model, op->name, index);
    }
    if (!m_accepted(model, answer) || index == NONE)
        return;
    struct m_service *service = &model->services[index];
    bool changed =
        !settings_equal(&service->settings, &settings) || (op->name && op->name != service->name);
    bool idle_cap = service->settings.idle_cap != settings.idle_cap;
    service->settings = settings;
    if (op->name)
        service->name = op->name;
    check_service(model, service, &answer->service);
    m_expect(model, EVENT_SERVICE_UPDATED, index, NONE)->optional = !changed;
    if (idle_cap)
        idle_cap_changed(model, index);
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        if (session->service != index || session->noticed || session_runs(session))
            continue;
        int64_t other = session->end_time + settings.retention;
        session->purge_least = other < session->purge_least ? other : session->purge_least;
        session->purge_most = other > session->purge_most ? other : session->purge_most;
    }
}

/* A number that leaves a Service is kept from others for a time. */
static void number_rests(const struct model *model, struct m_number *number,
                         const struct m_service *service)
{
    int64_t cool_down = service->settings.cool_down, quarantine = service->settings.quarantine;
    number->quarantine_end = model->now + (quarantine > cool_down ? quarantine : cool_down);
    number->rest_end = model->now + cool_down;
}

void m_do_service_delete(struct model *model, const struct op *op, const struct answer *answer)
{
    int index = m_find_service(model, op->service);
    if (index == NONE)
        m_deny(model, STATUS_NOT_FOUND, "SERVICE_NOT_FOUND", NONE);
    else if (op->service.name && model->services[index].deleting)
        m_may_deny(model, STATUS_NOT_FOUND, "SERVICE_NOT_FOUND", NONE);
    else if (model->services[index].deleting &&
             model->now >= model->services[index].delete_time + 7 * 24 * HOUR)
        m_may_deny(model, STATUS_NOT_FOUND, "SERVICE_NOT_FOUND", NONE);
    if (index != NONE && model->services[index].deleted)
        m_may_deny(model, STATUS_NOT_FOUND, "SERVICE_DELETED", NONE);
    if (!m_accepted(model, answer) || index == NONE)
        return;
    struct m_service *service = &model->services[index];
    if (!sid_equal(&service->sid, &answer->service.sid))
        model_wrong_about(model, "another Service was deleted");
    if (service->deleting)
        return;
    service->deleting = true;
    service->delete_time = model->now;
    m_expect(model, EVENT_SERVICE_DELETING, index, NONE);
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        if (session->service == index && !session->gone && session_runs(session))
            m_session_stop(model, session, SESSION_CLOSED, 1 << REASON_SERVICE, model->now);
    }
    for (int i = 0; i < NUMBERS; i++) {
        struct m_number *number = &model->numbers[i];
        if (number->service != index)
            continue;
        number->service = NONE;
        number->last_service = index;
        number_rests(model, number, service);
        number->leaving = true;
        m_expect_number(model, EVENT_NUMBER_REMOVED, index, i)->optional = true;
    }
}

/* ---- numbers ---- */

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
        bool uses = false;
        for (int j = 0; j < session->people_count; j++)
            uses = uses || (person_in(&session->people[j]) && session->people[j].number == number);
        if (!uses)
            continue;
        *ret_least += session_runs(session);
        *ret_most += session_runs(session) || !session->noticed;
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
        check_repeat(model, mark, answer, &answer->number.sid);
        return;
    }
    struct m_number *number = &model->numbers[op->number];
    if (state == MARK_REUSED)
        m_deny(model, STATUS_FAILED_PRECONDITION, "REQUEST_ID_REUSED", NONE);
    if (!op->can || op->carriers == BY_STRANGER)
        m_deny(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701);
    if (number->service != NONE && number->service == service)
        m_deny(model, STATUS_ALREADY_EXISTS, "NUMBER_IN_SERVICE", 80104);
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

/* The number that an operation names, in this Service's pool. */
static bool wanted_number(struct model *model, const struct op *op, int service)
{
    bool there = service != NONE && model->numbers[op->number].service == service;
    if (service != NONE && !there)
        m_deny(model, STATUS_NOT_FOUND, "PHONE_NUMBER_NOT_FOUND", 80301);
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

static bool uses_number(const struct m_session *session, int number)
{
    for (int i = 0; i < session->people_count; i++)
        if (person_in(&session->people[i]) && session->people[i].number == number)
            return true;
    return false;
}

void m_do_number_remove(struct model *model, const struct op *op, const struct answer *answer)
{
    int service = m_wanted_service(model, op);
    bool there = wanted_number(model, op, service);
    bool used = false;
    for (int i = 0; there && i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        used = used || (session->service == service && !session->gone && session_runs(session) &&
                        uses_number(session, op->number));
    }
    if (used && !op->force)
        m_deny(model, STATUS_FAILED_PRECONDITION, "NUMBER_IN_USE", 80611);
    if (!m_accepted(model, answer) || !there)
        return;
    struct m_expected *removed = m_expect_number(model, EVENT_NUMBER_REMOVED, service, op->number);
    removed->event.forced = used;
    for (int i = 0; i < model->session_count; i++) {
        struct m_session *session = &model->sessions[i];
        if (session->service != service || session->gone || !session_runs(session) ||
            !uses_number(session, op->number))
            continue;
        m_session_stop(model, session, SESSION_FAILED, 1, model->now);
        session->number_removed = true;
        struct m_expected *failed = m_expect(model, EVENT_SESSION_CLOSED, service, i);
        failed->event.status = SESSION_FAILED;
        snprintf(failed->event.reason, PLAIN_TEXT, "NUMBER_REMOVED");
    }
    model->numbers[op->number].service = NONE;
    model->numbers[op->number].last_service = service;
    model->numbers[op->number].leaving = false;
    number_rests(model, &model->numbers[op->number], &model->services[service]);
}

/* ---- reads ---- */

void model_read_services(struct model *model, const struct plain_service *services, int count)
{
    int at = 0;
    for (int i = 0; i < model->service_count; i++) {
        const struct m_service *service = &model->services[i];
        if (service->deleted)
            continue;
        if (at == count) {
            model_wrong_about(model, "k%d is not listed", service->label);
            return;
        }
        check_service(model, service, &services[at++]);
    }
    if (at != count)
        model_wrong_about(model, "%d Services are listed, and should be %d", count, at);
}

/* In the order of their SIDs, which is that of their making. */
void model_read_numbers(struct model *model, int service, const struct plain_number *numbers,
                        int count)
{
    int index = m_find_service_label(model, service);
    int expected = 0;
    for (int i = 0; i < NUMBERS; i++)
        expected += model->numbers[i].service == index;
    if (count != expected)
        model_wrong_about(model, "k%d lists %d numbers, and should %d", service, count, expected);
    for (int i = 0; i < count; i++) {
        int number = numbers[i].number;
        if (number < 0 || model->numbers[number].service != index) {
            model_wrong_about(model, "k%d lists a number that it does not have", service);
            return;
        }
        check_number(model, number, &numbers[i]);
        if (i && memcmp(numbers[i - 1].sid.bytes, numbers[i].sid.bytes, PLAIN_SID) >= 0)
            model_wrong_about(model, "k%d does not list its numbers oldest first", service);
    }
}
