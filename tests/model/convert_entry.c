/* Entries of the log, as the model reads them. */
#include "tests/model/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *event_name(enum event_kind kind)
{
    static const char *const names[EVENT_KINDS] = {"OTHER",
                                                   "SERVICE_CREATED",
                                                   "SERVICE_UPDATED",
                                                   "SERVICE_DELETING",
                                                   "SERVICE_DELETED",
                                                   "NUMBER_ADDED",
                                                   "NUMBER_UPDATED",
                                                   "NUMBER_REMOVED",
                                                   "SESSION_CREATED",
                                                   "SESSION_UPDATED",
                                                   "SESSION_CLOSED",
                                                   "SESSION_REOPENED",
                                                   "SESSION_DELETED",
                                                   "PARTICIPANT_ADDED",
                                                   "PARTICIPANT_REMOVED",
                                                   "INTERACTION_CREATED",
                                                   "LEG_CHANGED",
                                                   "INBOUND_REJECTED",
                                                   "WARNING",
                                                   "EXHAUSTED",
                                                   "PARTICIPANT_UPDATED",
                                                   "KEYWORD",
                                                   "OPT_OUT_ADDED",
                                                   "OPT_OUT_REMOVED",
                                                   "BLOCK_ADDED",
                                                   "BLOCK_REMOVED",
                                                   "REDACTED",
                                                   "CALL_CHANGED"};
    return names[kind];
}

static void reason(struct event *event, const char *text)
{
    snprintf(event->reason, sizeof(event->reason), "%s", text);
}

static void convert_number_entry(const struct world *world, const Maskline__Store__V1__Entry *entry,
                                 struct event *event)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED:
        event->kind = EVENT_NUMBER_ADDED;
        event->number = world_number_of(world, entry->number_added->number->phone_number);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED:
        event->kind = EVENT_NUMBER_UPDATED;
        event->number = world_number_of(world, entry->number_updated->number->phone_number);
        break;
    default:
        event->kind = EVENT_NUMBER_REMOVED;
        event->number = world_number_of(world, entry->number_removed->number->phone_number);
        event->forced = entry->number_removed->forced;
    }
}

static void convert_session_entry(const Maskline__Store__V1__Entry *entry, struct event *event)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
        event->kind = EVENT_SESSION_CREATED;
        event->session = convert_sid(entry->session_created->session->sid);
        event->metadata = convert_metadata(entry->session_created->session->metadata,
                                           entry->session_created->session->n_metadata);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_UPDATED:
        event->kind = EVENT_SESSION_UPDATED;
        event->session = convert_sid(entry->session_updated->session);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED:
        event->kind = EVENT_SESSION_CLOSED;
        event->session = convert_sid(entry->session_closed->session);
        event->status = (int)entry->session_closed->status;
        event->closed_reason = (int)entry->session_closed->reason;
        event->end_time = entry->session_closed->end_time;
        event->purge_time = entry->session_closed->purge_time;
        reason(event, entry->session_closed->fail_reason);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_REOPENED:
        event->kind = EVENT_SESSION_REOPENED;
        event->session = convert_sid(entry->session_reopened->session);
        break;
    default:
        event->kind = EVENT_SESSION_DELETED;
        event->session = convert_sid(entry->session_deleted->session);
        event->purged = entry->session_deleted->purged;
        event->service_deleted = entry->session_deleted->service_deleted;
    }
}

static void convert_people_entry(const struct world *world, const Maskline__Store__V1__Entry *entry,
                                 struct event *event)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED:
        event->kind = EVENT_PARTICIPANT_ADDED;
        event->session = convert_sid(entry->participant_added->session);
        event->participant = convert_sid(entry->participant_added->participant->sid);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED:
        event->kind = EVENT_PARTICIPANT_UPDATED;
        event->session = convert_sid(entry->participant_updated->session);
        event->participant = convert_sid(entry->participant_updated->participant->sid);
        event->person_replaced = entry->participant_updated->person_replaced;
        event->number_replaced = entry->participant_updated->number_replaced;
        event->number_ended = entry->participant_updated->number_ended;
        event->person = convert_person(world, entry->participant_updated->participant);
        break;
    default:
        event->kind = EVENT_PARTICIPANT_REMOVED;
        event->session = convert_sid(entry->participant_removed->session);
        event->participant = convert_sid(entry->participant_removed->participant);
    }
}

