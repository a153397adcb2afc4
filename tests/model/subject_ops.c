/* Operations on Services, numbers and sessions. */
#include "tests/model/subject_internal.h"

#include "server/masking/numbers/numbers.h"
#include "server/masking/rows/request_hash.h"
#include "server/masking/services/services.h"
#include "server/masking/sessions/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request_id subject_request(struct subject *subject, const struct op *op, const char *method)
{
    struct request_id request = {.method = method};
    if (!op->request)
        return request;
    char text[512];
    struct op body = *op;
    body.label = 0;
    op_print(&body, text, sizeof(text));
    request_hash(subject->masking, (struct bytes){text, strlen(text)}, request.body_hash);
    request.id = arena_printf(subject->arena, "request-%u-%d", subject->world.tag, op->request);
    return request;
}

/* ---- Services ---- */

static struct service_settings settings_of(const struct settings *settings)
{
    struct service_settings given = service_settings_unset();
    given.default_ttl = settings->default_ttl;
    given.cool_down = settings->cool_down;
    given.late_reply_window = settings->late_window;
    given.max_message_life = settings->max_life;
    given.closing_grace = settings->grace;
    given.quarantine = settings->quarantine;
    given.idle_cap = settings->idle_cap;
    given.closed_session_retention = settings->retention;
    given.default_mode = (Maskline__Store__V1__Mode)settings->mode;
    given.number_selection = (Maskline__Store__V1__NumberSelection)settings->selection;
    given.geo_match_level = (Maskline__Store__V1__GeoMatchLevel)settings->level;
    given.geo_matching = (Maskline__Store__V1__GeoMatching)settings->matching;
    return given;
}

/* Under this label, unless it is known already: a repeated request. */
static void note_service(struct subject *subject, int label, const uint8_t *sid)
{
    for (int i = 0; i < LABELS; i++)
        if (subject->services[i].there && !memcmp(subject->services[i].bytes, sid, SID_BYTES))
            return;
    struct kept_service *kept = &subject->services[label];
    kept->there = true;
    memcpy(kept->bytes, sid, SID_BYTES);
    snprintf(kept->sid, sizeof(kept->sid), "%s", sid_format("KS", sid).text);
}

static void service_answered(void *data, const Maskline__Store__V1__Service *service,
                             const struct error *error)
{
    struct doing *doing = data;
    struct subject *subject = doing->subject;
    if (error) {
        convert_error(error, doing->answer);
    } else {
        doing->answer->ok = true;
        doing->answer->service = convert_service(&subject->world, service);
        if (doing->op->kind == OP_SERVICE_CREATE)
            note_service(subject, doing->op->label, service->sid.data);
    }
    subject_answered(subject);
}

static void do_service(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    char name[ADDRESS_TEXT];
    world_service_name(&subject->world, op->name, name);
    struct service_draft draft = {.unique_name = name,
                                  .settings = settings_of(&op->settings),
                                  .request = subject_request(subject, op, "CreateService")};
    struct service_change change = {.service = subject_service_name(subject, op->service),
                                    .unique_name = op->name ? name : NULL,
                                    .settings = settings_of(&op->settings)};
    subject_expect(subject);
    if (op->kind == OP_SERVICE_CREATE)
        services_create(subject->masking, &draft, service_answered, doing);
    else if (op->kind == OP_SERVICE_UPDATE)
        services_update(subject->masking, &change, service_answered, doing);
    else
        services_delete(subject->masking, change.service, service_answered, doing);
    subject_wait(subject);
}

/* ---- numbers ---- */

/* A later SID sorts behind an earlier one; the answer to a repeated request may be the earlier one. */
static void note_number(char kept[SID_LENGTH + 1], const uint8_t *sid)
{
    struct sid_text text = sid_format("PN", sid);
    if (strcmp(text.text, kept) > 0)
        memcpy(kept, text.text, sizeof(text.text));
}

static void number_answered(void *data, const struct number_result *result,
                            const struct error *error)
{
    struct doing *doing = data;
    struct subject *subject = doing->subject;
    if (error) {
        convert_error(error, doing->answer);
    } else {
        doing->answer->ok = true;
        if (doing->op->kind != OP_NUMBER_REMOVE)
            doing->answer->number = convert_number(&subject->world, result->number, result->in_use);
        if (doing->op->kind == OP_NUMBER_ADD)
            note_number(subject->numbers[doing->op->number], result->number->sid.data);
    }
    subject_answered(subject);
}

