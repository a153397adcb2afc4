#include "server/api/keyword_settings.h"
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

static uint32_t changes_named(const char *path)
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
    ck_assert_uint_eq(changes_named("unique_name"), CHANGES_NAME);
    ck_assert_uint_eq(changes_named("number_policy.cool_down"), CHANGES_COOL_DOWN);
    ck_assert_uint_eq(changes_named("retention_policy.events"), CHANGES_EVENTS);
    ck_assert_uint_eq(changes_named("message_policy"), CHANGES_MAX_LIFE | CHANGES_CLOSING_GRACE |
                                                           CHANGES_MAX_BODY | CHANGES_MAX_MEDIA |
                                                           CHANGES_MAX_MEDIA_URL);
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

/* Each field of each policy must have a path: one that is added and forgotten here could never be changed. */
START_TEST(test_each_field_has_a_path)
{
    static const struct {
        const char *policy;
        const ProtobufCMessageDescriptor *descriptor;
    } policies[] = {
        {"session_policy", &maskline__v1__session_policy__descriptor},
        {"number_policy", &maskline__v1__number_policy__descriptor},
        {"message_policy", &maskline__v1__message_policy__descriptor},
        {"retention_policy", &maskline__v1__retention_policy__descriptor},
        {"keyword_policy", &maskline__v1__keyword_policy__descriptor},
        {"rate_policy", &maskline__v1__rate_policy__descriptor},
        {"notice_policy", &maskline__v1__notice_policy__descriptor},
        {"cap_policy", &maskline__v1__cap_policy__descriptor},
    };
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        uint32_t all = 0;
        for (unsigned j = 0; j < policies[i].descriptor->n_fields; j++) {
            char path[80];
            snprintf(path, sizeof path, "%s.%s", policies[i].policy,
                     policies[i].descriptor->fields[j].name);
            uint32_t change = changes_named(path);
            ck_assert_msg(change != 0 && !(change & all), "%s", path);
            all |= change;
        }
        ck_assert_uint_eq(changes_named(policies[i].policy), all);
    }
}
END_TEST

/* holds: API-13 */
START_TEST(test_what_is_set_changes)
{
    Maskline__V1__SessionPolicy session = MASKLINE__V1__SESSION_POLICY__INIT;
    Maskline__V1__NumberPolicy number = MASKLINE__V1__NUMBER_POLICY__INIT;
    struct policies policies = {.session = &session, .number = &number};
    ck_assert_uint_eq(policies_set(&policies), 0);
    session.default_ttl = seconds(0);
    number.cool_down = seconds(60);
    number.selection_behavior =
        MASKLINE__V1__NUMBER_SELECTION_BEHAVIOR__NUMBER_SELECTION_BEHAVIOR_AVOID_STICKY;
    uint32_t changes = policies_set(&policies);
    ck_assert_uint_eq(changes, CHANGES_DEFAULT_TTL | CHANGES_COOL_DOWN | CHANGES_SELECTION);
    error_clear(&error);
    struct service_settings settings = settings_read(&error, NULL, &policies, changes);
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
    struct policies nothing = {0};
    struct service_settings standard = service_settings_default();
    struct arena *arena = arena_new(65536);
    error_clear(&error);
    struct service_settings settings = settings_read(&error, arena, &nothing, UINT32_MAX);
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
    struct policies policies = {.session = &session, .retention = &retention};
    session.default_mode = (Maskline__V1__SessionMode)9;
    retention.events = seconds(-1);
    error_clear(&error);
    settings_read(&error, NULL, &policies, policies_set(&policies));
    ck_assert_uint_eq(error.field_count, 2);
    ck_assert_str_eq(error.fields[0].name, "retention_policy.events");
    ck_assert_str_eq(error.fields[1].name, "session_policy.default_mode");
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
    struct policies policies = {.keyword = &policy};
    ck_assert_uint_eq(policies_set(&policies), 0);
    policy.handling = MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_OFF;
    policy.opt_out_scope = MASKLINE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER;
    policy.keywords = keywords;
    policy.n_keywords = 1;
    uint32_t changes = policies_set(&policies);
    ck_assert_uint_eq(changes, changes_named("keyword_policy"));
    error_clear(&error);
    struct service_settings settings = settings_read(&error, arena, &policies, changes);
    ck_assert_int_eq(error.code, STATUS_OK);
    ck_assert_int_eq(settings.keyword_handling, KEYWORDS_OFF);
    ck_assert_int_eq(settings.opt_out_scope,
                     MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER);
    ck_assert_uint_eq(settings.keywords->count, 1);
    ck_assert_str_eq(settings.keywords->words[0].word, "ALTO");
    /* A Service that has no words of its own shows those that hold. */
    Maskline__Store__V1__Settings stored = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__V1__KeywordPolicy *shown = keyword_policy_message(arena, &stored);
    ck_assert_int_eq(shown->handling, MASKLINE__V1__KEYWORD_HANDLING__KEYWORD_HANDLING_ON);
    ck_assert_uint_eq(shown->n_keywords, 21);
    ck_assert_str_eq(shown->keywords[0]->word, "STOP");
    policy.handling = (Maskline__V1__KeywordHandling)9;
    error_clear(&error);
    settings_read(&error, arena, &policies, changes);
    ck_assert_str_eq(error.fields[0].name, "keyword_policy.handling");
    arena_free(arena);
}
END_TEST

SUITE_MAIN("settings", test_mask_names_a_field_or_all_of_a_policy,
           test_mask_that_names_something_else_is_refused, test_each_field_has_a_path,
           test_what_is_set_changes, test_what_is_named_and_absent_gets_its_default,
           test_bad_values_are_told_with_their_paths, test_keywords_come_and_go)
