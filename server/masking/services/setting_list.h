/*
 * The settings of a Service, a line for each. A line makes
 *
 *   - the member of struct service_settings, and what it is when it is not given;
 *   - the default, the check of what a client gives, and the violation that tells of it;
 *   - what is kept in the record, and what a record means that is older than the setting;
 *   - in server/api: the path in update masks, the field that is read from requests, and the one that answers show.
 *
 * To add one:
 *
 *   1. maskline/v1/services.proto: its field in the message of a policy. A new policy is a field of the same name in Service,
 *      CreateServiceRequest and UpdateServiceRequest. Lines may name fields that are one message deep ("policy.field"), not more.
 *   2. maskline/store/v1/records.proto: its field in Settings, with the name of the line.
 *   3. Its line here.
 *   4. client/service.c: the line of its option.
 *
 * Tests fail for a field that has no line, or no option. What one setting has to do with another is told by settings_agree.
 *
 * The columns: kind, name, path, default, least, most, and the text of the violation. The kinds:
 *
 *   TIME    google.protobuf.Duration; int64 of microseconds in the record. It has a text of its own for what is wrong.
 *   COUNT   uint32; int64 or uint32 in the record. 0 of a request is the default. The text is given the most, as an int.
 *   CHOICE  an enum with the same numbers in both, where 0 is the default; from `least`, which is 1, to `most`.
 *   SWITCH  bool; off by default. Neither least, nor most, nor text.
 *   TEXT    string of at most `most` characters; an empty one stands for the default. Neither least nor text.
 *   LIST    repeated: see keyword_settings.c and notice_settings.c on either side. In place of the default stands the type of
 *           what is given; it is NULL when nothing is.
 *
 * A record that is older than a setting has 0 for it. When that is less than the least, the default holds; so a new setting that
 * may be 0 has 0 as its default.
 */
#ifndef MASKLINE_SERVER_MASKING_SERVICES_SETTING_LIST_H
#define MASKLINE_SERVER_MASKING_SERVICES_SETTING_LIST_H

#define SETTING_HOURS(count)   ((count)*INT64_C(3600000000))
#define SETTING_DAYS(count)    ((count)*INT64_C(86400000000))
#define SETTING_SECONDS(count) ((count)*INT64_C(1000000))
#define SETTING_TTL            (SECONDS_MOST * INT64_C(1000000))

enum {
    SETTING_NUMBERS_MOST = 100000,
    SETTING_CAP_MOST = 1000000000,
    SETTING_SAID_MOST = 500,
};

#define SETTING_STORED(type, value) MASKLINE__STORE__V1__##type##__##type##_##value

/* It would break the lines of a table. */
/* clang-format off */

