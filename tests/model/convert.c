#include "tests/model/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct plain_sid convert_sid(ProtobufCBinaryData data)
{
    struct plain_sid sid = {{0}};
    if (data.len == PLAIN_SID)
        memcpy(sid.bytes, data.data, PLAIN_SID);
    return sid;
}

static void copy_text(char ret_text[PLAIN_TEXT], const char *text)
{
    snprintf(ret_text, PLAIN_TEXT, "%s", text ? text : "");
}

static int carrier_of(const char *name)
{
    for (int i = 0; i < CARRIERS; i++)
        if (strcmp(world_carrier(i), name) == 0)
            return i;
    return -1;
}

static int64_t occasions(const Maskline__Store__V1__Settings *settings, bool silent)
{
    int64_t bits = 0;
    for (size_t i = 0; i < settings->n_notices; i++) {
        const Maskline__Store__V1__Notice *notice = settings->notices[i];
        bool right = silent ? !*notice->text
                            : world_text_read(notice->text) == TEXT_NOTICE - (int)notice->occasion;
        bits |= right ? 1 << notice->occasion : 0;
    }
    return bits;
}

static struct settings convert_settings(const Maskline__Store__V1__Settings *settings)
{
    const Maskline__Store__V1__KeywordPolicy *policy = settings->keyword_policy;
    return (struct settings){.default_ttl = settings->default_ttl,
                             .cool_down = settings->cool_down,
                             .late_window = settings->late_reply_window,
                             .max_life = settings->max_message_life,
                             .grace = settings->closing_grace,
                             .quarantine = settings->quarantine,
                             .idle_cap = settings->idle_cap,
                             .retention = settings->closed_session_retention,
                             .cap_period = settings->person_cap_period,
                             .person_cap = settings->person_cap,
                             .session_cap = settings->session_cap,
                             .rate = settings->requests_per_second,
                             .reuse_names = settings->reuse_names,
                             .own_words = policy && policy->n_words,
                             .notices = occasions(settings, false),
                             .silences = occasions(settings, true),
                             .mode = (int)settings->default_mode,
                             .selection = (int)settings->number_selection,
                             .level = (int)settings->geo_match_level,
                             .matching = (int)settings->geo_matching,
                             .keywords = policy && policy->off ? KEYWORDS_IGNORED : KEYWORDS_HEARD,
                             .scope = policy ? (int)policy->scope : SCOPE_SERVICE};
}

struct plain_service convert_service(const struct world *world,
                                     const Maskline__Store__V1__Service *service)
{
    struct plain_service plain = {.sid = convert_sid(service->sid), .state = (int)service->state};
    for (int name = 1; name <= NAMES; name++) {
        char text[ADDRESS_TEXT];
        world_service_name(world, name, text);
        if (strcmp(text, service->unique_name) == 0)
            plain.name = name;
    }
    plain.settings = convert_settings(service->settings);
    return plain;
}

struct plain_number convert_number(const struct world *world,
                                   const Maskline__Store__V1__PhoneNumber *number, int64_t in_use)
{
    struct plain_number plain = {.sid = convert_sid(number->sid),
                                 .number = world_number_of(world, number->phone_number),
                                 .can = (number->sms ? CAN_SMS : 0) | (number->mms ? CAN_MMS : 0) |
                                        (number->voice ? CAN_VOICE : 0),
                                 .state = (int)number->state,
                                 .reserved = number->reserved,
                                 .carrier_count = (int)number->n_carriers,
                                 .in_use = in_use,
                                 .create_time = number->create_time};
    for (size_t i = 0; i < number->n_carriers && i < CARRIERS; i++)
        plain.carriers[i] = carrier_of(number->carriers[i]);
    return plain;
}

struct plain_bar convert_opt_out(const struct world *world,
                                 const Maskline__Store__V1__OptOut *opt_out)
{
    return (struct plain_bar){.who = world_who(world, opt_out->identifier),
                              .to = WHOS,
                              .number = *opt_out->proxy_identifier
                                            ? world_number_of(world, opt_out->proxy_identifier)
                                            : -1};
}

struct plain_bar convert_block(const struct world *world, const Maskline__Store__V1__Block *block)
{
    return (struct plain_bar){.who = world_who(world, block->identifier),
                              .to = *block->to_identifier ? world_who(world, block->to_identifier)
                                                          : WHOS,
                              .number = -1};
}

struct plain_person convert_person(const struct world *world,
                                   const Maskline__Store__V1__Participant *participant)
{
    struct plain_person plain = {.sid = convert_sid(participant->sid),
                                 .who_count = (int)participant->n_identifiers,
                                 .number = -1,
                                 .create_time = participant->create_time,
                                 .delete_time = participant->delete_time};
    for (size_t i = 0; i < participant->n_identifiers && i < 2; i++)
        plain.who[i] = world_who(world, participant->identifiers[i]);
    /* The present number, and those of before, newest first. */
    for (size_t i = 0; i < participant->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = participant->bindings[i];
        int number = world_number_of(world, binding->proxy_identifier);
        if (i == 0) {
            plain.number = binding->until_time ? -1 : number;
            plain.number_sid = convert_sid(binding->number);
        } else if (plain.old_count++ < PLAIN_OLD) {
            plain.old[plain.old_count - 1] =
                (struct plain_old){number, binding->until_time, binding->ended};
        }
    }
    return plain;
}

