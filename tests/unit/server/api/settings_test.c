#include "server/api/settings.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct error error;

static Google__Protobuf__Duration *seconds(int64_t count)
{
    static Google__Protobuf__Duration pool[16];
    static unsigned used;
    Google__Protobuf__Duration *one = &pool[used++ % 16];
    google__protobuf__duration__init(one);
    one->seconds = count;
    return one;
}

static uint64_t changes_named(const char *path)
{
    union {
        const char *given;
        char *taken;
    } cast = {path};
    Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
    mask.paths = &cast.taken;
    mask.n_paths = 1;
    error_clear(&error);
    return mask_changes(&error, &mask, service_mask_paths());
}

START_TEST(test_mask_names_a_field_or_all_of_a_policy)
{
    ck_assert_uint_eq(changes_named("unique_name"), CHANGE_OF_NAME);
    ck_assert_uint_eq(changes_named("number_policy.cool_down"), SETTING_CHANGE(cool_down));
    ck_assert_uint_eq(changes_named("retention_policy.events"), SETTING_CHANGE(event_retention));
    ck_assert_uint_eq(changes_named("message_policy"),
                      SETTING_CHANGE(max_message_life) | SETTING_CHANGE(closing_grace) |
                          SETTING_CHANGE(max_body_length) | SETTING_CHANGE(max_media) |
                          SETTING_CHANGE(max_media_url_length));
    ck_assert_int_eq(error.code, STATUS_OK);
}
END_TEST

/* holds: API-14 */
START_TEST(test_mask_that_names_something_else_is_refused)
{
    static const char *const wrong[] = {
        "sid",     "",  "*", "numberPolicy", "number_policy.", "number_policy.cool_down.seconds",
        "service", NULL};
    for (const char *const *path = wrong; *path; path++) {
        ck_assert_uint_eq(changes_named(*path), 0);
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.fields[0].name, "update_mask");
    }
}
END_TEST

static bool is_policy(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           field->descriptor != &google__protobuf__field_mask__descriptor;
}

/* Each field of each policy is a setting, and has a path: one that is added and forgotten could never be changed. */
START_TEST(test_each_field_has_a_path)
{
    const ProtobufCMessageDescriptor *request = &maskline__v1__update_service_request__descriptor;
    uint64_t every = CHANGE_OF_NAME;
    for (unsigned i = 0; i < request->n_fields; i++) {
        if (!is_policy(&request->fields[i]))
            continue;
        const ProtobufCMessageDescriptor *policy = request->fields[i].descriptor;
        uint64_t all = 0;
        for (unsigned j = 0; j < policy->n_fields; j++) {
            char path[80];
            snprintf(path, sizeof path, "%s.%s", request->fields[i].name, policy->fields[j].name);
            uint64_t change = changes_named(path);
            ck_assert_msg(change != 0 && !(change & every), "%s", path);
            all |= change;
            every |= change;
        }
        ck_assert_uint_eq(changes_named(request->fields[i].name), all);
    }
    ck_assert_uint_eq(every, (UINT64_C(2) << SETTINGS) - 1);
}
END_TEST

static const ProtobufCFieldDescriptor *policy_of(const ProtobufCMessageDescriptor *message,
                                                 const char *path)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "."), path);
    return protobuf_c_message_descriptor_get_field_by_name(message, name);
}

/* Whoever makes, changes or sees a Service knows the same settings, in the form that their kind asks for. */
START_TEST(test_each_setting_is_in_each_message)
{
    static const ProtobufCMessageDescriptor *const messages[] = {
        &maskline__v1__service__descriptor, &maskline__v1__create_service_request__descriptor,
        &maskline__v1__update_service_request__descriptor};
    static const ProtobufCType types[] = {
        [SETTING_TIME] = PROTOBUF_C_TYPE_MESSAGE, [SETTING_COUNT] = PROTOBUF_C_TYPE_UINT32,
        [SETTING_TEXT] = PROTOBUF_C_TYPE_STRING,  [SETTING_CHOICE] = PROTOBUF_C_TYPE_ENUM,
        [SETTING_SWITCH] = PROTOBUF_C_TYPE_BOOL,  [SETTING_LIST] = PROTOBUF_C_TYPE_MESSAGE,
    };
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *setting = service_setting(i);
        for (size_t j = 0; j < sizeof messages / sizeof *messages; j++) {
            const ProtobufCFieldDescriptor *policy = policy_of(messages[j], setting->path);
            ck_assert_msg(policy && policy->label != PROTOBUF_C_LABEL_REPEATED, "%s",
                          setting->path);
            const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
                policy->descriptor, strchr(setting->path, '.') + 1);
            ck_assert_msg(field && field->type == types[setting->kind], "%s", setting->path);
            ck_assert_int_eq(field->label == PROTOBUF_C_LABEL_REPEATED,
                             setting->kind == SETTING_LIST);
            if (setting->kind == SETTING_TIME)
                ck_assert_ptr_eq(field->descriptor, &google__protobuf__duration__descriptor);
        }
    }
}
END_TEST