static void convert_notice(const Maskline__Store__V1__Interaction *notice, struct event *event)
{
    if (!notice)
        return;
    event->interaction = convert_interaction(notice);
    event->leg = event->interaction.outbound;
    event->occasion = notice->notice ? (int)notice->notice->occasion : -1;
}

static void convert_keyword_entry(const struct world *world,
                                  const Maskline__Store__V1__KeywordReceived *received,
                                  struct event *event)
{
    static const char *const actions[] = {"", "OPT_OUT", "OPT_IN", "OPT_IN_ONLY", "HELP"};
    event->kind = EVENT_KEYWORD;
    event->number = world_number_of(world, received->proxy_identifier);
    event->session = convert_sid(received->session);
    reason(event, actions[received->action]);
    if (received->added)
        event->bar = convert_opt_out(world, received->added);
    event->bars_added = received->added != NULL;
    event->bars_removed = (int)received->n_removed;
    convert_notice(received->notice, event);
}

static void convert_bar_entry(const struct world *world, const Maskline__Store__V1__Entry *entry,
                              struct event *event)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED:
        convert_keyword_entry(world, entry->keyword_received, event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED:
        event->kind = EVENT_OPT_OUT_ADDED;
        event->bar = convert_opt_out(world, entry->opt_out_added->opt_out);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED:
        event->kind = EVENT_OPT_OUT_REMOVED;
        event->bar = convert_opt_out(world, entry->opt_out_removed->opt_out);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED:
        event->kind = EVENT_BLOCK_ADDED;
        event->bar = convert_block(world, entry->block_added->block);
        break;
    default:
        event->kind = EVENT_BLOCK_REMOVED;
        event->bar = convert_block(world, entry->block_removed->block);
    }
}

static void convert_leg_entry(const Maskline__Store__V1__LegChanged *change, struct event *event)
{
    Maskline__Store__V1__Interaction around = MASKLINE__STORE__V1__INTERACTION__INIT;
    Maskline__Store__V1__Leg *legs[] = {change->now};
    around.sid = change->interaction;
    around.session = change->session;
    around.outbound = legs;
    around.n_outbound = 1;
    event->kind = EVENT_LEG_CHANGED;
    event->interaction = convert_interaction(&around);
    event->leg = event->interaction.outbound;
    event->session = event->interaction.session;
}

static void convert_call_entry(const Maskline__Store__V1__CallChanged *change, struct event *event)
{
    Maskline__Store__V1__Interaction around = MASKLINE__STORE__V1__INTERACTION__INIT;
    around.type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    around.sid = change->interaction;
    around.session = change->session;
    around.inbound = change->inbound;
    around.outbound = change->outbound;
    around.n_outbound = change->n_outbound;
    around.call = change->call;
    event->kind = EVENT_CALL_CHANGED;
    event->interaction = convert_interaction(&around);
    event->session = event->interaction.session;
}

