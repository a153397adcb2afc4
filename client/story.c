#include "client/story.h"

#include "client/paint.h"
#include "client/table.h"

#include <string.h>

enum { NAME_SIZE = 256, SESSION_WIDTH = 12 };

struct story {
    struct cli *cli;
    struct names *names;
    struct arena *arena;
    const Maskline__V1__Event *event;
};

static void say(const struct story *story, enum paint paint_as, const char *text)
{
    bool color = story->cli->color && paint_as != PAINT_PLAIN;
    fputs(paint(color, paint_as), stdout);
    print_plain(text, stdout);
    fputs(paint(color, PAINT_PLAIN), stdout);
}

/* Ours, then the server's: what could steer a terminal is left out of that. */
static void put(const char *ours, const char *theirs)
{
    fputs(ours, stdout);
    print_plain(theirs, stdout);
}

/* A copy, since the names that were asked for before are gone with the next. */
static const char *name_of(const struct story *story, const char *participant,
                           const char **ret_proxy)
{
    struct person person = names_person(story->names, story->event, participant);
    const char *name = arena_string(story->arena, person.name);
    const char *proxy = arena_string(story->arena, person.proxy);
    *ret_proxy = proxy && *proxy ? proxy : "a number";
    return name ? name : "?";
}

static void say_message_id(const struct story *story, const char *sid)
{
    char text[SHORT_SID];
    say(story, PAINT_DIM, short_sid(sid, text));
    putchar(' ');
}

/* ---- messages ---- */

/* Whom it goes to: by which number, or that it does not, when that is known from the start. No other event tells that. */
static void tell_receiver(const struct story *story, const Maskline__V1__Leg *leg, const char *does,
                          const char *does_not)
{
    const char *proxy;
    say(story, PAINT_BOLD, name_of(story, leg->participant_sid, &proxy));
    if (leg->status != MASKLINE__V1__LEG_STATUS__LEG_STATUS_CANCELED)
        return put(does, proxy);
    say(story, PAINT_YELLOW, does_not);
    if (leg->error)
        put(", ", leg->error->reason);
}

static void tell_message(const struct story *story, const Maskline__V1__Interaction *interaction)
{
    const char *proxy = "", *to = NULL;
    say_message_id(story, interaction->sid);
    if (interaction->inbound) {
        say(story, PAINT_BOLD, name_of(story, interaction->inbound->participant_sid, &proxy));
        put(" wrote to ", proxy);
        fputs("; ", stdout);
        if (interaction->block) {
            say(story, PAINT_YELLOW, "blocked");
            put(", ", interaction->block->reason);
        } else if (interaction->n_outbound > 0) {
            tell_receiver(story, interaction->outbound[0], " gets it from ", " does not get it");
        } else {
            say(story, PAINT_BOLD, "nobody");
            fputs(" gets it", stdout);
        }
    } else {
        if (interaction->n_outbound > 0)
            to = name_of(story, interaction->outbound[0]->participant_sid, &proxy);
        fputs("the Service wrote to ", stdout);
        say(story, PAINT_BOLD, to ? to : "nobody");
        put(", from ", proxy);
    }
    fputs(": ", stdout);
    const Maskline__V1__MessageContent *content = interaction->content;
    say(story, PAINT_CYAN, content ? content->body : "(nothing any more)");
    if (content && content->n_media > 0)
        printf("%s[%zu media]", *content->body ? " " : "", content->n_media);
}

/* Who called whom, or whom the Service rings first. */
static void tell_call(const struct story *story, const Maskline__V1__Interaction *interaction)
{
    const char *proxy = "";
    say_message_id(story, interaction->sid);
    if (interaction->inbound) {
        say(story, PAINT_BOLD, name_of(story, interaction->inbound->participant_sid, &proxy));
        put(" called ", proxy);
        fputs("; ", stdout);
    } else {
        fputs("the Service calls ", stdout);
    }
    for (size_t i = 0; i < interaction->n_outbound; i++) {
        fputs(i == 0 ? "" : ", then ", stdout);
        tell_receiver(story, interaction->outbound[i],
                      interaction->inbound ? " is called from " : ", from ", " is not called");
    }
}