/* Those that stand in the record by their names. */
#define PLAIN_SETTINGS(X) \
    X(TIME, default_ttl, "session_policy.default_ttl", 0, 0, SETTING_TTL, "") \
    X(TIME, idle_cap, "session_policy.idle_cap", 0, 0, SETTING_TTL, "") \
    X(TIME, cool_down, "number_policy.cool_down", SETTING_HOURS(4), 0, SETTING_DAYS(366), "") \
    X(TIME, late_reply_window, "number_policy.late_reply_window", SETTING_HOURS(3), 0, SETTING_DAYS(366), "") \
    X(TIME, quarantine, "number_policy.quarantine", SETTING_DAYS(7), 0, SETTING_DAYS(366), "") \
    X(TIME, max_message_life, "message_policy.max_life", SETTING_HOURS(1), 1, SETTING_DAYS(7), "") \
    X(TIME, closing_grace, "message_policy.closing_grace", 0, 0, SETTING_DAYS(7), "") \
    X(TIME, closed_session_retention, "retention_policy.closed_sessions", SETTING_DAYS(90), 1, SETTING_DAYS(3660), "") \
    X(TIME, event_retention, "retention_policy.events", SETTING_DAYS(30), 1, SETTING_DAYS(3660), "") \
    X(TIME, interaction_retention, "retention_policy.interactions", 0, 0, SETTING_DAYS(3660), "") \
    X(TIME, request_retention, "retention_policy.request_ids", REQUEST_KEPT, 1, SETTING_DAYS(366), "") \
    X(TIME, person_cap_period, "cap_policy.person_period", SETTING_DAYS(1), 1, SETTING_DAYS(366), "") \
    X(CHOICE, default_mode, "session_policy.default_mode", \
      SETTING_STORED(MODE, VOICE_AND_MESSAGE), 1, SETTING_STORED(MODE, VOICE_ONLY), "This is no mode.") \
    X(CHOICE, number_selection, "number_policy.selection_behavior", \
      SETTING_STORED(NUMBER_SELECTION, PREFER_STICKY), 1, SETTING_STORED(NUMBER_SELECTION, AVOID_STICKY), \
      "This is no behaviour.") \
    X(CHOICE, geo_match_level, "number_policy.geo_match_level", \
      SETTING_STORED(GEO_MATCH_LEVEL, COUNTRY), 1, SETTING_STORED(GEO_MATCH_LEVEL, RADIUS), "This is no level.") \
    X(CHOICE, geo_matching, "number_policy.geo_matching", \
      SETTING_STORED(GEO_MATCHING, STRICT), 1, SETTING_STORED(GEO_MATCHING, BEST_EFFORT), "STRICT or BEST_EFFORT.") \
    X(COUNT, most_reserved, "number_policy.most_reserved", 5000, 1, SETTING_NUMBERS_MOST, "From 1 to %d.") \
    X(COUNT, most_unreserved, "number_policy.most_unreserved", 500, 1, SETTING_NUMBERS_MOST, "From 1 to %d.") \
    X(COUNT, max_body_length, "message_policy.max_body_length", BODY_STANDARD, 1, BODY_MOST, "From 1 to %d.") \
    X(COUNT, max_media, "message_policy.max_media", MEDIA_STANDARD, 1, MEDIA_MOST, "From 1 to %d.") \
    X(COUNT, max_media_url_length, "message_policy.max_media_url_length", MEDIA_URL_MOST, 1, MEDIA_URL_MOST, \
      "From 1 to %d.") \
    X(COUNT, person_cap, "cap_policy.person_interactions", 0, 0, SETTING_CAP_MOST, "It must be 0 to %d.") \
    X(COUNT, session_cap, "cap_policy.session_interactions", 0, 0, SETTING_CAP_MOST, "It must be 0 to %d.") \
    X(COUNT, requests_per_second, "rate_policy.requests_per_second", 0, 0, RATE_MOST, "At most %d.") \
    X(SWITCH, reuse_names, "session_policy.reuse_names", false, , , "") \
    X(SWITCH, intercept_messages, "interception_policy.messages", false, , , "") \
    X(SWITCH, intercept_calls, "interception_policy.calls", false, , , "") \
    X(CHOICE, interception_failure, "interception_policy.failure", \
      SETTING_STORED(INTERCEPTION_FAILURE, OPEN), 1, SETTING_STORED(INTERCEPTION_FAILURE, CLOSED), "OPEN or CLOSED.") \
    X(TIME, message_deadline, "interception_policy.message_deadline", SETTING_SECONDS(5), 1, SETTING_SECONDS(60), "") \
    X(TIME, call_deadline, "interception_policy.call_deadline", SETTING_SECONDS(3), 1, SETTING_SECONDS(60), "")

/* Those that the record has in a form of its own. */
#define FORMED_SETTINGS(X) \
    X(CHOICE, keyword_handling, "keyword_policy.handling", KEYWORDS_ON, 1, KEYWORDS_OFF, "This is no handling.") \
    X(CHOICE, opt_out_scope, "keyword_policy.opt_out_scope", \
      SETTING_STORED(OPT_OUT_SCOPE, SERVICE), 1, SETTING_STORED(OPT_OUT_SCOPE, NUMBER), "This is no scope.") \
    X(SWITCH, opt_out_of_calls, "keyword_policy.opt_out_of_calls", false, , , "") \
    X(TIME, ring_limit, "voice_policy.ring_limit", SETTING_SECONDS(30), SETTING_SECONDS(5), SETTING_SECONDS(120), "") \
    X(TIME, ring_limit_without_key, "voice_policy.ring_limit_without_key", \
      SETTING_SECONDS(18), SETTING_SECONDS(5), SETTING_SECONDS(120), "") \
    X(TIME, longest_call, "voice_policy.longest_call", SETTING_HOURS(4), SETTING_SECONDS(10), SETTING_HOURS(24), "") \
    X(CHOICE, call_acceptance, "voice_policy.acceptance", CALLS_TAKE_KEY, 1, CALLS_TAKE_PICK_UP, "KEY or PICK_UP.") \
    X(TEXT, whisper, "voice_policy.whisper", "", , SETTING_SAID_MOST, "") \
    X(TEXT, announcement, "voice_policy.announcement", "", , SETTING_SAID_MOST, "") \
    X(CHOICE, call_recording, "voice_policy.recording", CALLS_UNRECORDED, 1, CALLS_RECORDED, "OFF or ON.") \
    X(TEXT, consent_notice, "voice_policy.consent_notice", "This call is recorded.", , SETTING_SAID_MOST, "") \
    X(LIST, keywords, "keyword_policy.keywords", struct keyword_list, , , "") \
    X(LIST, notices, "notice_policy.notices", struct notice_list, , , "")

/* clang-format on */

#define SERVICE_SETTINGS(X) PLAIN_SETTINGS(X) FORMED_SETTINGS(X)

#endif