/* A record that an older version wrote has none of the settings that came later; what is shown of it is what holds. */
START_TEST(test_an_old_record_shows_defaults)
{
    struct arena *arena = arena_new(65536);
    Maskline__Store__V1__Settings stored = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__V1__Service service = MASKLINE__V1__SERVICE__INIT;
    stored.cool_down = 5000000;
    stored.reuse_names = true;
    settings_show(arena, &stored, &service);
    ck_assert_int_eq(service.number_policy->cool_down->seconds, 5);
    ck_assert(service.session_policy->reuse_names);
    ck_assert_int_eq(service.number_policy->geo_match_level,
                     MASKLINE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_COUNTRY);
    ck_assert_uint_eq(service.number_policy->most_reserved, 5000);
    ck_assert_uint_eq(service.number_policy->most_unreserved, 500);
    ck_assert_int_eq(service.cap_policy->person_period->seconds, 86400);
    ck_assert_uint_eq(service.cap_policy->person_interactions, 0);
    ck_assert_int_eq(service.retention_policy->request_ids->seconds, 86400);
    ck_assert_uint_eq(service.message_policy->max_body_length, 1600);
    ck_assert_uint_eq(service.rate_policy->requests_per_second, 0);
    ck_assert_int_eq(service.keyword_policy->handling,
                     MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_ON);
    ck_assert_uint_eq(service.notice_policy->n_notices, 0);
    ck_assert(!service.keyword_policy->opt_out_of_calls);
    ck_assert_int_eq(service.voice_policy->ring_limit->seconds, 30);
    ck_assert_int_eq(service.voice_policy->longest_call->seconds, 4 * 3600);
    ck_assert_int_eq(service.voice_policy->acceptance,
                     MASKLINE__V1__CALL_ACCEPTANCE__CALL_ACCEPTANCE_KEY);
    ck_assert_int_eq(service.voice_policy->recording,
                     MASKLINE__V1__CALL_RECORDING__CALL_RECORDING_OFF);
    ck_assert_str_eq(service.voice_policy->whisper, "");
    ck_assert_str_eq(service.voice_policy->consent_notice, "This call is recorded.");
    arena_free(arena);
}
END_TEST

/* Each setting that a request has stands in an answer as it was given, when the record took it. */
START_TEST(test_each_choice_and_count_comes_back)
{
    struct arena *arena = arena_new(65536);
    Maskline__Store__V1__Settings stored = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__V1__Service service = MASKLINE__V1__SERVICE__INIT;
    stored.geo_match_level = MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_REGION;
    stored.geo_matching = MASKLINE__STORE__V1__GEO_MATCHING__GEO_MATCHING_BEST_EFFORT;
    stored.most_reserved = 7;
    stored.session_cap = 8;
    stored.person_cap_period = 9000000;
    settings_show(arena, &stored, &service);
    Maskline__V1__UpdateServiceRequest request = MASKLINE__V1__UPDATE_SERVICE_REQUEST__INIT;
    request.number_policy = service.number_policy;
    request.cap_policy = service.cap_policy;
    error_clear(&error);
    struct service_settings settings =
        settings_read(&error, arena, &request.base, settings_set(&request.base));
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_int_eq(settings.geo_match_level, stored.geo_match_level);
    ck_assert_int_eq(settings.geo_matching, stored.geo_matching);
    ck_assert_int_eq(settings.most_reserved, 7);
    ck_assert_int_eq(settings.most_unreserved, 500);
    ck_assert_int_eq(settings.session_cap, 8);
    ck_assert_int_eq(settings.person_cap, SETTING_UNSET);
    ck_assert_int_eq(settings.person_cap_period, 9000000);
    request.number_policy->geo_match_level =
        MASKLINE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_EXTENDED_AREA_CODE;
    settings = settings_read(&error, arena, &request.base, settings_set(&request.base));
    ck_assert_int_eq(settings.geo_match_level,
                     MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_OVERLAY);
    arena_free(arena);
}
END_TEST