static enum paint paint_of(Maskline__V1__LegStatus status)
{
    switch (status) {
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_DELIVERED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_IN_PROGRESS:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_COMPLETED:
        return PAINT_GREEN;
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_UNDELIVERED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_FAILED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN:
        return PAINT_RED;
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_CANCELED:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_BUSY:
    case MASKLINE__V1__LEG_STATUS__LEG_STATUS_NO_ANSWER:
        return PAINT_YELLOW;
    default:
        return PAINT_PLAIN;
    }
}

static void tell_how_far(const struct story *story, const Maskline__V1__Leg *leg)
{
    const char *proxy;
    /* A notice goes to whom it answers, who may be nobody's participant. */
    fputs(*leg->participant_sid ? "to " : "a notice", stdout);
    if (*leg->participant_sid)
        say(story, PAINT_BOLD, name_of(story, leg->participant_sid, &proxy));
    fputs(": ", stdout);
    say(story, paint_of(leg->status),
        show_enum(story->arena, &maskline__v1__leg_status__descriptor, (int)leg->status));
    if (leg->error) {
        put(", ", leg->error->reason);
        put(*leg->error->carrier_code ? " " : "", leg->error->carrier_code);
    }
}

static void tell_leg(const struct story *story, const Maskline__V1__LegUpdated *updated)
{
    say_message_id(story, updated->interaction_sid);
    tell_how_far(story, updated->leg);
    if (updated->leg->attempts > 1)
        printf(" (%u attempts)", updated->leg->attempts);
}

static void tell_call_updated(const struct story *story, const Maskline__V1__CallUpdated *updated)
{
    say_message_id(story, updated->interaction_sid);
    for (size_t i = 0; i < updated->n_outbound; i++) {
        fputs(i == 0 ? "" : ", ", stdout);
        tell_how_far(story, updated->outbound[i]);
    }
    const Google__Protobuf__Duration *talked = updated->call->duration;
    if (updated->call->end_time)
        printf("; the call has ended%s%s", talked && talked->seconds ? " after " : "",
               talked && talked->seconds ? show_duration(story->arena, talked) : "");
    else if (*updated->call->hang_up_reason)
        put("; it is to be hung up, ", updated->call->hang_up_reason);
}

static void tell_rejected(const struct story *story, const Maskline__V1__InboundRejected *rejected)
{
    const char *proxy;
    say(story, PAINT_BOLD,
        *rejected->participant_sid ? name_of(story, rejected->participant_sid, &proxy)
                                   : "somebody");
    put(rejected->type == MASKLINE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE ? " called "
                                                                                 : " wrote to ",
        rejected->proxy_identifier);
    fputs(": ", stdout);
    say(story, PAINT_YELLOW, "reached nobody");
    put(", ", rejected->reason);
}

static void tell_keyword(const struct story *story, const Maskline__V1__KeywordReceived *keyword)
{
    const char *proxy;
    say(story, PAINT_BOLD,
        *keyword->participant_sid ? name_of(story, keyword->participant_sid, &proxy) : "somebody");
    put(" wrote a keyword to ", keyword->proxy_identifier);
    fputs(": ", stdout);
    say(story, PAINT_YELLOW,
        show_enum(story->arena, &maskline__v1__keyword_action__descriptor, (int)keyword->action));
    char text[SHORT_SID];
    if (*keyword->notice_sid)
        put("; it is answered by ", short_sid(keyword->notice_sid, text));
}

/* ---- sessions and people ---- */

static void tell_created(const struct story *story, const Maskline__V1__SessionSnapshot *session)
{
    say(story, PAINT_GREEN, "session opened");
    for (size_t i = 0; i < session->n_participants; i++) {
        const char *proxy;
        fputs(i == 0 ? ": " : ", ", stdout);
        say(story, PAINT_BOLD, name_of(story, session->participants[i]->sid, &proxy));
        put(" dials ", session->participants[i]->proxy_identifier);
    }
}

