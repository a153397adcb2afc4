/* Which number a person may have. */
#include "tests/model/model_internal.h"

/* Whether the people of a new session are those that this pair was for. */
enum same_people { OTHER_PEOPLE, SAME_PEOPLE, PERHAPS_SAME };

static enum same_people same_people(const struct m_hold *hold, unsigned partners)
{
    if (!partners || !(hold->peers_ever & partners))
        return OTHER_PEOPLE;
    return hold->peers == partners && hold->peers_ever == partners ? SAME_PEOPLE : PERHAPS_SAME;
}

/* Whether the pair was taken again after this. */
static bool superseded(const struct model *model, const struct m_hold *hold)
{
    for (const struct m_hold *next = hold + 1; next < model->holds + model->hold_count; next++)
        if (next->service == hold->service && next->person == hold->person &&
            next->number == hold->number)
            return true;
    return false;
}

enum pair_state m_pair_state(const struct model *model, const struct wish *wish, int number,
                             int *ret_rival, int64_t *ret_free_time)
{
    enum pair_state state = PAIR_FREE;
    bool vague_time = false;
    *ret_rival = NONE;
    *ret_free_time = 0;
    for (int i = 0; i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service != wish->service || hold->number != number ||
            !(wish->persons & 1u << hold->person))
            continue;
        /* The cool-down keeps a pair from other sessions only. */
        if (hold->session == wish->session)
            continue;
        if (!hold->released) {
            *ret_rival = hold->session;
            return PAIR_USED;
        }
        const struct m_session *owner = &model->sessions[hold->session];
        bool vague =
            owner->end_time != owner->end_most && hold->by_end && hold->released == owner->end_time;
        int64_t until = (vague ? owner->end_most : hold->released) +
                        model->services[wish->service].settings.cool_down;
        enum same_people same = same_people(hold, wish->partners);
        if (model->now >= until || same == SAME_PEOPLE)
            continue;
        bool sure = same == OTHER_PEOPLE && !hold->doubtful && !vague && !superseded(model, hold);
        vague_time = vague_time || (!sure && until > *ret_free_time);
        if (sure && until > *ret_free_time)
            *ret_free_time = until;
        if (state != PAIR_COOLING)
            state = sure ? PAIR_COOLING : PAIR_DOUBTFUL;
    }
    if (vague_time)
        *ret_free_time = NONE;
    return state;
}

static bool can_serve(const struct m_number *number, int mode)
{
    return (mode == MODE_TEXT || number->can & CAN_VOICE) &&
           (mode == MODE_VOICE || number->can & CAN_SMS);
}

static bool is_own(const struct wish *wish, int number)
{
    return number < PHONES && wish->persons & 1u << world_person((enum who)(WHO_N1 + number));
}

static void refuse_mode(struct model *model, const struct wish *wish, bool voice, bool sms,
                        int participant)
{
    if (wish->mode != MODE_TEXT && (!voice || (sms && wish->mode == MODE_BOTH)))
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "NO_VOICE_NUMBER", 80201, participant);
    if (wish->mode != MODE_VOICE && (!sms || (voice && wish->mode == MODE_BOTH)))
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "NO_SMS_NUMBER", 80202, participant);
}

/* What a pair that is not free is refused for. In a session that is made closed, nobody holds anything. */
static void refuse_pair(struct model *model, const struct wish *wish, enum pair_state state,
                        int participant)
{
    if (state == PAIR_FREE)
        return;
    if (state == PAIR_USED)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "PAIR_IN_USE", 80604, participant);
    else
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "PAIR_COOLING_DOWN", 80402, participant);
    model->refusals[model->refusal_count - 1].possible = state == PAIR_DOUBTFUL || wish->idle;
}

/* Texts go to this person, who wants none from there. */
static bool is_unwanted(const struct model *model, const struct wish *wish, int number)
{
    return wish->mode != MODE_VOICE && m_opted_out(model, wish->service, wish->persons, number);
}

/* A short code works within its own country, and a sender's address within its channel. */
static void refuse_far(struct model *model, const struct wish *wish, int number, int participant)
{
    bool home = wish->code == 1 && !wish->foreign && !wish->channel;
    if (world_kind(number) == KIND_SHORT && !home)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OTHER_COUNTRY", 80402, participant);
    bool reaches = world_kind(number) == KIND_CHANNEL ? !wish->phone : !wish->channel;
    if (!reaches)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OTHER_CHANNEL", 80402, participant);
}

