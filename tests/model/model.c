#include "tests/model/model_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct model *model_new(const struct world *world, int64_t now)
{
    struct model *model = calloc(1, sizeof(*model));
    if (!model)
        return NULL;
    model->world = *world;
    model->now = now;
    for (int i = 0; i < NUMBERS; i++)
        model->numbers[i].service = model->numbers[i].last_service = NONE;
    return model;
}

void model_free(struct model *model)
{
    free(model);
}

void model_wrong_about(struct model *model, const char *format, ...)
{
    if (model->wrong[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->wrong, sizeof(model->wrong), format, arguments);
    va_end(arguments);
}

const char *model_wrong(const struct model *model)
{
    return model->wrong[0] ? model->wrong : NULL;
}

void model_begin(struct model *model, const struct op *op)
{
    m_deny_nothing(model);
    model->expected_count = 0;
    model->op = op;
    if (op->kind == OP_CLOCK && op->time > model->now)
        model->now = op->time;
    m_sessions_settle(model);
    for (int i = 0; i < model->session_count; i++)
        m_old_over(model, &model->sessions[i]);
}

/* ---- finding ---- */

int m_find_service_label(const struct model *model, int label)
{
    for (int i = 0; i < model->service_count; i++)
        if (model->services[i].label == label)
            return i;
    return NONE;
}

int m_find_service(const struct model *model, struct ref ref)
{
    if (!ref.name)
        return m_find_service_label(model, ref.label);
    int found = NONE;
    for (int i = 0; i < model->service_count; i++) {
        const struct m_service *service = &model->services[i];
        if (service->name != ref.name)
            continue;
        if (!service->deleting)
            return i;
        found = i;
    }
    return found;
}

int m_find_session_label(const struct model *model, int label)
{
    for (int i = 0; i < model->session_count; i++)
        if (model->sessions[i].label == label)
            return i;
    return NONE;
}

int m_find_session(const struct model *model, int service, struct ref ref)
{
    if (ref.name)
        return m_name_find(model, service, ref.name);
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        if (session->service == service && !session->gone && session->label == ref.label)
            return i;
    }
    return NONE;
}

int m_find_session_sid(const struct model *model, const struct plain_sid *sid)
{
    for (int i = 0; i < model->session_count; i++)
        if (sid_equal(&model->sessions[i].sid, sid))
            return i;
    return NONE;
}

int m_find_participant(const struct m_session *session, const struct plain_sid *sid)
{
    for (int i = 0; i < session->people_count; i++)
        if (sid_equal(&session->people[i].sid, sid))
            return i;
    return NONE;
}

int m_place_of(const struct m_session *session, const struct op *op)
{
    return session->label == op->session.label && op->participant < session->people_count
               ? op->participant
               : NONE;
}

int m_find_leg(const struct model *model, const struct plain_sid *sid)
{
    for (int i = 0; i < model->leg_count; i++)
        if (sid_equal(&model->legs[i].sid, sid))
            return i;
    return NONE;
}

bool m_person_is(const struct plain_person *person, enum who who)
{
    for (int i = 0; i < person->who_count; i++)
        if (world_person(person->who[i]) == world_person(who))
            return true;
    return false;
}

unsigned m_person_bits(const struct plain_person *person)
{
    unsigned bits = 0;
    for (int i = 0; i < person->who_count; i++)
        bits |= 1u << world_person(person->who[i]);
    return bits;
}

unsigned m_peers_of(const struct m_session *session, int participant)
{
    unsigned bits = 0;
    for (int i = 0; i < session->people_count; i++)
        if (i != participant && person_in(&session->people[i]))
            bits |= m_person_bits(&session->people[i]);
    return bits;
}

/* ---- refusals ---- */

static void add_refusal(struct model *model, struct m_refusal refusal)
{
    if (model->refusal_count < REFUSALS_MOST)
        model->refusals[model->refusal_count++] = refusal;
}

void m_deny_nothing(struct model *model)
{
    model->refusal_count = 0;
}

void m_deny(struct model *model, int code, const char *reason, int original)
{
    add_refusal(model, (struct m_refusal){code, reason, original, NONE, false});
}

void m_deny_one(struct model *model, int code, const char *reason, int original, int participant)
{
    add_refusal(model, (struct m_refusal){code, reason, original, participant, false});
}