static void tell_person(const struct story *story, const char *sid, const char *what)
{
    const char *proxy;
    say(story, PAINT_BOLD, name_of(story, sid, &proxy));
    printf(" %s", what);
}

static void tell_closed(const struct story *story, const Maskline__V1__SessionClosed *closed)
{
    say(story, PAINT_YELLOW, "session closed");
    printf(": %s", show_enum(story->arena, &maskline__v1__session_closed_reason__descriptor,
                             (int)closed->reason));
}

/* What has no sentence of its own: its type, and what is most telling in it. */
static void tell_other(const struct story *story, const char *detail)
{
    const char *type =
        show_enum(story->arena, &maskline__v1__event_type__descriptor, (int)story->event->type);
    char words[NAME_SIZE];
    snprintf(words, sizeof words, "%s", type);
    for (char *at = words; *at; at++)
        if (*at == '-')
            *at = ' ';
    fputs(words, stdout);
    if (*detail)
        put(": ", detail);
}

static void tell_warning(const struct story *story, const Maskline__V1__Warning *warning)
{
    say(story, PAINT_YELLOW, "warning");
    put(": ", warning->reason);
    put(", ", warning->message);
}

static void tell_exhausted(const struct story *story, const Maskline__V1__PoolExhausted *exhausted)
{
    say(story, PAINT_YELLOW, "no number for somebody");
    put(" of +", exhausted->calling_code);
    if (*exhausted->country || *exhausted->place)
        put(" ", *exhausted->place ? exhausted->place : exhausted->country);
    put(": ", exhausted->reason);
}

static void tell_changed(const struct story *story, const Maskline__V1__ParticipantUpdated *updated)
{
    const char *sid = updated->participant->sid;
    if (!updated->person_replaced && !updated->number_replaced)
        return tell_person(story, sid,
                           updated->number_ended ? "has lost an earlier number" : "has changed");
    tell_person(story, sid, updated->person_replaced ? "is somebody else" : "has another number");
    if (updated->number_replaced)
        put(", and dials ", updated->participant->proxy_identifier);
}

/* Whether what its sentence is about is in it: a server can leave that out. */
static bool is_whole(const Maskline__V1__Event *event)
{
    switch (event->payload_case) {
    case MASKLINE__V1__EVENT__PAYLOAD_INTERACTION_CREATED:
        return event->interaction_created->interaction != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_LEG_UPDATED:
        return event->leg_updated->leg != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_CALL_UPDATED:
        return event->call_updated->call != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_CREATED:
        return event->session_created->session != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_PARTICIPANT_ADDED:
        return event->participant_added->participant != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_PARTICIPANT_UPDATED:
        return event->participant_updated->participant != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_ADDED:
        return event->phone_number_added->phone_number != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_UPDATED:
        return event->phone_number_updated->phone_number != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_CHANNEL_SENDER_ADDED:
        return event->channel_sender_added->channel_sender != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_CHANNEL_SENDER_UPDATED:
        return event->channel_sender_updated->channel_sender != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_SHORT_CODE_ADDED:
        return event->short_code_added->short_code != NULL;
    case MASKLINE__V1__EVENT__PAYLOAD_SHORT_CODE_UPDATED:
        return event->short_code_updated->short_code != NULL;
    default:
        return true;
    }
}