static size_t carriers_of(const struct op *op, const char *ret_names[CARRIERS])
{
    int carriers[CARRIERS];
    int count = world_carriers(op->carriers, carriers);
    ret_names[0] = world_carrier(-1);
    for (int i = 0; i < count; i++)
        ret_names[i] = world_carrier(carriers[i]);
    return count < 0 ? 1 : (size_t)count;
}

static const char *number_name(struct subject *subject, const struct op *op,
                               char ret_text[ADDRESS_TEXT])
{
    world_number(&subject->world, op->number, ret_text);
    return op->number_by_sid && subject->numbers[op->number][0] ? subject->numbers[op->number]
                                                                : ret_text;
}

static void do_number(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const char *carriers[CARRIERS];
    size_t carrier_count = carriers_of(op, carriers);
    const char *service = subject_service_name(subject, op->service);
    char number[ADDRESS_TEXT];
    const char *name = number_name(subject, op, number);
    struct number_draft draft = {.service = service,
                                 .phone_number = number,
                                 .country = "",
                                 .friendly_name = "",
                                 .sms = op->can & CAN_SMS,
                                 .mms = op->can & CAN_MMS,
                                 .voice = op->can & CAN_VOICE,
                                 .reserved = op->reserved,
                                 .carriers = carriers,
                                 .carrier_count = carrier_count,
                                 .request = subject_request(subject, op, "AddPhoneNumber")};
    struct number_change change = {.service = service,
                                   .number = name,
                                   .set_reserved = op->set_reserved,
                                   .reserved = op->reserved,
                                   .carriers = op->set_carriers ? carriers : NULL,
                                   .carrier_count = carrier_count,
                                   .state = (Maskline__Store__V1__NumberState)op->state};
    subject_expect(subject);
    if (op->kind == OP_NUMBER_ADD)
        numbers_add(subject->masking, &draft, number_answered, doing);
    else if (op->kind == OP_NUMBER_UPDATE)
        numbers_update(subject->masking, &change, number_answered, doing);
    else
        numbers_remove(subject->masking, service, name, op->force, number_answered, doing);
    subject_wait(subject);
}

/* ---- sessions ---- */

static void note_people(struct subject *subject, const Maskline__Store__V1__Session *session)
{
    char sid[SID_LENGTH + 1];
    snprintf(sid, sizeof(sid), "%s", sid_format("KC", session->sid.data).text);
    for (int i = 0; i < LABELS; i++) {
        struct kept_session *kept = &subject->sessions[i];
        if (!kept->there || strcmp(kept->sid, sid) != 0)
            continue;
        /* The answer to a repeated request may be older than what is known. */
        for (size_t j = (size_t)kept->people_count; j < session->n_participants && j < PLAIN_PEOPLE;
             j++, kept->people_count++)
            snprintf(kept->people[j], SID_LENGTH + 1, "%s",
                     sid_format("KP", session->participants[j]->sid.data).text);
    }
}

static void note_session(struct doing *doing, const Maskline__Store__V1__Service *service,
                         const Maskline__Store__V1__Session *session)
{
    struct subject *subject = doing->subject;
    char sid[SID_LENGTH + 1];
    snprintf(sid, sizeof(sid), "%s", sid_format("KC", session->sid.data).text);
    for (int i = 0; i < LABELS; i++)
        if (subject->sessions[i].there && strcmp(subject->sessions[i].sid, sid) == 0)
            return;
    struct kept_session *kept = &subject->sessions[doing->op->label];
    kept->there = true;
    memcpy(kept->sid, sid, sizeof(sid));
    for (int i = 0; i < LABELS; i++)
        if (subject->services[i].there &&
            !memcmp(subject->services[i].bytes, service->sid.data, SID_BYTES))
            kept->service = i;
}

static void session_answered(void *data, const Maskline__Store__V1__Service *service,
                             const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct doing *doing = data;
    if (error) {
        convert_error(error, doing->answer);
    } else {
        doing->answer->ok = true;
        doing->answer->session = convert_session(&doing->subject->world, session);
        if (doing->op->kind == OP_SESSION_CREATE)
            note_session(doing, service, session);
        note_people(doing->subject, session);
    }
    subject_answered(doing->subject);
}

/* What a participant's draft points to. */
struct draft_texts {
    char who[2][ADDRESS_TEXT];
    const char *identifiers[2];
    char number[ADDRESS_TEXT];
};