/* holds: API-13 */
START_TEST(test_what_is_set_changes)
{
    Maskline__V1__SessionPolicy session = MASKLINE__V1__SESSION_POLICY__INIT;
    Maskline__V1__NumberPolicy number = MASKLINE__V1__NUMBER_POLICY__INIT;
    Maskline__V1__UpdateServiceRequest request = MASKLINE__V1__UPDATE_SERVICE_REQUEST__INIT;
    request.session_policy = &session;
    request.number_policy = &number;
    ck_assert_uint_eq(settings_set(&request.base), 0);
    session.default_ttl = seconds(0);
    number.cool_down = seconds(60);
    number.selection_behavior =
        MASKLINE__V1__NUMBER_SELECTION_BEHAVIOR__NUMBER_SELECTION_BEHAVIOR_AVOID_STICKY;
    uint64_t changes = settings_set(&request.base);
    ck_assert_uint_eq(changes, SETTING_CHANGE(default_ttl) | SETTING_CHANGE(cool_down) |
                                   SETTING_CHANGE(number_selection));
    error_clear(&error);
    struct service_settings settings = settings_read(&error, NULL, &request.base, changes);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_int_eq(settings.default_ttl, 0);
    ck_assert_int_eq(settings.cool_down, 60000000);
    ck_assert_int_eq(settings.number_selection,
                     MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_AVOID_STICKY);
    ck_assert_int_eq(settings.idle_cap, SETTING_UNSET);
    ck_assert_int_eq(settings.max_message_life, SETTING_UNSET);
    ck_assert_int_eq(settings.default_mode, 0);
}
END_TEST

/* holds: API-15 */
START_TEST(test_what_is_named_and_absent_gets_its_default)
{
    Maskline__V1__CreateServiceRequest nothing = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    struct service_settings standard = service_settings_default();
    struct arena *arena = arena_new(65536);
    error_clear(&error);
    struct service_settings settings = settings_read(&error, arena, &nothing.base, UINT64_MAX);
    ck_assert_int_eq(settings.keyword_handling, KEYWORDS_ON);
    ck_assert_int_eq(settings.opt_out_scope, standard.opt_out_scope);
    ck_assert_uint_eq(settings.keywords->count, 0);
    ck_assert_int_eq(settings.cool_down, standard.cool_down);
    ck_assert_int_eq(settings.event_retention, standard.event_retention);
    ck_assert_int_eq(settings.max_message_life, standard.max_message_life);
    ck_assert_int_eq(settings.default_mode, standard.default_mode);
    ck_assert_int_ne(settings.default_mode, 0);
    ck_assert_int_ne(settings.number_selection, 0);
    ck_assert_int_eq(settings.max_body_length, 1600);
    ck_assert_int_eq(settings.max_media, 10);
    ck_assert_int_eq(settings.max_media_url_length, 2048);
    arena_free(arena);
}
END_TEST

START_TEST(test_bad_values_are_told_with_their_paths)
{
    Maskline__V1__SessionPolicy session = MASKLINE__V1__SESSION_POLICY__INIT;
    Maskline__V1__RetentionPolicy retention = MASKLINE__V1__RETENTION_POLICY__INIT;
    Maskline__V1__CreateServiceRequest request = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    request.session_policy = &session;
    request.retention_policy = &retention;
    session.default_mode = (Maskline__V1__SessionMode)9;
    retention.events = seconds(-1);
    error_clear(&error);
    settings_read(&error, NULL, &request.base, settings_set(&request.base));
    ck_assert_uint_eq(error.field_count, 2);
    ck_assert_str_eq(error.fields[0].name, "retention_policy.events");
    ck_assert_str_eq(error.fields[1].name, "session_policy.default_mode");
}
END_TEST

