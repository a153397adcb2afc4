#include "client/cli.h"
#include "client/reflect.h"
#include "client/service_delete.h"

#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/services.pb-c.h"

#include <string.h>
#include <strings.h>

/* Of calls only what is not as the API says that it is by default: most Services have nothing of their own there. */
static const char *const heads[] = {
    "SID",          "NAME",
    "STATE",        "TTL",
    "MODE",         "SELECTION",
    "COOL-DOWN",    "CREATED",
    "RING-LIMIT",   "RING-LIMIT-WITHOUT-KEY",
    "LONGEST-CALL", "ACCEPTANCE",
    "WHISPER",      "ANNOUNCEMENT",
    "RECORDING",    "CONSENT-NOTICE",
};
static const char *const usual[] = {
    NULL,  NULL,  NULL, NULL,  NULL, NULL, NULL,  NULL,
    "30s", "18s", "4h", "key", "-",  "-",  "off", "This call is recorded.",
};
_Static_assert(sizeof usual == sizeof heads, "each column has a usual text");

static void voice_cells(struct arena *arena, struct table *table,
                        const Maskline__V1__VoicePolicy *voice)
{
    static const Maskline__V1__VoicePolicy none = MASKLINE__V1__VOICE_POLICY__INIT;
    if (!voice)
        voice = &none;
    table_cell(table, show_duration(arena, voice->ring_limit));
    table_cell(table, show_duration(arena, voice->ring_limit_without_key));
    table_cell(table, show_duration(arena, voice->longest_call));
    table_cell(table, show_enum(arena, &maskline__v1__call_acceptance__descriptor,
                                (int)voice->acceptance));
    table_cell(table, voice->whisper);
    table_cell(table, voice->announcement);
    table_cell(table,
               show_enum(arena, &maskline__v1__call_recording__descriptor, (int)voice->recording));
    table_cell(table, voice->consent_notice);
}

static void row(struct arena *arena, struct table *table, const ProtobufCMessage *message)
{
    const Maskline__V1__Service *service = (const Maskline__V1__Service *)(const void *)message;
    const Maskline__V1__SessionPolicy *session = service->session_policy;
    const Maskline__V1__NumberPolicy *number = service->number_policy;
    table_cell(table, service->sid);
    table_cell(table, service->unique_name);
    table_cell(table,
               show_enum(arena, &maskline__v1__service_state__descriptor, (int)service->state));
    table_cell(table, show_duration(arena, session ? session->default_ttl : NULL));
    table_cell(table, show_enum(arena, &maskline__v1__session_mode__descriptor,
                                session ? (int)session->default_mode : 0));
    table_cell(table, show_enum(arena, &maskline__v1__number_selection_behavior__descriptor,
                                number ? (int)number->selection_behavior : 0));
    table_cell(table, show_duration(arena, number ? number->cool_down : NULL));
    table_cell(table, show_time(arena, service->create_time));
    voice_cells(arena, table, service->voice_policy);
}

static const struct view view = {
    .heads = heads, .columns = sizeof heads / sizeof *heads, .row = row, .usual = usual};

