#include "server/masking/errors.h"

#include "proto/c/clock.h"

#include <time.h>

static const struct {
    const char *reason;
    enum status_code code;
    int32_t original;
    const char *message;
} REFUSED[REFUSALS] = {
    [REFUSED_NO_MEMORY] = {"NO_MEMORY", STATUS_RESOURCE_EXHAUSTED, 0,
                           "There is not enough memory for this."},
    [REFUSED_RECORD_UNREADABLE] = {"RECORD_UNREADABLE", STATUS_DATA_LOSS, 0,
                                   "A stored record cannot be read."},
    [REFUSED_INTERNAL] = {"INTERNAL_ERROR", STATUS_INTERNAL, 80504,
                          "Something went wrong here that should not."},
    [REFUSED_REQUEST_ID_REUSED] = {"REQUEST_ID_REUSED", STATUS_FAILED_PRECONDITION, 0,
                                   "This request_id was used for another request. Take a new one."},
    [REFUSED_REQUEST_ANSWER_GONE] =
        {"REQUEST_ANSWER_GONE", STATUS_FAILED_PRECONDITION, 0,
         "This request was carried out, but its answer is kept no more."},

    [REFUSED_SERVICE_SID] = {"INVALID_SID", STATUS_INVALID_ARGUMENT, 80408,
                             "This is no SID of a Service: KS and 32 lower-case hex digits."},
    [REFUSED_SERVICE_NOT_FOUND] = {"SERVICE_NOT_FOUND", STATUS_NOT_FOUND, 0,
                                   "There is no such Service."},
    [REFUSED_SERVICE_DELETED] = {"SERVICE_DELETED", STATUS_NOT_FOUND, 0,
                                 "The Service was deleted."},
    [REFUSED_SERVICE_NAME_TAKEN] = {"SERVICE_NAME_TAKEN", STATUS_ALREADY_EXISTS, 80602,
                                    "Another Service has this unique name."},
    [REFUSED_COOL_DOWN_TOO_SHORT] = {"COOL_DOWN_TOO_SHORT", STATUS_FAILED_PRECONDITION, 0,
                                     "The cool-down must be at least the life of a message and the "
                                     "late-reply window together."},

    [REFUSED_RATE_LIMITED] = {"RATE_LIMITED", STATUS_RESOURCE_EXHAUSTED, 80621,
                              "The Service takes no more calls of this method just now."},

    [REFUSED_NUMBER_SID] = {"INVALID_SID", STATUS_INVALID_ARGUMENT, 80407,
                            "This is no SID of a phone number: PN and 32 lower-case hex digits."},
    [REFUSED_NUMBER_NOT_FOUND] = {"PHONE_NUMBER_NOT_FOUND", STATUS_NOT_FOUND, 80301,
                                  "The Service has no such number."},
    [REFUSED_PHONE_NUMBER] = {"INVALID_PHONE_NUMBER", STATUS_INVALID_ARGUMENT, 80406,
                              "This is no number in E.164: + and 8 to 15 digits."},
    [REFUSED_NUMBER_IN_SERVICE] = {"NUMBER_IN_SERVICE", STATUS_ALREADY_EXISTS, 80104,
                                   "The Service has this number already."},
    [REFUSED_NUMBER_IN_OTHER_SERVICE] = {"NUMBER_IN_OTHER_SERVICE", STATUS_ALREADY_EXISTS, 80101,
                                         "Another Service has this number. Remove it there first."},
    [REFUSED_NUMBER_NOT_AVAILABLE] =
        {"NUMBER_NOT_AVAILABLE", STATUS_FAILED_PRECONDITION, 80601,
         "This number is held for somebody else, or rests since it left another Service."},
    [REFUSED_NUMBER_IN_USE] =
        {"NUMBER_IN_USE", STATUS_FAILED_PRECONDITION, 80611,
         "Active sessions use this number. Set it to DRAINING and wait, or use force: who has it "
         "there gets another, and a session fails where none fits."},
    [REFUSED_NUMBER_LEAVES] = {"NUMBER_IS_BEING_REMOVED", STATUS_FAILED_PRECONDITION, 0,
                               "The number is being removed, and stays LOCKED until it is gone."},
    [REFUSED_POOL_FULL] = {"POOL_FULL", STATUS_FAILED_PRECONDITION, 80622,
                           "The pool has as many numbers as it may have of those that are "
                           "reserved, or of those that are not. The Service's number_policy says "
                           "how many."},

    [REFUSED_SHORT_CODE_SID] = {"INVALID_SID", STATUS_INVALID_ARGUMENT, 0,
                                "This is no SID of a short code: SC and 32 lower-case hex digits."},
    [REFUSED_SHORT_CODE_NOT_FOUND] = {"SHORT_CODE_NOT_FOUND", STATUS_NOT_FOUND, 80303,
                                      "The Service has no such short code."},
    [REFUSED_SHORT_CODE] = {"INVALID_SHORT_CODE", STATUS_INVALID_ARGUMENT, 80406,
                            "A short code has 3 to 8 digits."},
    [REFUSED_SHORT_CODE_IN_SERVICE] = {"SHORT_CODE_IN_SERVICE", STATUS_ALREADY_EXISTS, 80105,
                                       "The Service has this short code already."},

    [REFUSED_CHANNEL_ADDRESS] = {"INVALID_CHANNEL_ADDRESS", STATUS_INVALID_ARGUMENT, 80404,
                                 "This is no address in a channel."},
    [REFUSED_SENDER_NOT_FOUND] = {"CHANNEL_SENDER_NOT_FOUND", STATUS_NOT_FOUND, 0,
                                  "The Service has no such sender."},

    [REFUSED_SESSION_SID] = {"INVALID_SID", STATUS_INVALID_ARGUMENT, 80409,
                             "This is no SID of a session: KC and 32 lower-case hex digits."},
    [REFUSED_SESSION_NOT_FOUND] = {"SESSION_NOT_FOUND", STATUS_NOT_FOUND, 0,
                                   "The Service has no such session."},
    [REFUSED_SESSION_NAME_NOT_FOUND] = {"SESSION_NOT_FOUND", STATUS_NOT_FOUND, 80308,
                                        "The Service has no session of this unique name."},
    [REFUSED_SESSION_NAME_TAKEN] = {"SESSION_NAME_TAKEN", STATUS_ALREADY_EXISTS, 80603,
                                    "Another session of the Service has this unique name."},
    [REFUSED_SESSION_CLOSED] = {"SESSION_CLOSED", STATUS_FAILED_PRECONDITION, 80607,
                                "The session has ended. Open it again first (status IN_PROGRESS)."},
    [REFUSED_STATUS_CHANGE] =
        {"ILLEGAL_STATUS_CHANGE", STATUS_FAILED_PRECONDITION, 80608,
         "An active session can only become CLOSED, and one that has ended can "
         "only become IN_PROGRESS."},
    [REFUSED_NUMBER_GONE] = {"NUMBER_GONE", STATUS_FAILED_PRECONDITION, 80605,
                             "A participant's number is not in the pool any more."},

    [REFUSED_PARTICIPANT_SID] =
        {"INVALID_SID", STATUS_INVALID_ARGUMENT, 80405,
         "This is no SID of a participant: KP and 32 lower-case hex digits."},
    [REFUSED_PARTICIPANT_NOT_FOUND] = {"PARTICIPANT_NOT_FOUND", STATUS_NOT_FOUND, 80610,
                                       "The session has no such participant."},
    [REFUSED_IDENTIFIER] = {"INVALID_IDENTIFIER", STATUS_INVALID_ARGUMENT, 80404,
                            "An identifier must be a person's own number in E.164, + and 8 to 15 "
                            "digits, and no proxy number."},
    [REFUSED_IDENTIFIER_IN_SESSION] = {"IDENTIFIER_IN_SESSION", STATUS_ALREADY_EXISTS, 80103,
                                       "This person is in the session already."},
    [REFUSED_TOO_MANY_PARTICIPANTS] =
        {"TOO_MANY_PARTICIPANTS", STATUS_FAILED_PRECONDITION, 80609,
         "A session has at most two participants at a time, and at most 256 "
         "in its life."},

    [REFUSED_PARTICIPANT_REMOVED] = {"PARTICIPANT_REMOVED", STATUS_FAILED_PRECONDITION, 80607,
                                     "The participant was taken out of the session."},
    [REFUSED_TOO_MANY_CHANGES] = {"TOO_MANY_CHANGES", STATUS_FAILED_PRECONDITION, 0,
                                  "The session has had too many persons and numbers. Make a new "
                                  "one."},

    [REFUSED_POOL_EMPTY] = {"POOL_EMPTY", STATUS_FAILED_PRECONDITION, 80205,
                            "The Service has no numbers. Add some."},
    [REFUSED_NO_VOICE_NUMBER] = {"NO_VOICE_NUMBER", STATUS_FAILED_PRECONDITION, 80201,
                                 "No number of the Service can do voice as this mode needs it."},
    [REFUSED_NO_SMS_NUMBER] = {"NO_SMS_NUMBER", STATUS_FAILED_PRECONDITION, 80202,
                               "No number of the Service can do SMS as this mode needs it."},
    [REFUSED_NO_COUNTRY_NUMBER] =
        {"NO_COUNTRY_NUMBER", STATUS_FAILED_PRECONDITION, 80203,
         "No fitting number of the Service has this person's calling code. "
         "Add one, or name a proxy_identifier."},
    [REFUSED_ONLY_RESERVED] = {"ONLY_RESERVED_NUMBERS", STATUS_FAILED_PRECONDITION, 80207,
                               "All fitting numbers of the Service are reserved or not ACTIVE."},
    [REFUSED_NO_NEAR_NUMBER] = {"NO_NEAR_NUMBER", STATUS_FAILED_PRECONDITION, 80206,
                                "Too few fitting numbers of the Service are as near to this person "
                                "as its geo_match_level says. Add one, or set BEST_EFFORT."},
    [REFUSED_ALL_IN_USE] = {"ALL_NUMBERS_IN_USE", STATUS_FAILED_PRECONDITION, 80208,
                            "This person has all fitting numbers in use or in cool-down. Add a "
                            "number."},

    [REFUSED_PROXY_ELSEWHERE] = {"PROXY_NOT_IN_SERVICE", STATUS_FAILED_PRECONDITION, 80605,
                                 "Another Service has this proxy identifier."},
    [REFUSED_PROXY_NOT_FOUND] = {"PROXY_NOT_FOUND", STATUS_FAILED_PRECONDITION, 80606,
                                 "This proxy identifier is in no pool. Add it as a phone number."},
    [REFUSED_OWN_NUMBER] = {"OWN_NUMBER", STATUS_FAILED_PRECONDITION, 80402,
                            "The proxy identifier is this person's own number."},
    [REFUSED_NUMBER_NOT_ACTIVE] = {"NUMBER_NOT_ACTIVE", STATUS_FAILED_PRECONDITION, 80601,
                                   "The number is DRAINING or LOCKED."},
    [REFUSED_PAIR_IN_USE] = {"PAIR_IN_USE", STATUS_FAILED_PRECONDITION, 80604,
                             "This person has this number in another active session."},
    [REFUSED_PAIR_COOLING_DOWN] = {"PAIR_COOLING_DOWN", STATUS_FAILED_PRECONDITION, 80402,
                                   "This person had this number in a session that ended lately; a "
                                   "late reply would reach the wrong person."},

    [REFUSED_OTHER_COUNTRY] = {"OTHER_COUNTRY", STATUS_FAILED_PRECONDITION, 80402,
                               "A short code works within its country, and this person is not of "
                               "it."},

    [REFUSED_OTHER_CHANNEL] = {"OTHER_CHANNEL", STATUS_FAILED_PRECONDITION, 80402,
                               "The proxy identifier is of another channel than the person."},
    [REFUSED_CHANNEL_MODE] = {"CHANNEL_MODE", STATUS_FAILED_PRECONDITION, 80616,
                              "An address in a channel needs a session of mode MESSAGE_ONLY."},
    [REFUSED_SENDER_NOT_SERVED] = {"SENDER_NOT_SERVED", STATUS_FAILED_PRECONDITION, 80304,
                                   "No carrier serves this sender's address. Add it as a channel "
                                   "sender."},

    [REFUSED_INTERACTION_SID] =
        {"INVALID_SID", STATUS_INVALID_ARGUMENT, 80403,
         "This is no SID of an interaction: KI and 32 lower-case hex digits."},
    [REFUSED_INTERACTION_NOT_FOUND] = {"INTERACTION_NOT_FOUND", STATUS_NOT_FOUND, 80610,
                                       "The session has no such interaction."},
    [REFUSED_SESSION_EXPIRED] =
        {"SESSION_CLOSED", STATUS_FAILED_PRECONDITION, 80904,
         "The session has expired. Open it again first (status IN_PROGRESS)."},
    [REFUSED_MODE] = {"MODE_REFUSED", STATUS_FAILED_PRECONDITION, 80910,
                      "The session carries calls only."},
    [REFUSED_LOOP] = {"LOOP", STATUS_FAILED_PRECONDITION, 0,
                      "The participant's identifier is a number of some pool by now."},
    [REFUSED_MMS] = {"MMS_NOT_POSSIBLE", STATUS_FAILED_PRECONDITION, 0,
                     "The participant's proxy number cannot send media."},
    [REFUSED_OPTED_OUT] = {"OPTED_OUT", STATUS_FAILED_PRECONDITION, 21610,
                           "This person has opted out of messages from the Service or from its "
                           "proxy number."},
    [REFUSED_PAIR_OPTED_OUT] =
        {"OPTED_OUT", STATUS_FAILED_PRECONDITION, 80402,
         "This person has opted out of messages. A session that is VOICE_ONLY needs none."},
    [REFUSED_OPT_OUT_NOT_FOUND] = {"OPT_OUT_NOT_FOUND", STATUS_NOT_FOUND, 0,
                                   "The Service has no such opt-out."},
    [REFUSED_BLOCKED] = {"BLOCKED", STATUS_FAILED_PRECONDITION, 0,
                         "A block of the Service keeps this from its recipient."},
    [REFUSED_BLOCK_NOT_FOUND] = {"BLOCK_NOT_FOUND", STATUS_NOT_FOUND, 0,
                                 "The Service has no such block."},
    [REFUSED_PERSON_CAP] = {"PERSON_CAP", STATUS_RESOURCE_EXHAUSTED, 0,
                            "This person has had as many interactions as the Service allows within "
                            "its period."},
    [REFUSED_SESSION_CAP] = {"SESSION_CAP", STATUS_FAILED_PRECONDITION, 0,
                             "The session has had as many interactions as the Service allows."},
    [REFUSED_MESSAGE_UNKNOWN] = {"MESSAGE_UNKNOWN", STATUS_NOT_FOUND, 0,
                                 "No message was handed out with this key."},
    [REFUSED_NOT_THIS_CARRIERS] = {"NOT_THIS_CARRIERS", STATUS_PERMISSION_DENIED, 0,
                                   "The message was not handed to this carrier."},

    [REFUSED_CALL_MODE] = {"MODE_REFUSED", STATUS_FAILED_PRECONDITION, 80911,
                           "The session carries messages only."},
    [REFUSED_NO_PARTNER] = {"NO_PARTNER", STATUS_FAILED_PRECONDITION, 80614,
                            "The session has no other participant to connect with."},
    [REFUSED_VOICE] = {"VOICE_NOT_POSSIBLE", STATUS_FAILED_PRECONDITION, 80201,
                       "A participant's proxy number cannot be called from."},
    [REFUSED_CARRIER_MISMATCH] = {"CARRIER_MISMATCH", STATUS_FAILED_PRECONDITION, 0,
                                  "No carrier has the proxy numbers of both participants."},
    [REFUSED_CARRIER_UNAVAILABLE] = {"CARRIER_UNAVAILABLE", STATUS_UNAVAILABLE, 80502,
                                     "The carrier of the proxy numbers takes no calls now."},
    [REFUSED_NUMBER_LOCKED] = {"NUMBER_LOCKED", STATUS_FAILED_PRECONDITION, 0,
                               "A participant's proxy number is LOCKED."},
    [REFUSED_CALL_OPTED_OUT] = {"OPTED_OUT", STATUS_FAILED_PRECONDITION, 21610,
                                "A participant has opted out, of calls as well."},
    [REFUSED_ROUTE_CHANGED] = {"ROUTE_CHANGED", STATUS_FAILED_PRECONDITION, 0,
                               "A participant's proxy number does not stand for it any more."},
    [REFUSED_TOO_MANY_CALLS] = {"TOO_MANY_CALLS", STATUS_RESOURCE_EXHAUSTED, 0,
                                "The session has as many calls at a time as it may have."},
    [REFUSED_NOT_A_CALL] = {"NOT_A_CALL", STATUS_FAILED_PRECONDITION, 0,
                            "The interaction is a message."},
    [REFUSED_CALL_LIVE] = {"CALL_LIVE", STATUS_FAILED_PRECONDITION, 0,
                           "The call has not ended. End it first."},
    [REFUSED_CALL_UNKNOWN] = {"CALL_UNKNOWN", STATUS_NOT_FOUND, 0,
                              "No call was handed out with this key."},
    [REFUSED_CALL_OF_OTHER_CARRIER] = {"NOT_THIS_CARRIERS", STATUS_PERMISSION_DENIED, 0,
                                       "The call was not handed to this carrier."},
    [REFUSED_CALL_PROGRESS] = {"INVALID_PROGRESS", STATUS_INVALID_ARGUMENT, 0,
                               "No call goes on like this: its side, status, number or a text."},
    [REFUSED_NO_THREAD] = {"NO_THREAD", STATUS_RESOURCE_EXHAUSTED, 0,
                           "The system gives no more threads."},
};

bool refuse(struct error *error, enum refusal refusal)
{
    return error_set(error, REFUSED[refusal].code, REFUSED[refusal].reason,
                     REFUSED[refusal].original, "%s", REFUSED[refusal].message);
}

const char *refusal_reason(enum refusal refusal)
{
    return REFUSED[refusal].reason;
}

void error_free_time(struct error *error, int64_t free_time, int64_t now)
{
    int64_t wait = free_time > now ? free_time - now : 0;
    error->retry_ms = (wait + 999) / 1000;
    time_t seconds = (time_t)(free_time / MICROSECONDS);
    struct tm parts;
    char text[32];
    if (gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts))
        error_metadata(error, "free_time", "%s.%06dZ", text, (int)(free_time % MICROSECONDS));
}
