/* Operations on sessions and their participants. */
#include "tests/model/subject_internal.h"

#include "server/masking/sessions/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        convert_error(&doing->subject->world, error, doing->answer);
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

static void create(struct doing *doing, struct draft_texts texts[OP_PEOPLE],
                   struct participant_draft people[OP_PEOPLE], struct session_draft *draft)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    for (int i = 0; i < op->people_count; i++)
        people[i] = participant_of(subject, &op->people[i], &texts[i]);
    *draft = (struct session_draft){.service = subject_service_name(subject, op->service),
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
    sessions_create(subject->masking, draft, session_answered, doing);
}

void subject_do_session_create(struct doing *doing)
{
    struct draft_texts texts[OP_PEOPLE];
    struct participant_draft people[OP_PEOPLE];
    struct session_draft draft;
    subject_expect(doing->subject);
    create(doing, texts, people, &draft);
    subject_wait(doing->subject);
}

/* As a batch does: all are under way before the first is answered. */
void subject_do_sessions_create(struct doing *doing)
{
    struct subject *subject = doing->subject;
    struct draft_texts texts[OP_BATCH][OP_PEOPLE];
    struct participant_draft people[OP_BATCH][OP_PEOPLE];
    struct session_draft drafts[OP_BATCH];
    struct op entries[OP_BATCH];
    struct doing each[OP_BATCH];
    doing->answer->ok = true;
    doing->answer->more = subject->more;
    for (int i = 0; i < doing->op->batch_count; i++)
        subject_expect(subject);
    for (int i = 0; i < doing->op->batch_count; i++) {
        entries[i] = op_entry(doing->op, i);
        each[i] = (struct doing){subject, &entries[i], &subject->more[i]};
        subject->more[i] = (struct answer){.participant = -1};
        create(&each[i], texts[i], people[i], &drafts[i]);
    }
    subject_wait(subject);
}

void subject_do_session_change(struct doing *doing)
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
                                    .ended_is_closed = op->quietly,
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

void subject_do_participant(struct doing *doing)
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
        participants_delete(subject->masking, service, session,
                            subject_participant(subject, op, op->participant), session_answered,
                            doing);
    }
    subject_wait(subject);
}

void subject_do_participant_update(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    struct draft_texts texts;
    struct participant_change change = {.service = subject_service_name(subject, op->service),
                                        .session = subject_session_name(subject, op->session),
                                        .participant =
                                            subject_participant(subject, op, op->participant),
                                        .set_identifiers = op->set_people,
                                        .set_proxy = op->set_number,
                                        .draft = participant_of(subject, &op->people[0], &texts),
                                        .life_given = op->life >= 0,
                                        .old_number_life = op->life >= 0 ? op->life : 0};
    if (!op->set_people)
        change.draft.identifier_count = 0;
    if (!op->set_number)
        change.draft.proxy_identifier = change.draft.proxy_number_sid = "";
    subject_expect(subject);
    participants_update(subject->masking, &change, session_answered, doing);
    subject_wait(subject);
}
