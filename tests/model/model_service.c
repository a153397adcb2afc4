/* Services. */
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
                                         .cap_period = 24 * HOUR,
                                         .keywords = KEYWORDS_HEARD,
                                         .scope = SCOPE_SERVICE,
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
    struct settings over = *old;
#define X(name) over.name = given(wanted->name, old->name);
    WORLD_SETTINGS(X)
#undef X
    over.mode = wanted->mode ? wanted->mode : old->mode;
    over.selection = wanted->selection ? wanted->selection : old->selection;
    over.level = wanted->level ? wanted->level : old->level;
    over.matching = wanted->matching ? wanted->matching : old->matching;
    over.keywords = wanted->keywords ? wanted->keywords : old->keywords;
    over.scope = wanted->scope ? wanted->scope : old->scope;
    return over;
}

static bool settings_equal(const struct settings *a, const struct settings *b)
{
    bool equal = a->mode == b->mode && a->selection == b->selection && a->level == b->level &&
                 a->matching == b->matching && a->keywords == b->keywords && a->scope == b->scope;
#define X(name) equal = equal && a->name == b->name;
    WORLD_SETTINGS(X)
#undef X
    return equal;
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

void m_do_service_create(struct model *model, const struct op *op, const struct answer *answer)
{
    const struct m_mark *mark = NULL;
    enum mark_state state = m_mark_look(model, op, NONE, &mark);
    if (state == MARK_REPEAT) {
        m_check_repeat(model, mark, answer, &answer->service.sid);
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
        m_session_stop(model, session, SESSION_CLOSED, reasons, end, false);
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
            m_session_stop(model, session, SESSION_CLOSED, 1 << REASON_SERVICE, model->now, true);
    }
    for (int i = 0; i < NUMBERS; i++) {
        struct m_number *number = &model->numbers[i];
        if (number->service != index)
            continue;
        number->service = NONE;
        number->last_service = index;
        m_number_rests(model, number, service);
        number->leaving = true;
        m_expect_number(model, EVENT_NUMBER_REMOVED, index, i)->optional = true;
    }
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