void m_wish_keeps(struct model *model, const struct wish *wish, int number, bool sends)
{
    int rival;
    int64_t free_time;
    if (model->numbers[number].service == wish->service)
        refuse_far(model, wish, number, NONE);
    refuse_pair(model, wish, m_pair_state(model, wish, number, &rival, &free_time), NONE);
    if (sends && is_unwanted(model, wish, number))
        m_deny(model, STATUS_FAILED_PRECONDITION, "OPTED_OUT", 80402);
}

void m_wish_able(struct model *model, const struct wish *wish, int number)
{
    const struct m_number *candidate = &model->numbers[number];
    if (!can_serve(candidate, wish->mode))
        refuse_mode(model, wish, candidate->can & CAN_VOICE, candidate->can & CAN_SMS, NONE);
}

static void refuse_asked(struct model *model, const struct wish *wish,
                         const struct op_person *person, int participant)
{
    const struct m_number *number = &model->numbers[person->number];
    if (is_own(wish, person->number))
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OWN_NUMBER", 80402, participant);
    if (number->service != wish->service) {
        if (number->service != NONE || number->leaving)
            m_deny_one(model, STATUS_FAILED_PRECONDITION, "PROXY_NOT_IN_SERVICE", 80605,
                       participant);
        if (number->service == NONE || person->number_by_sid)
            m_deny_one(model, STATUS_FAILED_PRECONDITION,
                       world_kind(person->number) == KIND_CHANNEL ? "SENDER_NOT_SERVED"
                                                                  : "PROXY_NOT_FOUND",
                       world_kind(person->number) == KIND_CHANNEL ? 80304 : 80606, participant);
        return;
    }
    if (number->state != NUMBER_ACTIVE)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "NUMBER_NOT_ACTIVE", 80601, participant);
    refuse_far(model, wish, person->number, participant);
    if (!can_serve(number, wish->mode))
        refuse_mode(model, wish, number->can & CAN_VOICE, number->can & CAN_SMS, participant);
    if (is_unwanted(model, wish, person->number))
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OPTED_OUT", 80402, participant);
    int rival;
    int64_t free_time;
    refuse_pair(model, wish, m_pair_state(model, wish, person->number, &rival, &free_time),
                participant);
}

static bool is_near(const struct wish *wish, int number)
{
    return wish->code == world_code((enum who)(WHO_N1 + number));
}

/* What the Service's level means for this person. */
static enum nearness level_of(const struct model *model, const struct wish *wish)
{
    static const enum nearness levels[] = {[LEVEL_COUNTRY] = NEAR_COUNTRY,
                                           [LEVEL_AREA] = NEAR_AREA,
                                           [LEVEL_OVERLAY] = NEAR_OVERLAY,
                                           [LEVEL_REGION] = NEAR_REGION,
                                           [LEVEL_RADIUS] = NEAR_REGION};
    return wish->code == 1 ? levels[model->services[wish->service].settings.level] : NEAR_COUNTRY;
}

/* How near the number is, of the levels that are looked at. */
static enum nearness tier(const struct model *model, const struct wish *wish, int number)
{
    enum nearness level = level_of(model, wish);
    enum nearness near =
        wish->code == 1 ? world_nearness(wish->home, (enum who)(WHO_N1 + number)) : NEAR_COUNTRY;
    return near < level ? near : level;
}

static bool can_be_chosen(const struct model *model, const struct wish *wish, int number)
{
    const struct m_number *candidate = &model->numbers[number];
    return number < PHONES && candidate->service == wish->service &&
           candidate->state == NUMBER_ACTIVE && !candidate->reserved &&
           can_serve(candidate, wish->mode) && is_near(wish, number);
}

/* Whether this person would take it, were it free. */
static bool is_welcome(const struct model *model, const struct wish *wish, int number)
{
    return !is_own(wish, number) && number != wish->has && !is_unwanted(model, wish, number);
}

static bool fits(const struct model *model, const struct wish *wish, int number)
{
    return can_be_chosen(model, wish, number) &&
           (model->services[wish->service].settings.matching == MATCHING_BEST_EFFORT ||
            tier(model, wish, number) == level_of(model, wish));
}