/* Texts come as they are given; an empty one that is named stands for its default. */
START_TEST(test_texts)
{
    char whisper[] = "A call about your order.";
    Maskline__V1__VoicePolicy voice = MASKLINE__V1__VOICE_POLICY__INIT;
    Maskline__V1__UpdateServiceRequest request = MASKLINE__V1__UPDATE_SERVICE_REQUEST__INIT;
    request.voice_policy = &voice;
    ck_assert_uint_eq(settings_set(&request.base), 0);
    voice.whisper = whisper;
    voice.ring_limit = seconds(20);
    uint64_t changes = settings_set(&request.base);
    ck_assert_uint_eq(changes, SETTING_CHANGE(whisper) | SETTING_CHANGE(ring_limit));
    error_clear(&error);
    struct service_settings settings = settings_read(&error, NULL, &request.base, changes);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_str_eq(settings.whisper, whisper);
    ck_assert_ptr_null(settings.announcement);
    ck_assert_int_eq(settings.ring_limit, 20000000);
    request.voice_policy = NULL;
    settings = settings_read(&error, NULL, &request.base, changes_named("voice_policy"));
    ck_assert_str_eq(settings.whisper, "");
    ck_assert_str_eq(settings.consent_notice, "");
    ck_assert_int_eq(settings.longest_call, INT64_C(4) * 3600 * 1000000);
    ck_assert_int_eq(settings.ring_limit_without_key, 18000000);
}
END_TEST

/* holds: KEY-16 */
START_TEST(test_keywords_come_and_go)
{
    struct arena *arena = arena_new(65536);
    char stop[] = "ALTO", language[] = "es";
    Maskline__V1__Keyword keyword = MASKLINE__V1__KEYWORD__INIT;
    Maskline__V1__Keyword *keywords[] = {&keyword};
    keyword.word = stop;
    keyword.action = MASKLINE__V1__KEYWORD_ACTION__KEYWORD_ACTION_OPT_OUT;
    keyword.language = language;
    Maskline__V1__KeywordPolicy policy = MASKLINE__V1__KEYWORD_POLICY__INIT;
    Maskline__V1__CreateServiceRequest request = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    request.keyword_policy = &policy;
    ck_assert_uint_eq(settings_set(&request.base), 0);
    policy.handling = MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_OFF;
    policy.opt_out_scope = MASKLINE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER;
    policy.opt_out_of_calls = true;
    policy.keywords = keywords;
    policy.n_keywords = 1;
    uint64_t changes = settings_set(&request.base);
    ck_assert_uint_eq(changes, changes_named("keyword_policy"));
    error_clear(&error);
    struct service_settings settings = settings_read(&error, arena, &request.base, changes);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_int_eq(settings.keyword_handling, KEYWORDS_OFF);
    ck_assert_int_eq(settings.opt_out_scope,
                     MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER);
    ck_assert_int_eq(settings.opt_out_of_calls, true);
    ck_assert_uint_eq(settings.keywords->count, 1);
    ck_assert_str_eq(settings.keywords->words[0].word, "ALTO");
    /* A Service that has no words of its own shows those that hold. */
    Maskline__Store__V1__Settings stored = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__V1__Service service = MASKLINE__V1__SERVICE__INIT;
    settings_show(arena, &stored, &service);
    Maskline__V1__KeywordPolicy *shown = service.keyword_policy;
    ck_assert_int_eq(shown->handling, MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_ON);
    ck_assert_uint_eq(shown->n_keywords, 21);
    ck_assert_str_eq(shown->keywords[0]->word, "STOP");
    policy.handling = (Maskline__V1__KeywordHandling)9;
    error_clear(&error);
    settings_read(&error, arena, &request.base, changes);
    ck_assert_str_eq(error.fields[0].name, "keyword_policy.handling");
    arena_free(arena);
}
END_TEST

SUITE_MAIN("settings", test_mask_names_a_field_or_all_of_a_policy,
           test_mask_that_names_something_else_is_refused, test_each_field_has_a_path,
           test_each_setting_is_in_each_message, test_an_old_record_shows_defaults,
           test_each_choice_and_count_comes_back, test_what_is_set_changes,
           test_what_is_named_and_absent_gets_its_default,
           test_bad_values_are_told_with_their_paths, test_texts, test_keywords_come_and_go)