static void tell_what(const struct story *story)
{
    const Maskline__V1__Event *event = story->event;
    if (!is_whole(event))
        return tell_other(story, "");
    switch (event->payload_case) {
    case MASKLINE__V1__EVENT__PAYLOAD_INTERACTION_CREATED:
        return event->interaction_created->interaction->call
                   ? tell_call(story, event->interaction_created->interaction)
                   : tell_message(story, event->interaction_created->interaction);
    case MASKLINE__V1__EVENT__PAYLOAD_LEG_UPDATED:
        return tell_leg(story, event->leg_updated);
    case MASKLINE__V1__EVENT__PAYLOAD_CALL_UPDATED:
        return tell_call_updated(story, event->call_updated);
    case MASKLINE__V1__EVENT__PAYLOAD_INBOUND_REJECTED:
        return tell_rejected(story, event->inbound_rejected);
    case MASKLINE__V1__EVENT__PAYLOAD_KEYWORD_RECEIVED:
        return tell_keyword(story, event->keyword_received);
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_CREATED:
        return tell_created(story, event->session_created->session);
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_CLOSED:
        return tell_closed(story, event->session_closed);
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_REOPENED:
        return say(story, PAINT_GREEN, "session opened again");
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_FAILED:
        say(story, PAINT_RED, "session failed");
        put(": ", event->session_failed->fail_reason);
        return;
    case MASKLINE__V1__EVENT__PAYLOAD_PARTICIPANT_ADDED:
        tell_person(story, event->participant_added->participant->sid, "joined");
        put(", and dials ", event->participant_added->participant->proxy_identifier);
        return;
    case MASKLINE__V1__EVENT__PAYLOAD_PARTICIPANT_REMOVED:
        return tell_person(story, event->participant_removed->participant_sid, "was taken out");
    case MASKLINE__V1__EVENT__PAYLOAD_PARTICIPANT_UPDATED:
        return tell_changed(story, event->participant_updated);
    case MASKLINE__V1__EVENT__PAYLOAD_WARNING:
        return tell_warning(story, event->warning);
    case MASKLINE__V1__EVENT__PAYLOAD_POOL_EXHAUSTED:
        return tell_exhausted(story, event->pool_exhausted);
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_ADDED:
        return tell_other(story, event->phone_number_added->phone_number->phone_number);
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_UPDATED:
        return tell_other(story, event->phone_number_updated->phone_number->phone_number);
    case MASKLINE__V1__EVENT__PAYLOAD_PHONE_NUMBER_REMOVED:
        return tell_other(story, event->phone_number_removed->phone_number);
    case MASKLINE__V1__EVENT__PAYLOAD_CHANNEL_SENDER_ADDED:
        return tell_other(story, event->channel_sender_added->channel_sender->address);
    case MASKLINE__V1__EVENT__PAYLOAD_CHANNEL_SENDER_UPDATED:
        return tell_other(story, event->channel_sender_updated->channel_sender->address);
    case MASKLINE__V1__EVENT__PAYLOAD_CHANNEL_SENDER_REMOVED:
        return tell_other(story, event->channel_sender_removed->address);
    case MASKLINE__V1__EVENT__PAYLOAD_SHORT_CODE_ADDED:
        return tell_other(story, event->short_code_added->short_code->short_code);
    case MASKLINE__V1__EVENT__PAYLOAD_SHORT_CODE_UPDATED:
        return tell_other(story, event->short_code_updated->short_code->short_code);
    case MASKLINE__V1__EVENT__PAYLOAD_SHORT_CODE_REMOVED:
        return tell_other(story, event->short_code_removed->short_code);
    case MASKLINE__V1__EVENT__PAYLOAD_SESSION_DELETED:
        return tell_other(story,
                          show_enum(story->arena, &maskline__v1__session_deleted_reason__descriptor,
                                    (int)event->session_deleted->reason));
    default:
        return tell_other(story, "");
    }
}

void story_tell(struct cli *cli, struct names *names, struct arena *arena,
                const Maskline__V1__Event *event)
{
    struct story story = {cli, names, arena, event};
    printf("%s%s%s  ", paint(cli->color, PAINT_DIM), show_time(arena, event->event_time),
           paint(cli->color, PAINT_PLAIN));
    char session[NAME_SIZE];
    snprintf(session, sizeof session, "%s",
             *event->session_sid ? names_session(names, event) : "-");
    size_t width = strlen(session);
    say(&story, PAINT_DIM, session);
    printf("%*s  ", width < SESSION_WIDTH ? (int)(SESSION_WIDTH - width) : 0, "");
    tell_what(&story);
    putchar('\n');
}