static void convert_message_entry(const struct world *world,
                                  const Maskline__Store__V1__Entry *entry, struct event *event)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_CREATED:
        event->kind = EVENT_INTERACTION_CREATED;
        event->interaction = convert_interaction(entry->interaction_created->interaction);
        event->session = event->interaction.session;
        event->first = entry->interaction_created->first;
        event->metadata =
            convert_metadata(entry->interaction_created->interaction->session_metadata,
                             entry->interaction_created->interaction->n_session_metadata);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED:
        convert_leg_entry(entry->leg_changed, event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_CALL_CHANGED:
        convert_call_entry(entry->call_changed, event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED:
        event->kind = EVENT_INBOUND_REJECTED;
        event->number = world_number_of(world, entry->inbound_rejected->proxy_identifier);
        event->session = convert_sid(entry->inbound_rejected->session);
        reason(event, entry->inbound_rejected->reason);
        if (entry->inbound_rejected->last_session)
            event->last_session = convert_sid(entry->inbound_rejected->last_session->sid);
        convert_notice(entry->inbound_rejected->notice, event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INTERACTION_REDACTED:
        event->kind = EVENT_REDACTED;
        event->interaction.sid = convert_sid(entry->interaction_redacted->interaction);
        event->session = convert_sid(entry->interaction_redacted->session);
        event->deleted = entry->interaction_redacted->deleted;
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_WARNING:
        event->kind = EVENT_WARNING;
        event->session = convert_sid(entry->warning->session);
        reason(event, entry->warning->reason);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_POOL_EXHAUSTED:
        event->kind = EVENT_EXHAUSTED;
        event->session = convert_sid(entry->pool_exhausted->session);
        reason(event, entry->pool_exhausted->reason);
        break;
    default:
        break;
    }
}

struct event convert_entry(const struct world *world, const Maskline__Store__V1__Entry *entry)
{
    struct event event = {.time = entry->time,
                          .number = -1,
                          .metadata =
                              convert_metadata(entry->session_metadata, entry->n_session_metadata)};
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_CREATED:
        event.kind = EVENT_SERVICE_CREATED;
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_UPDATED:
        event.kind = EVENT_SERVICE_UPDATED;
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETING:
        event.kind = EVENT_SERVICE_DELETING;
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED:
        event.kind = EVENT_SERVICE_DELETED;
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_NUMBER_REMOVED:
        convert_number_entry(world, entry, &event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_REOPENED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED:
        convert_session_entry(entry, &event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_REMOVED:
        convert_people_entry(world, entry, &event);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED:
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED:
        convert_bar_entry(world, entry, &event);
        break;
    default:
        convert_message_entry(world, entry, &event);
    }
    return event;
}

/* ---- who stands in an entry ---- */

static char nobody[] = "";

static void hide_participants(Maskline__Store__V1__Participant **participants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        participants[i]->n_identifiers = 0;
}

static void hide_opt_out(Maskline__Store__V1__OptOut *opt_out)
{
    if (opt_out)
        opt_out->identifier = nobody;
}

static void hide_block(Maskline__Store__V1__Block *block)
{
    block->identifier = block->to_identifier = nobody;
}

static void hide_reader(Maskline__Store__V1__Interaction *notice)
{
    if (notice && notice->notice)
        notice->notice->identifier = nobody;
}

static void hide_keyword(Maskline__Store__V1__KeywordReceived *received)
{
    hide_opt_out(received->added);
    for (size_t i = 0; i < received->n_removed; i++)
        hide_opt_out(received->removed[i]);
    hide_reader(received->notice);
}

/* Where people are written down. */
static void hide(Maskline__Store__V1__Entry *entry)
{
    switch (entry->change_case) {
    case MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CREATED:
        hide_participants(entry->session_created->session->participants,
                          entry->session_created->session->n_participants);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_ADDED:
        hide_participants(&entry->participant_added->participant, 1);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_PARTICIPANT_UPDATED:
        hide_participants(&entry->participant_updated->participant, 1);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_KEYWORD_RECEIVED:
        hide_keyword(entry->keyword_received);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_ADDED:
        hide_opt_out(entry->opt_out_added->opt_out);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_OPT_OUT_REMOVED:
        hide_opt_out(entry->opt_out_removed->opt_out);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_ADDED:
        hide_block(entry->block_added->block);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_BLOCK_REMOVED:
        hide_block(entry->block_removed->block);
        break;
    case MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED:
        hide_reader(entry->inbound_rejected->notice);
        break;
    default:
        break;
    }
}

bool entry_leaks(const struct world *world, Maskline__Store__V1__Entry *entry)
{
    hide(entry);
    size_t size = maskline__store__v1__entry__get_packed_size(entry);
    uint8_t *bytes = malloc(size + 1);
    if (!bytes)
        return true;
    maskline__store__v1__entry__pack(entry, bytes);
    bool leaks = world_leaks(world, bytes, size, WHOS);
    free(bytes);
    return leaks;
}