static struct participant_draft participant_of(struct subject *subject,
                                               const struct op_person *person,
                                               struct draft_texts *texts)
{
    struct participant_draft draft = {.identifiers = texts->identifiers,
                                      .identifier_count = (size_t)person->who_count,
                                      .friendly_name = "",
                                      .proxy_identifier = "",
                                      .proxy_number_sid = ""};
    for (int i = 0; i < person->who_count; i++) {
        world_address(&subject->world, person->who[i], texts->who[i]);
        texts->identifiers[i] = texts->who[i];
    }
    if (person->number < 0)
        return draft;
    world_number(&subject->world, person->number, texts->number);
    if (person->number_by_sid && subject->numbers[person->number][0])
        draft.proxy_number_sid = subject->numbers[person->number];
    else
        draft.proxy_identifier = texts->number;
    return draft;
}

static struct metadata metadata_of(struct subject *subject, int number)
{
    struct metadata metadata;
    if (!metadata_new(subject->arena, number ? 1 : 0, &metadata))
        abort();
    if (number) {
        metadata.items[0]->key = arena_string(subject->arena, "k");
        metadata.items[0]->value = arena_printf(subject->arena, "%d", number);
    }
    return metadata;
}

static void do_session_create(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    struct draft_texts texts[OP_PEOPLE];
    struct participant_draft people[OP_PEOPLE];
    for (int i = 0; i < op->people_count; i++)
        people[i] = participant_of(subject, &op->people[i], &texts[i]);
    struct session_draft draft = {.service = subject_service_name(subject, op->service),
                                  .unique_name = world_session_name(op->name),
                                  .mode = (Maskline__Store__V1__Mode)op->mode,
                                  .ttl_given = op->ttl >= 0,
                                  .ttl = op->ttl >= 0 ? op->ttl : 0,
                                  .expire_time = op->date,
                                  .status = (Maskline__Store__V1__SessionStatus)op->status,
                                  .participants = people,
                                  .participant_count = (size_t)op->people_count,
                                  .metadata = metadata_of(subject, op->metadata),
                                  .request = subject_request(subject, op, "CreateSession")};
    subject_expect(subject);
    sessions_create(subject->masking, &draft, session_answered, doing);
    subject_wait(subject);
}

static void do_session_change(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    struct session_change change = {.service = subject_service_name(subject, op->service),
                                    .session = subject_session_name(subject, op->session),
                                    .set_ttl = op->set_ttl,
                                    .ttl_given = op->ttl >= 0,
                                    .ttl = op->ttl >= 0 ? op->ttl : 0,
                                    .set_expire_time = op->set_date,
                                    .expire_time = op->date,
                                    .set_metadata = op->set_metadata,
                                    .metadata = metadata_of(subject, op->metadata),
                                    .status = (Maskline__Store__V1__SessionStatus)op->status};
    subject_expect(subject);
    if (op->kind == OP_SESSION_UPDATE)
        sessions_update(subject->masking, &change, session_answered, doing);
    else
        sessions_delete(subject->masking, change.service, change.session, session_answered, doing);
    subject_wait(subject);
}

static void do_participant(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    struct draft_texts texts;
    const char *service = subject_service_name(subject, op->service);
    const char *session = subject_session_name(subject, op->session);
    struct participant_add add = {.service = service, .session = session};
    subject_expect(subject);
    if (op->kind == OP_PARTICIPANT_CREATE) {
        add.participant = participant_of(subject, &op->people[0], &texts);
        add.request = subject_request(subject, op, "CreateParticipant");
        participants_create(subject->masking, &add, session_answered, doing);
    } else {
        participants_delete(subject->masking, service, session, subject_participant(subject, op),
                            session_answered, doing);
    }
    subject_wait(subject);
}

void subject_do(struct subject *subject, const struct op *op, struct answer *ret_answer)
{
    struct doing doing = {subject, op, ret_answer};
    *ret_answer = (struct answer){.participant = -1};
    arena_reset(subject->arena);
    if (op->kind <= OP_SERVICE_DELETE)
        do_service(&doing);
    else if (op->kind <= OP_NUMBER_REMOVE)
        do_number(&doing);
    else if (op->kind == OP_SESSION_CREATE)
        do_session_create(&doing);
    else if (op->kind <= OP_SESSION_DELETE)
        do_session_change(&doing);
    else if (op->kind <= OP_PARTICIPANT_DELETE)
        do_participant(&doing);
    else
        subject_do_other(&doing);
}