/* What update can set, and, but for the name, create. */
static const struct option settings[] = {
    {.name = "name", .value = "NAME", .help = "its new name", .field = "unique_name"},
    {.name = "default-ttl",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "sessions that give neither ttl nor date end so long after the last message",
     .field = "session_policy.default_ttl"},
    {.name = "default-mode",
     .value = "MODE",
     .kind = OPTION_CHOICE,
     .help = "what sessions carry that do not say it",
     .field = "session_policy.default_mode",
     .values = &maskline__v1__session_mode__descriptor},
    {.name = "idle-cap",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "every session ends after so long without a message",
     .field = "session_policy.idle_cap"},
    {.name = "reuse-names",
     .kind = OPTION_FLAG,
     .help = "the name of an ended session can be taken again",
     .field = "session_policy.reuse_names"},
    {.name = "unique-names",
     .kind = OPTION_UNFLAG,
     .help = "it cannot, as long as that session is kept (default)",
     .field = "session_policy.reuse_names"},
    {.name = "selection",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "whether a person gets the same number again",
     .field = "number_policy.selection_behavior",
     .values = &maskline__v1__number_selection_behavior__descriptor},
    {.name = "geo-level",
     .value = "LEVEL",
     .kind = OPTION_CHOICE,
     .help = "how near a number has to be to its person (default country)",
     .field = "number_policy.geo_match_level",
     .values = &maskline__v1__geo_match_level__descriptor},
    {.name = "geo-matching",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "whether a number that is farther away is refused, or taken when none is near",
     .field = "number_policy.geo_matching",
     .values = &maskline__v1__geo_matching__descriptor},
    {.name = "most-reserved",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "how many reserved numbers its pool may have (default 5000)",
     .field = "number_policy.most_reserved"},
    {.name = "most-unreserved",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "how many other numbers its pool may have (default 500)",
     .field = "number_policy.most_unreserved"},
    {.name = "cool-down",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "a person and a number it had stay apart for so long (default 4h)",
     .field = "number_policy.cool_down"},
    {.name = "late-reply-window",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how late replies may be (default 3h)",
     .field = "number_policy.late_reply_window"},
    {.name = "quarantine",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long a removed number rests (default 7d)",
     .field = "number_policy.quarantine"},
    {.name = "message-life",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "a message is not sent any more after so long (default 1h)",
     .field = "message_policy.max_life"},
    {.name = "closing-grace",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "what was accepted is sent for so long after its session ended (default 0s)",
     .field = "message_policy.closing_grace"},
    {.name = "max-body",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "characters that a text may have (default 1600)",
     .field = "message_policy.max_body_length"},
    {.name = "max-media",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "items of media that a text may have (default 10)",
     .field = "message_policy.max_media"},
    {.name = "max-media-url",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "characters that their URLs may have (default 2048)",
     .field = "message_policy.max_media_url_length"},
    {.name = "intercept-messages",
     .kind = OPTION_FLAG,
     .help = "texts are put to a program of yours before they are relayed",
     .field = "interception_policy.messages"},
    {.name = "relay-messages",
     .kind = OPTION_UNFLAG,
     .help = "they are relayed without a question (default)",
     .field = "interception_policy.messages"},
    {.name = "intercept-calls",
     .kind = OPTION_FLAG,
     .help = "calls are put to a program of yours before anybody is rung",
     .field = "interception_policy.calls"},
    {.name = "relay-calls",
     .kind = OPTION_UNFLAG,
     .help = "they are connected without a question (default)",
     .field = "interception_policy.calls"},
    {.name = "interception-failure",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "what becomes of what nobody decides about: open, it goes on (default); closed, it is "
             "blocked",
     .field = "interception_policy.failure",
     .values = &maskline__v1__interception_failure__descriptor},
    {.name = "message-deadline",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long an answer about a text may take (default 5s)",
     .field = "interception_policy.message_deadline"},
    {.name = "call-deadline",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long an answer about a call may take (default 3s)",
     .field = "interception_policy.call_deadline"},
    {.name = "keywords",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "whether words such as STOP do anything (default on)",
     .field = "keyword_policy.handling",
     .values = &maskline__v1__keyword_handling__descriptor},
    {.name = "opt-out-scope",
     .value = "WHAT",
     .kind = OPTION_CHOICE,
     .help = "what STOP stops (default service)",
     .field = "keyword_policy.opt_out_scope",
     .values = &maskline__v1__opt_out_scope__descriptor},
    {.name = "opt-out-of-calls",
     .kind = OPTION_FLAG,
     .help = "STOP stops calls, too",
     .field = "keyword_policy.opt_out_of_calls"},
    {.name = "opt-out-of-messages-only",
     .kind = OPTION_UNFLAG,
     .help = "it does not (default)",
     .field = "keyword_policy.opt_out_of_calls"},
    {.name = "keyword",
     .value = "WORD=ACTION[:LANG]",
     .help = "a word of its own, as in ALTO=opt-out:es or AYUDA=help:es; may be repeated",
     .many = true},
    {.name = "person-cap",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "interactions of one person within a period (default 0: any number)",
     .field = "cap_policy.person_interactions"},
    {.name = "person-period",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "that period (default 1d)",
     .field = "cap_policy.person_period"},
    {.name = "session-cap",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "interactions of one session (default 0: any number)",
     .field = "cap_policy.session_interactions"},
    {.name = "notice",
     .value = "WHEN[:LANG]=TEXT",
     .help = "what people are told, as in help:fr=Bonjour; empty: nothing; may be repeated",
     .many = true},
    {.name = "ring-limit",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long each number is rung where a key is asked for (default 30s)",
     .field = "voice_policy.ring_limit"},
    {.name = "ring-limit-without-key",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long where none is, below the pick-up of voicemails (default 18s)",
     .field = "voice_policy.ring_limit_without_key"},
    {.name = "longest-call",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "calls are hung up after so long (default 4h)",
     .field = "voice_policy.longest_call"},
    {.name = "acceptance",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "whether who picks up has to press 1 (default key)",
     .field = "voice_policy.acceptance",
     .values = &maskline__v1__call_acceptance__descriptor},
    {.name = "whisper",
     .value = "TEXT",
     .help = "what the callee alone is told when it has picked up",
     .field = "voice_policy.whisper"},
    {.name = "announcement",
     .value = "TEXT",
     .help = "what the caller is told before the callee is rung",
     .field = "voice_policy.announcement"},
    {.name = "recording",
     .value = "HOW",
     .kind = OPTION_CHOICE,
     .help = "whether the carrier records calls (default off)",
     .field = "voice_policy.recording",
     .values = &maskline__v1__call_recording__descriptor},
    {.name = "consent-notice",
     .value = "TEXT",
     .help = "what both are told before it does",
     .field = "voice_policy.consent_notice"},
    {.name = "keep-sessions",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long ended sessions are kept (default 90d)",
     .field = "retention_policy.closed_sessions"},
    {.name = "keep-events",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long events are kept (default 30d)",
     .field = "retention_policy.events"},
    {.name = "keep-interactions",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long messages and calls are kept, also in sessions that live (default as long as "
             "those)",
     .field = "retention_policy.interactions"},
    {.name = "keep-request-ids",
     .value = "TIME",
     .kind = OPTION_DURATION,
     .help = "how long a request id makes a repeat safe (default 24h)",
     .field = "retention_policy.request_ids"},
    {.name = "rate",
     .value = "COUNT",
     .kind = OPTION_NUMBER,
     .help = "calls of a method in a second, on average over 5s; 0 for no limit (default)",
     .field = "rate_policy.requests_per_second"},
    {0},
};

/* "ALTO=opt-out:es" */
static bool read_keyword(struct cli *cli, const char *text, Maskline__V1__Keyword *ret_keyword)
{
    static const struct option action = {.values = &maskline__v1__keyword_action__descriptor};
    const char *equals = strrchr(text, '=');
    const char *colon = equals ? strchr(equals, ':') : NULL;
    size_t size = equals ? (colon ? (size_t)(colon - equals - 1) : strlen(equals + 1)) : 0;
    maskline__v1__keyword__init(ret_keyword);
    for (unsigned i = 0; equals && i < action.values->n_values; i++) {
        int value = action.values->values[i].value;
        const char *name = show_enum(cli->arena, action.values, value);
        if (value && strlen(name) == size && !strncasecmp(name, equals + 1, size))
            ret_keyword->action = (Maskline__V1__KeywordAction)value;
    }
    if (!ret_keyword->action) {
        cli_usage("--keyword wants WORD=ACTION or WORD=ACTION:LANGUAGE with one of %s, not '%s'",
                  option_choices(cli->arena, &action, ", "), text);
        return false;
    }
    ret_keyword->word = arena_printf(cli->arena, "%.*s", (int)(equals - text), text);
    if (colon)
        ret_keyword->language = arena_string(cli->arena, colon + 1);
    return ret_keyword->word && ret_keyword->language;
}

/* A policy of a request, which may be there already; NULL: the arena is full. */
static void *policy_of(struct cli *cli, ProtobufCMessage *request, const char *name)
{
    const ProtobufCFieldDescriptor *field = reflect_field(request->descriptor, name);
    ProtobufCMessage **policy = (ProtobufCMessage **)(void *)((char *)request + field->offset);
    if (!*policy)
        *policy = reflect_new(cli->arena, field->descriptor);
    return *policy;
}

static bool add_keywords(struct cli *cli, ProtobufCMessage *message)
{
    const struct given *given[MANY_MOST];
    size_t count = input_many(cli, "keyword", given);
    if (count == 0)
        return true;
    Maskline__V1__KeywordPolicy *policy = policy_of(cli, message, "keyword_policy");
    Maskline__V1__Keyword *keywords = arena_array(cli->arena, count, sizeof *keywords);
    Maskline__V1__Keyword **list = arena_array(cli->arena, count, sizeof *list);
    if (!policy || !keywords || !list)
        return cli_no_memory(), false;
    for (size_t i = 0; i < count; i++) {
        if (!read_keyword(cli, given[i]->text, &keywords[i]))
            return false;
        list[i] = &keywords[i];
    }
    policy->keywords = list;
    policy->n_keywords = count;
    return true;
}

/* "help:fr=Bonjour" */
static bool read_notice(struct cli *cli, const char *text, Maskline__V1__Notice *ret_notice)
{
    static const struct option occasion = {.values = &maskline__v1__notice_occasion__descriptor};
    size_t head = strcspn(text, "=");
    size_t size = strcspn(text, ":=");
    maskline__v1__notice__init(ret_notice);
    for (unsigned i = 0; text[head] && i < occasion.values->n_values; i++) {
        int value = occasion.values->values[i].value;
        const char *name = show_enum(cli->arena, occasion.values, value);
        if (value && strlen(name) == size && !strncasecmp(name, text, size))
            ret_notice->occasion = (Maskline__V1__NoticeOccasion)value;
    }
    if (!ret_notice->occasion) {
        cli_usage("--notice wants WHEN=TEXT or WHEN:LANGUAGE=TEXT with one of %s, not '%s'",
                  option_choices(cli->arena, &occasion, ", "), text);
        return false;
    }
    if (size < head)
        ret_notice->language =
            arena_printf(cli->arena, "%.*s", (int)(head - size - 1), text + size + 1);
    ret_notice->text = arena_string(cli->arena, text + head + 1);
    return ret_notice->language && ret_notice->text;
}

static bool add_notices(struct cli *cli, ProtobufCMessage *message)
{
    const struct given *given[MANY_MOST];
    size_t count = input_many(cli, "notice", given);
    if (count == 0)
        return true;
    Maskline__V1__NoticePolicy *policy = policy_of(cli, message, "notice_policy");
    Maskline__V1__Notice *notices = arena_array(cli->arena, count, sizeof *notices);
    Maskline__V1__Notice **list = arena_array(cli->arena, count, sizeof *list);
    if (!policy || !notices || !list)
        return cli_no_memory(), false;
    for (size_t i = 0; i < count; i++) {
        if (!read_notice(cli, given[i]->text, &notices[i]))
            return false;
        list[i] = &notices[i];
    }
    policy->notices = list;
    policy->n_notices = count;
    return true;
}

static bool add_lists(struct cli *cli, ProtobufCMessage *message)
{
    return add_keywords(cli, message) && add_notices(cli, message);
}

static const struct option delete_options[] = {
    {.name = "wait", .kind = OPTION_FLAG, .help = "until all that was in it is gone"},
    {0},
};

const struct command service_commands[] = {
    {.noun = "service",
     .verb = "create",
     .summary = "Make a Service",
     .more = "It has no numbers yet: `maskline number add` gives it some.",
     .arguments = {{"NAME", "unique_name", LIVE_NOTHING}},
     .options = settings + 1,
     .examples = {"rides", "clinic --default-ttl 2h --idle-cap 1d --most-unreserved 20000"},
     .method = &maskline_v1_services_create_service__method,
     .shown = "service",
     .view = &view,
     .fill = add_lists},
    {.noun = "service",
     .verb = "list",
     .summary = "Show all Services",
     .examples = {"", "--json"},
     .method = &maskline_v1_services_list_services__method,
     .shown = "services",
     .view = &view},
    {.noun = "service",
     .verb = "get",
     .summary = "Show a Service",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .examples = {"rides"},
     .method = &maskline_v1_services_get_service__method,
     .shown = "service",
     .view = &view},
    {.noun = "service",
     .verb = "update",
     .summary = "Change a Service's settings",
     .more = "The new settings hold from now on; of what exists, only for what the API says.",
     .arguments = {{"SERVICE", "service", LIVE_SERVICE}},
     .options = settings,
     .examples = {"rides --idle-cap 1d", "rides --geo-level overlay --geo-matching best-effort",
                  "clinic --name surgery --rate 30",
                  "rides --keyword STOP=opt-out --keyword ALTO=opt-out:es --keyword START=opt-in",
                  "rides --notice 'out-of-session=Nobody reads this number.' --notice help="},
     .method = &maskline_v1_services_update_service__method,
     .shown = "service",
     .view = &view,
     .updates = true,
     .masked = true,
     .fill = add_lists},
    {.noun = "service",
     .verb = "delete",
     .summary = "Delete a Service with all that is in it",
     .more =
         "From the answer on nothing of it is routed, its name is free, and its numbers rest in "
         "quarantine; its sessions go one by one. On a terminal --wait shows how far that is.",
     .arguments = {{"SERVICE", NULL, LIVE_SERVICE}},
     .options = delete_options,
     .examples = {"surgery", "rides --wait"},
     .view = &view,
     .run = service_delete},
    {0},
};
