/* Operations on Services and numbers; and which function does what. */
#include "tests/model/subject_internal.h"

#include "server/masking/calls/call_watch.h"
#include "server/masking/internal.h"
#include "server/masking/numbers/numbers.h"
#include "server/masking/rows/request_hash.h"
#include "server/masking/services/services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request_id subject_request(struct subject *subject, const struct op *op, const char *method)
{
    struct request_id request = {.method = method};
    if (!op->request)
        return request;
    char text[1024];
    struct op body = *op;
    body.label = 0;
    op_print(&body, text, sizeof(text));
    request_hash(subject->masking, (struct bytes){text, strlen(text)}, request.body_hash);
    request.id = arena_printf(subject->arena, "request-%u-%d", subject->world.tag, op->request);
    return request;
}

/* ---- Services ---- */

static const struct keyword_setting OWN_WORDS[] = {
    {"PARE", MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_OPT_OUT, "es"},
    {"VALE", MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_OPT_IN, "es"}};
static const struct keyword_list WORDS[] = {{NULL, 0}, {OWN_WORDS, 2}};

/* What lists of settings point to. */
struct setting_lists {
    char texts[OCCASIONS][ADDRESS_TEXT];
    struct notice_setting notices[OCCASIONS];
    struct notice_list list;
};

static void notices_of(const struct settings *settings, struct setting_lists *lists)
{
    lists->list = (struct notice_list){lists->notices, 0};
    for (int occasion = 1; occasion < OCCASIONS; occasion++) {
        bool own = settings->notices >> occasion & 1;
        if (!own && !(settings->silences >> occasion & 1))
            continue;
        world_text(own ? TEXT_NOTICE - occasion : 0, lists->texts[occasion]);
        lists->notices[lists->list.count++] = (struct notice_setting){
            (Maskline__Store__V1__NoticeOccasion)occasion, "", lists->texts[occasion]};
    }
}

static struct service_settings settings_of(const struct settings *settings,
                                           struct setting_lists *lists)
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
    given.person_cap = settings->person_cap;
    given.person_cap_period = settings->cap_period;
    given.session_cap = settings->session_cap;
    given.requests_per_second = settings->rate;
    given.reuse_names = (int)settings->reuse_names;
    given.default_mode = (Maskline__Store__V1__Mode)settings->mode;
    given.number_selection = (Maskline__Store__V1__NumberSelection)settings->selection;
    given.geo_match_level = (Maskline__Store__V1__GeoMatchLevel)settings->level;
    given.geo_matching = (Maskline__Store__V1__GeoMatching)settings->matching;
    given.keyword_handling = (enum keyword_handling)settings->keywords;
    given.opt_out_scope = (Maskline__Store__V1__OptOutScope)settings->scope;
    if (settings->own_words >= 0)
        given.keywords = &WORDS[settings->own_words];
    if (settings->notices < 0)
        return given;
    notices_of(settings, lists);
    given.notices = &lists->list;
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
        convert_error(&doing->subject->world, error, doing->answer);
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
    struct setting_lists lists;
    const struct op *op = doing->op;
    char name[ADDRESS_TEXT];
    world_service_name(&subject->world, op->name, name);
    struct service_draft draft = {.unique_name = name,
                                  .settings = settings_of(&op->settings, &lists),
                                  .request = subject_request(subject, op, "CreateService")};
    struct service_change change = {.service = subject_service_name(subject, op->service),
                                    .unique_name = op->name ? name : NULL,
                                    .settings = settings_of(&op->settings, &lists)};
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
static void note_number(struct subject *subject, int number, const uint8_t *sid)
{
    char *kept = subject->numbers[number];
    struct sid_text text = sid_format(world_kind(number) == KIND_SHORT ? "SC" : "PN", sid);
    /* An address in a channel has no SID that one could name it by. */
    if (world_kind(number) == KIND_CHANNEL)
        return;
    if (strcmp(text.text, kept) > 0)
        memcpy(kept, text.text, sizeof(text.text));
}