void m_may_deny(struct model *model, int code, const char *reason, int original)
{
    add_refusal(model, (struct m_refusal){code, reason, original, NONE, true});
}

static bool refusal_fits(const struct m_refusal *refusal, const struct answer *answer)
{
    return refusal->code == answer->code && strcmp(refusal->reason, answer->reason) == 0 &&
           (refusal->original == NONE || refusal->original == answer->original) &&
           (refusal->participant == NONE || refusal->participant == answer->participant);
}

static void wrong_refusal(struct model *model, const struct answer *answer)
{
    char allowed[400] = "";
    size_t used = 0;
    for (int i = 0; i < model->refusal_count && used < sizeof(allowed) - 1; i++) {
        const struct m_refusal *refusal = &model->refusals[i];
        int wrote = snprintf(allowed + used, sizeof(allowed) - used, " %s(%d)%s", refusal->reason,
                             refusal->original, refusal->possible ? "?" : "");
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (answer->ok)
        model_wrong_about(model, "it was accepted; it must be refused with one of%s", allowed);
    else
        model_wrong_about(
            model, "it was refused with %s %s (%d) participant %d; allowed would be%s",
            status_code_name((enum status_code)answer->code), answer->reason, answer->original,
            answer->participant, model->refusal_count ? allowed : " nothing but to accept it");
}

bool m_accepted(struct model *model, const struct answer *answer)
{
    if (answer->leaks)
        model_wrong_about(model, "the refusal %s tells somebody's real address", answer->reason);
    for (int i = 0; i < model->refusal_count; i++) {
        const struct m_refusal *refusal = &model->refusals[i];
        if (answer->ok && !refusal->possible) {
            wrong_refusal(model, answer);
            return false;
        }
        if (!answer->ok && refusal_fits(refusal, answer))
            return false;
    }
    if (!answer->ok)
        wrong_refusal(model, answer);
    return answer->ok;
}

int m_wanted_service(struct model *model, const struct op *op)
{
    int index = m_find_service(model, op->service);
    if (index == NONE || (op->service.name && model->services[index].deleting))
        m_deny(model, STATUS_NOT_FOUND, "SERVICE_NOT_FOUND", NONE);
    if (index != NONE && model->services[index].deleting)
        m_deny(model, STATUS_NOT_FOUND, "SERVICE_DELETED", NONE);
    return model->refusal_count ? NONE : index;
}

int m_wanted_session(struct model *model, const struct op *op, int service)
{
    int index = m_find_session(model, service, op->session);
    if (index == NONE)
        m_deny(model, STATUS_NOT_FOUND, "SESSION_NOT_FOUND", op->session.name ? 80308 : NONE);
    else if (model->sessions[index].purge_least && model->now >= model->sessions[index].purge_least)
        m_may_deny(model, STATUS_NOT_FOUND, "SESSION_NOT_FOUND", NONE);
    return index;
}

/* ---- requests that are repeated ---- */

static void request_text(const struct op *op, char *ret_text, size_t size)
{
    struct op body = *op;
    body.label = 0;
    op_print(&body, ret_text, size);
}

enum mark_state m_mark_look(const struct model *model, const struct op *op, int service,
                            const struct m_mark **ret_mark)
{
    if (!op->request)
        return MARK_NEW;
    for (int i = model->mark_count - 1; i >= 0; i--) {
        const struct m_mark *mark = &model->marks[i];
        if (mark->service != service || mark->method != op->kind || mark->request != op->request)
            continue;
        if (model->now >= mark->time + 24 * HOUR)
            return MARK_NEW;
        char before[1024];
        char now[1024];
        request_text(&mark->op, before, sizeof(before));
        request_text(op, now, sizeof(now));
        *ret_mark = mark;
        return strcmp(before, now) == 0 ? MARK_REPEAT : MARK_REUSED;
    }
    return MARK_NEW;
}

void m_mark_keep(struct model *model, const struct op *op, int service, const struct plain_sid *sid)
{
    if (op->request && model->mark_count < MARKS_MOST)
        model->marks[model->mark_count++] =
            (struct m_mark){service, op->kind, op->request, *op, model->now, *sid};
}

/* ---- events ---- */

static struct m_expected *add_expected(struct model *model)
{
    if (model->expected_count == EXPECTED_MOST) {
        model_wrong_about(model, "the model is too small for what happens");
        return &model->expected[0];
    }
    struct m_expected *expected = &model->expected[model->expected_count++];
    *expected = (struct m_expected){.event = {.number = NONE, .bar = {.to = WHOS, .number = NONE}}};
    return expected;
}

struct m_expected *m_expect(struct model *model, enum event_kind kind, int service, int session)
{
    struct m_expected *expected = add_expected(model);
    expected->event.kind = kind;
    expected->event.service = model->services[service].label;
    if (session != NONE)
        expected->event.session = model->sessions[session].sid;
    return expected;
}

struct m_expected *m_expect_number(struct model *model, enum event_kind kind, int service,
                                   int number)
{
    struct m_expected *expected = m_expect(model, kind, service, NONE);
    expected->event.number = number;
    expected->by_number = true;
    return expected;
}

static bool same_bar(const struct event *want, const struct event *event)
{
    bool tells = (event->kind >= EVENT_OPT_OUT_ADDED && event->kind <= EVENT_BLOCK_REMOVED) ||
                 event->bars_added;
    return !tells ||
           (world_person(want->bar.who) == world_person(event->bar.who) &&
            want->bar.number == event->bar.number &&
            (want->bar.to == WHOS ? event->bar.to == WHOS
                                  : world_person(want->bar.to) == world_person(event->bar.to)));
}

/* What only some kinds tell. */
static bool more_fits(const struct event *want, const struct event *event)
{
    return want->occasion == event->occasion && want->bars_added == event->bars_added &&
           want->bars_removed == event->bars_removed && same_bar(want, event) &&
           want->person_replaced == event->person_replaced &&
           want->number_replaced == event->number_replaced &&
           want->number_ended == event->number_ended && want->deleted == event->deleted &&
           (event->kind != EVENT_REDACTED ||
            sid_equal(&want->interaction.sid, &event->interaction.sid));
}

static bool is_zero(const struct plain_sid *sid)
{
    static const struct plain_sid zero;
    return sid_equal(sid, &zero);
}

static bool event_fits(const struct m_expected *expected, const struct event *event)
{
    const struct event *want = &expected->event;
    return !expected->met && want->kind == event->kind && want->service == event->service &&
           (expected->any_session || sid_equal(&want->session, &event->session)) &&
           (is_zero(&want->participant) || sid_equal(&want->participant, &event->participant)) &&
           (!expected->by_number || want->number == event->number) &&
           (!want->reason[0] || strcmp(want->reason, event->reason) == 0) &&
           (!want->status || want->status == event->status) &&
           (!want->closed_reason || want->closed_reason == event->closed_reason) &&
           (!want->end_time || want->end_time == event->end_time) &&
           want->forced == event->forced && want->purged == event->purged &&
           want->service_deleted == event->service_deleted && want->first == event->first &&
           more_fits(want, event);
}

/* Each entry about a session tells its metadata, as it was before or after the operation; of a warning and of what is taken out, as it
 * once was. */
static void check_metadata(struct model *model, const struct event *event)
{
    int index =
        is_zero(&event->session) || event->kind == EVENT_WARNING || event->kind == EVENT_REDACTED
            ? NONE
            : m_find_session_sid(model, &event->session);
    if (index == NONE)
        return;
    const struct m_session *session = &model->sessions[index];
    if (event->metadata != session->metadata && event->metadata != session->metadata_before)
        model_wrong_about(model, "the entry %s %llu tells metadata %d of s%d, which has %d",
                          event_name(event->kind), (unsigned long long)event->position,
                          event->metadata, session->label, session->metadata);
}

void model_event(struct model *model, const struct event *event)
{
    if (event->time != model->now) {
        model_wrong_about(model, "the entry %s %llu has another time than now",
                          event_name(event->kind), (unsigned long long)event->position);
        return;
    }
    if (event->kind == EVENT_LEG_CHANGED) {
        m_leg_event(model, event);
        return;
    }
    if (event->kind == EVENT_CALL_CHANGED) {
        m_call_event(model, event);
        return;
    }
    check_metadata(model, event);
    m_check_last(model, event);
    for (int i = 0; i < model->expected_count; i++)
        if (event_fits(&model->expected[i], event)) {
            model->expected[i].met = true;
            m_note_told(model, event);
            if (event->kind == EVENT_INTERACTION_CREATED)
                m_leg_created(model, event);
            if (event->occasion)
                m_notice_created(model, &model->expected[i], event);
            if (event->kind == EVENT_SESSION_DELETED)
                model->sessions[m_find_session_sid(model, &event->session)].gone = true;
            return;
        }
    if (!m_notices_end(model, event) && !m_notices_purge(model, event) &&
        !m_notices_number(model, event) && !m_renumbered(model, event) && !m_failed(model, event))
        model_wrong_about(model,
                          "the log of k%d has an entry that nothing accounts for: %s %s status %d "
                          "reason %d forced %d first %d occasion %d added %d removed %d",
                          event->service, event_name(event->kind), event->reason, event->status,
                          event->closed_reason, event->forced, event->first, event->occasion,
                          event->bars_added, event->bars_removed);
}

/* Timers notice what is over. */
static void check_timers(struct model *model)
{
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        if (session->gone || model->services[session->service].deleting)
            continue;
        if (!session->noticed && !session_runs(session))
            model_wrong_about(model, "s%d has ended, and no timer noticed", session->label);
        for (int j = 0; j < session->people_count && session_runs(session); j++)
            for (int k = 0; k < session->people[j].old_count; k++)
                if (person_in(&session->people[j]) && !session->people[j].old[k].ended &&
                    session->people[j].old[k].until <= model->now)
                    model_wrong_about(model,
                                      "an old number's time in s%d is over, and no timer "
                                      "noticed",
                                      session->label);
    }
}