static void refuse_choice(struct model *model, const struct wish *wish, int participant)
{
    int pool = 0;
    int able = 0;
    int near = 0;
    int choosable = 0;
    int fitting = 0;
    int perhaps = 0;
    int free = 0;
    bool voice = false;
    bool sms = false;
    bool unwanted = false;
    if (is_unwanted(model, wish, NONE)) {
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OPTED_OUT", 80402, participant);
        return;
    }
    for (int i = 0; i < PHONES; i++) {
        const struct m_number *number = &model->numbers[i];
        if (number->service != wish->service)
            continue;
        int rival;
        int64_t free_time;
        enum pair_state state = m_pair_state(model, wish, i, &rival, &free_time);
        pool++;
        able += can_serve(number, wish->mode);
        near += can_serve(number, wish->mode) && is_near(wish, i);
        voice = voice || number->can & CAN_VOICE;
        sms = sms || number->can & CAN_SMS;
        choosable += can_be_chosen(model, wish, i);
        fitting += fits(model, wish, i);
        unwanted = unwanted || (fits(model, wish, i) && is_unwanted(model, wish, i));
        if (!fits(model, wish, i) || !is_welcome(model, wish, i))
            continue;
        free += state == PAIR_FREE;
        perhaps += state == PAIR_DOUBTFUL || wish->idle;
    }
    if (!pool)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "POOL_EMPTY", 80205, participant);
    else if (!able)
        refuse_mode(model, wish, voice, sms, participant);
    else if (!near)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "NO_COUNTRY_NUMBER", 80203, participant);
    else if (!choosable)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "ONLY_RESERVED_NUMBERS", 80207, participant);
    else if (!free) {
        bool far = fitting < choosable;
        m_deny_one(model, STATUS_FAILED_PRECONDITION, far ? "NO_NEAR_NUMBER" : "ALL_NUMBERS_IN_USE",
                   far ? 80206 : 80208, participant);
        model->refusals[model->refusal_count - 1].possible = perhaps > 0;
        if (!unwanted)
            return;
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "OPTED_OUT", 80402, participant);
        model->refusals[model->refusal_count - 1].possible = perhaps > 0;
    }
}

void m_wish_refusals(struct model *model, const struct wish *wish, const struct op_person *person,
                     int participant)
{
    if (wish->channel && wish->mode != MODE_TEXT)
        m_deny_one(model, STATUS_FAILED_PRECONDITION, "CHANNEL_MODE", 80616, NONE);
    if (wish->channel && person->number < 0)
        m_deny_one(model, STATUS_INVALID_ARGUMENT, "INVALID_FIELD", 80701, NONE);
    if (person->number >= 0)
        refuse_asked(model, wish, person, participant);
    else if (!wish->channel)
        refuse_choice(model, wish, participant);
}

/* ---- the choice ---- */

/* When this person had this number last: by when it was taken, and by when it was let go. */
struct had {
    bool surely, perhaps;
    int64_t taken, released;
};

static struct had had(const struct model *model, const struct wish *wish, int number)
{
    struct had had = {.surely = false};
    for (int i = 0; i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service != wish->service || hold->number != number ||
            !(wish->persons & 1u << hold->person))
            continue;
        had.perhaps = true;
        if (!hold->doubtful && !model->sessions[hold->session].gone)
            had.surely = true;
        had.taken = hold->taken > had.taken ? hold->taken : had.taken;
        had.released = hold->released > had.released ? hold->released : had.released;
    }
    return had;
}

/* How many active sessions use it, at least and at most: the end of some may not have been noticed, and whether the session itself
 * counts already is left open. */
static void load(const struct model *model, const struct wish *wish, int number, int *ret_least,
                 int *ret_most)
{
    *ret_least = *ret_most = 0;
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *session = &model->sessions[i];
        bool uses;
        bool perhaps;
        m_session_uses(model, session, number, &uses, &perhaps);
        if (session->gone || session->service != wish->service || !perhaps)
            continue;
        *ret_least += uses && session_runs(session) && i != wish->session;
        *ret_most += session_runs(session) || !session->noticed;
    }
    *ret_most += wish->with == number;
}

static bool less_used(const struct model *model, const struct wish *wish, int a, int b)
{
    int least;
    int most;
    int least_b;
    int most_b;
    load(model, wish, a, &least, &most);
    load(model, wish, b, &least_b, &most_b);
    return most < least_b;
}

static bool surely_free(const struct model *model, const struct wish *wish, int number)
{
    int rival;
    int64_t free_time;
    return fits(model, wish, number) && is_welcome(model, wish, number) &&
           m_pair_state(model, wish, number, &rival, &free_time) == PAIR_FREE;
}