int convert_metadata(Maskline__Store__V1__MetadataItem *const *items, size_t count)
{
    if (!count)
        return 0;
    bool good = count == 1 && strcmp(items[0]->key, "k") == 0;
    return good ? (int)strtol(items[0]->value, NULL, 10) : -1;
}

struct plain_session convert_session(const struct world *world,
                                     const Maskline__Store__V1__Session *session)
{
    struct plain_session plain = {.sid = convert_sid(session->sid),
                                  .status = (int)session->status,
                                  .mode = (int)session->mode,
                                  .reason = (int)session->closed_reason,
                                  .ttl_given = session->ttl_given,
                                  .ttl = session->ttl,
                                  .date = session->expire_date,
                                  .create_time = session->create_time,
                                  .update_time = session->update_time,
                                  .start_time = session->start_time,
                                  .last_time = session->last_interaction_time,
                                  .end_time = session->end_time,
                                  .expire_time = session->effective_expire_time,
                                  .interactions = session->interaction_count,
                                  .calls = session->call_count,
                                  .call_seconds = session->call_seconds,
                                  .metadata =
                                      convert_metadata(session->metadata, session->n_metadata)};
    copy_text(plain.fail_reason, session->fail_reason);
    for (int name = 1; name <= NAMES; name++)
        if (strcmp(world_session_name(name), session->unique_name) == 0)
            plain.name = name;
    for (size_t i = 0; i < session->n_participants && i < PLAIN_PEOPLE; i++)
        plain.people[plain.people_count++] = convert_person(world, session->participants[i]);
    return plain;
}

static struct plain_leg convert_leg(const Maskline__Store__V1__Leg *leg)
{
    struct plain_leg plain = {.participant = convert_sid(leg->participant),
                              .status = (int)leg->status,
                              .attempts = (int)leg->attempts,
                              .carrier = carrier_of(leg->carrier),
                              .due_time = leg->due_time,
                              .sent_time = leg->sent_time,
                              .final_time = leg->final_time,
                              .original = leg->original_code};
    copy_text(plain.reason, leg->reason);
    return plain;
}

struct plain_interaction convert_interaction(const Maskline__Store__V1__Interaction *interaction)
{
    struct plain_interaction plain = {.sid = convert_sid(interaction->sid),
                                      .session = convert_sid(interaction->session),
                                      .has_inbound = interaction->inbound != NULL,
                                      .outbound_count = (int)interaction->n_outbound,
                                      .redacted = interaction->redact_time != 0,
                                      .sender = convert_sid(interaction->sender),
                                      .create_time = interaction->create_time,
                                      .expire_time = interaction->expire_time};
    if (interaction->content) {
        plain.message = world_text_read(interaction->content->body);
        plain.media = interaction->content->n_media == 1;
    }
    plain.voice =
        interaction->type == MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    if (interaction->call)
        plain.call =
            (struct plain_call){interaction->call->connect_time, interaction->call->end_time,
                                interaction->call->hang_up_time, interaction->call->seconds};
    if (interaction->inbound)
        plain.inbound = convert_leg(interaction->inbound);
    if (interaction->n_outbound)
        plain.outbound = convert_leg(interaction->outbound[0]);
    return plain;
}

static int hex(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static int64_t time_of(const char *text)
{
    struct tm tm = {.tm_isdst = 0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return -1;
    int64_t us = 0;
    if (*rest == '.') {
        int64_t unit = SECOND / 10;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
            us += unit * (*rest - '0');
    }
    return strcmp(rest, "Z") == 0 ? (int64_t)timegm(&tm) * SECOND + us : -1;
}

/* Whatever of it a client sees. */
static bool error_leaks(const struct world *world, const struct error *error)
{
    bool leaks = world_leaks(world, error->message, strlen(error->message), WHOS);
    for (unsigned i = 0; i < error->metadata_count; i++)
        leaks = leaks || world_leaks(world, error->metadata[i].value,
                                     strlen(error->metadata[i].value), WHOS);
    for (unsigned i = 0; i < error->field_count; i++)
        leaks = leaks || world_leaks(world, error->fields[i].description,
                                     strlen(error->fields[i].description), WHOS);
    return leaks;
}

void convert_error(const struct world *world, const struct error *error, struct answer *ret_answer)
{
    ret_answer->leaks = error_leaks(world, error);
    ret_answer->ok = false;
    ret_answer->code = (int)error->code;
    ret_answer->original = error->original;
    ret_answer->participant = -1;
    copy_text(ret_answer->reason, error->reason);
    for (unsigned i = 0; i < error->metadata_count; i++) {
        const struct error_pair *pair = &error->metadata[i];
        if (strcmp(pair->key, "participant") == 0)
            ret_answer->participant = (int)strtol(pair->value, NULL, 10);
        if (strcmp(pair->key, "free_time") == 0)
            ret_answer->free_time = time_of(pair->value);
        if (strcmp(pair->key, "session_sid") == 0 && strlen(pair->value) == 2 + 2 * PLAIN_SID) {
            ret_answer->names_rival = true;
            for (int j = 0; j < PLAIN_SID; j++)
                ret_answer->rival.bytes[j] =
                    (uint8_t)(hex(pair->value[2 + 2 * j]) << 4 | hex(pair->value[3 + 2 * j]));
        }
    }
}