static void number_answered(void *data, const struct number_result *result,
                            const struct error *error)
{
    struct doing *doing = data;
    struct subject *subject = doing->subject;
    if (error) {
        convert_error(&doing->subject->world, error, doing->answer);
    } else {
        doing->answer->ok = true;
        if (doing->op->kind != OP_NUMBER_REMOVE)
            doing->answer->number = convert_number(&subject->world, result->number, result->in_use);
        if (doing->op->kind == OP_NUMBER_ADD)
            note_number(subject, doing->op->number, result->number->sid.data);
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

static const char *number_country(int number)
{
    return world_kind(number) == KIND_SHORT ? "US" : "";
}

static struct number_draft draft_of(struct subject *subject, const struct op *op,
                                    const char *number, const char *const *carriers,
                                    size_t carrier_count)
{
    return (struct number_draft){.service = subject_service_name(subject, op->service),
                                 .phone_number = number,
                                 .kind = (enum number_kind)world_kind(op->number),
                                 .country = number_country(op->number),
                                 .friendly_name = "",
                                 .sms = op->can & CAN_SMS,
                                 .mms = op->can & CAN_MMS,
                                 .voice = op->can & CAN_VOICE,
                                 .reserved = op->reserved,
                                 .carriers = carriers,
                                 .carrier_count = carrier_count,
                                 .request = subject_request(subject, op, "AddPhoneNumber")};
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
    enum number_kind kind = (enum number_kind)world_kind(op->number);
    struct number_draft draft = draft_of(subject, op, number, carriers, carrier_count);
    struct number_change change = {.service = service,
                                   .number = name,
                                   .kind = kind,
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
        numbers_remove_kind(subject->masking, service, name, kind, op->force, number_answered,
                            doing);
    subject_wait(subject);
}

static void take_result(struct doing *doing, int index, const struct number_added *result)
{
    struct subject *subject = doing->subject;
    struct answer *answer = &doing->answer->more[index];
    *answer = (struct answer){.participant = -1, .ok = result->number != NULL};
    if (result->number) {
        answer->number = convert_number(&subject->world, result->number, 0);
        note_number(subject, doing->op->batch[index], result->number->sid.data);
        return;
    }
    answer->code = (int)result->code;
    answer->original = result->original;
    answer->leaks = world_leaks(&subject->world, result->message, strlen(result->message), WHOS);
    snprintf(answer->reason, sizeof(answer->reason), "%s", result->reason);
}

static void numbers_answered(void *data, const struct number_added *results,
                             const struct error *error)
{
    struct doing *doing = data;
    if (error)
        convert_error(&doing->subject->world, error, doing->answer);
    else
        doing->answer->ok = true;
    for (int i = 0; !error && i < doing->op->batch_count; i++)
        take_result(doing, i, &results[i]);
    subject_answered(doing->subject);
}

static void do_numbers(struct doing *doing)
{
    struct subject *subject = doing->subject;
    const struct op *op = doing->op;
    const char *carriers[CARRIERS];
    size_t carrier_count = carriers_of(op, carriers);
    char texts[OP_BATCH][ADDRESS_TEXT];
    struct number_draft drafts[OP_BATCH];
    for (int i = 0; i < op->batch_count; i++) {
        struct op entry = op_entry(op, i);
        world_number(&subject->world, entry.number, texts[i]);
        drafts[i] = draft_of(subject, &entry, texts[i], carriers, carrier_count);
        drafts[i].request = (struct request_id){.id = NULL};
    }
    doing->answer->more = subject->more;
    subject_expect(subject);
    numbers_add_many(subject->masking, subject_service_name(subject, op->service), drafts,
                     (size_t)op->batch_count, numbers_answered, doing);
    subject_wait(subject);
}

void subject_do(struct subject *subject, const struct op *op, struct answer *ret_answer)
{
    static void (*const functions[OP_KINDS])(struct doing *) = {
        [OP_SERVICE_CREATE] = do_service,
        [OP_SERVICE_UPDATE] = do_service,
        [OP_SERVICE_DELETE] = do_service,
        [OP_NUMBER_ADD] = do_number,
        [OP_NUMBERS_ADD] = do_numbers,
        [OP_NUMBER_UPDATE] = do_number,
        [OP_NUMBER_REMOVE] = do_number,
        [OP_SESSION_CREATE] = subject_do_session_create,
        [OP_SESSIONS_CREATE] = subject_do_sessions_create,
        [OP_SESSION_UPDATE] = subject_do_session_change,
        [OP_SESSION_DELETE] = subject_do_session_change,
        [OP_PARTICIPANT_CREATE] = subject_do_participant,
        [OP_PARTICIPANT_UPDATE] = subject_do_participant_update,
        [OP_PARTICIPANT_DELETE] = subject_do_participant,
        [OP_INBOUND] = subject_do_inbound,
        [OP_SEND] = subject_do_send,
        [OP_REDACT] = subject_do_redact,
        [OP_INTERACTION_DELETE] = subject_do_redact,
        [OP_OPT_OUT_CREATE] = subject_do_opt_out,
        [OP_OPT_OUT_DELETE] = subject_do_opt_out,
        [OP_BLOCK_CREATE] = subject_do_block,
        [OP_BLOCK_DELETE] = subject_do_block,
        [OP_RATE] = subject_do_rate,
        [OP_CALL] = subject_do_call,
        [OP_CALL_STEP] = subject_do_call_step,
        [OP_CALL_END] = subject_do_call_end,
        [OP_ANSWER] = subject_do_answer,
        [OP_RECEIPT] = subject_do_receipt,
        [OP_CARRIER_MODE] = subject_do_carrier_mode,
        [OP_CARRIER_READY] = subject_do_carrier_ready,
        [OP_CLOCK] = subject_do_clock,
        [OP_RUN] = subject_do_run,
        [OP_RESTART] = subject_do_restart,
    };
    struct doing doing = {subject, op, ret_answer};
    *ret_answer = (struct answer){.participant = -1};
    arena_reset(subject->arena);
    functions[op->kind](&doing);
    /* Calls are looked at by commands of their own. */
    calls_run_due(subject->masking->calls);
}