/* Neither was this person's before. */
static void check_nearer(struct model *model, const struct wish *wish, int number, int other)
{
    enum nearness mine = tier(model, wish, number);
    enum nearness better = tier(model, wish, other);
    if (better > mine)
        model_wrong_about(model, "N%d was chosen, and N%d is nearer", number + 1, other + 1);
    else if (better == mine && less_used(model, wish, other, number))
        model_wrong_about(model, "N%d was chosen, and N%d is less used", number + 1, other + 1);
}

static void check_better(struct model *model, const struct wish *wish, int number, int other)
{
    struct had mine = had(model, wish, number);
    struct had better = had(model, wish, other);
    if (model->services[wish->service].settings.selection == AVOID_STICKY) {
        if (mine.surely && !better.perhaps)
            model_wrong_about(model, "N%d was chosen, which this person had before, and not N%d",
                              number + 1, other + 1);
        else if (!mine.perhaps && !better.perhaps)
            check_nearer(model, wish, number, other);
    } else if (better.surely) {
        if (!mine.perhaps)
            model_wrong_about(model, "N%d was chosen, and not N%d, which this person had before",
                              number + 1, other + 1);
        else if (better.taken > mine.taken && better.released > mine.released)
            model_wrong_about(model, "N%d was chosen, and this person had N%d later", number + 1,
                              other + 1);
    } else if (!mine.perhaps && !better.perhaps) {
        check_nearer(model, wish, number, other);
    }
}

void m_wish_chosen(struct model *model, const struct wish *wish, int number)
{
    int rival;
    int64_t free_time;
    enum pair_state state = m_pair_state(model, wish, number, &rival, &free_time);
    if (!fits(model, wish, number) || !is_welcome(model, wish, number))
        model_wrong_about(model, "N%d was chosen, and does not fit", number + 1);
    else if (wish->idle)
        return;
    else if (state == PAIR_USED)
        model_wrong_about(model, "N%d was chosen, and s%d has it with the same person", number + 1,
                          model->sessions[rival].label);
    else if (state == PAIR_COOLING)
        model_wrong_about(model, "N%d was chosen, and is cooling down", number + 1);
    for (int i = 0; i < PHONES; i++)
        if (i != number && surely_free(model, wish, i))
            check_better(model, wish, number, i);
}

/* ---- what a refusal says ---- */

static void check_free_time(struct model *model, int64_t expected, const struct answer *answer)
{
    if (expected != NONE && answer->free_time != expected)
        model_wrong_about(model, "the refusal says that a pair comes free at %lld, and should %lld",
                          (long long)answer->free_time, (long long)expected);
}

/* Whether the refusal names one of those that have the pair. */
static bool is_rival(const struct model *model, const struct wish *wish,
                     const struct op_person *person, const struct answer *answer)
{
    for (int i = 0; answer->names_rival && i < model->hold_count; i++) {
        const struct m_hold *hold = &model->holds[i];
        if (hold->service == wish->service && hold->number == person->number &&
            wish->persons & 1u << hold->person && !hold->released &&
            sid_equal(&answer->rival, &model->sessions[hold->session].sid))
            return true;
    }
    return false;
}

void m_wish_details(struct model *model, const struct wish *wish, const struct op_person *person,
                    const struct answer *answer)
{
    int rival = NONE;
    int64_t free_time = 0;
    if (strcmp(answer->reason, "PAIR_IN_USE") == 0 && !is_rival(model, wish, person, answer))
        model_wrong_about(model, "PAIR_IN_USE does not name another session with the pair");
    if (strcmp(answer->reason, "PAIR_COOLING_DOWN") == 0 &&
        m_pair_state(model, wish, person->number, &rival, &free_time) == PAIR_COOLING)
        check_free_time(model, free_time, answer);
    if (strcmp(answer->reason, "ALL_NUMBERS_IN_USE") != 0 &&
        strcmp(answer->reason, "NO_NEAR_NUMBER") != 0)
        return;
    int64_t first = 0;
    for (int i = 0; i < PHONES; i++) {
        enum pair_state state = m_pair_state(model, wish, i, &rival, &free_time);
        if (!fits(model, wish, i) || is_own(wish, i) || i == wish->has || state == PAIR_USED)
            continue;
        if (state == PAIR_FREE && is_unwanted(model, wish, i))
            continue;
        if (state == PAIR_DOUBTFUL || free_time == NONE)
            return;
        if (!first || free_time < first)
            first = free_time;
    }
    check_free_time(model, first, answer);
}