void model_end(struct model *model, const struct op *op)
{
    for (int i = 0; i < model->expected_count; i++) {
        const struct m_expected *expected = &model->expected[i];
        if (!expected->met && !expected->optional)
            model_wrong_about(model, "the log of k%d lacks an entry: %s %s (occasion %d)",
                              expected->event.service, event_name(expected->event.kind),
                              expected->event.reason, expected->event.occasion);
    }
    for (int i = 0; i < model->session_count; i++)
        model->sessions[i].metadata_before = model->sessions[i].metadata;
    for (int i = 0; i < model->session_count; i++)
        if (model->sessions[i].losing != NONE)
            model_wrong_about(model, "s%d keeps a number that left its Service",
                              model->sessions[i].label);
    if (op->kind == OP_RUN)
        check_timers(model);
    m_legs_end(model, op);
}

void model_answer(struct model *model, const struct op *op, const struct answer *answer)
{
    static void (*const doing[OP_KINDS])(struct model *, const struct op *,
                                         const struct answer *) = {
        [OP_SERVICE_CREATE] = m_do_service_create,
        [OP_SERVICE_UPDATE] = m_do_service_update,
        [OP_SERVICE_DELETE] = m_do_service_delete,
        [OP_NUMBER_ADD] = m_do_number_add,
        [OP_NUMBERS_ADD] = m_do_numbers_add,
        [OP_NUMBER_UPDATE] = m_do_number_update,
        [OP_NUMBER_REMOVE] = m_do_number_remove,
        [OP_SESSION_CREATE] = m_do_session_create,
        [OP_SESSIONS_CREATE] = m_do_sessions_create,
        [OP_SESSION_UPDATE] = m_do_session_update,
        [OP_SESSION_DELETE] = m_do_session_delete,
        [OP_PARTICIPANT_CREATE] = m_do_participant_create,
        [OP_PARTICIPANT_UPDATE] = m_do_participant_update,
        [OP_PARTICIPANT_DELETE] = m_do_participant_delete,
        [OP_INBOUND] = m_do_inbound,
        [OP_SEND] = m_do_send,
        [OP_REDACT] = m_do_redact,
        [OP_INTERACTION_DELETE] = m_do_redact,
        [OP_OPT_OUT_CREATE] = m_do_opt_out_create,
        [OP_OPT_OUT_DELETE] = m_do_opt_out_delete,
        [OP_BLOCK_CREATE] = m_do_block_create,
        [OP_BLOCK_DELETE] = m_do_block_delete,
        [OP_RATE] = m_do_rate,
        [OP_CALL] = m_do_call,
        [OP_CALL_STEP] = m_do_call_step,
        [OP_CALL_END] = m_do_call_end,
        [OP_ANSWER] = m_do_answer,
        [OP_RECEIPT] = m_do_receipt,
        [OP_CARRIER_READY] = m_do_carrier_ready,
        [OP_RUN] = m_do_run,
        [OP_RESTART] = m_do_run,
    };
    if (doing[op->kind])
        doing[op->kind](model, op, answer);
    m_expect_refusal(model, op, answer);
}
