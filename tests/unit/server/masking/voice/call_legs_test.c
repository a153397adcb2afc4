#include "server/masking/calls/call_legs.h"
#include "tests/unit/suite.h"

#include <string.h>

#define STATUS(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name
#define SECOND       INT64_C(1000000)
#define NOW          (1900000000 * SECOND)

enum { TARGETS = 2 };

/* A call in any state, with its parts. */
struct scene {
    Maskline__Store__V1__Interaction interaction;
    Maskline__Store__V1__Leg first, second, *outbound[2];
    Maskline__Store__V1__Call call;
    struct call_sides sides;
};

static int rank_of(Maskline__Store__V1__LegStatus status)
{
    static const Maskline__Store__V1__LegStatus ORDER[] = {
        STATUS(QUEUED), STATUS(INITIATED), STATUS(RINGING), STATUS(ANSWERED), STATUS(IN_PROGRESS),
    };
    for (int i = 0; i < 5; i++) {
        if (ORDER[i] == status)
            return i;
    }
    return 5;
}

static void scene_set(struct scene *scene, bool placed, Maskline__Store__V1__LegStatus first,
                      Maskline__Store__V1__LegStatus second, bool wished)
{
    maskline__store__v1__interaction__init(&scene->interaction);
    maskline__store__v1__leg__init(&scene->first);
    maskline__store__v1__leg__init(&scene->second);
    maskline__store__v1__call__init(&scene->call);
    scene->interaction.type = MASKLINE__STORE__V1__INTERACTION_TYPE__INTERACTION_TYPE_VOICE;
    scene->interaction.create_time = NOW - 100 * SECOND;
    scene->interaction.expire_time = NOW - 10 * SECOND;
    scene->interaction.call = &scene->call;
    scene->first.status = first;
    scene->second.status = second;
    scene->first.attempts = placed && rank_of(first) >= 2;
    scene->second.attempts = rank_of(second) >= 2;
    scene->call.first_targets = placed ? TARGETS : 0;
    scene->call.second_targets = TARGETS;
    scene->call.longest_call = 3600 * SECOND;
    if (second == STATUS(IN_PROGRESS))
        scene->call.connect_time = NOW - 20 * SECOND;
    scene->outbound[0] = placed ? &scene->first : &scene->second;
    scene->outbound[1] = &scene->second;
    scene->interaction.inbound = placed ? NULL : &scene->first;
    scene->interaction.outbound = scene->outbound;
    scene->interaction.n_outbound = placed ? 2 : 1;
    ck_assert(call_of(&scene->interaction, &scene->sides));
    scene->call.due_time = call_due(&scene->sides);
    if (wished)
        ck_assert(call_wish_end(&scene->sides, "END_CALL", NOW - SECOND));
}

static struct call_progress progress(enum call_side side, enum call_status status, size_t target)
{
    return (struct call_progress){.side = side,
                                  .status = status,
                                  .target = target,
                                  .seconds = -1,
                                  .carrier_code = "",
                                  .provider_id = ""};
}

/* ---- all states, and all that can be said ---- */

typedef void (*visitor)(const struct scene *scene, const struct call_progress *progress);

static const Maskline__Store__V1__LegStatus LIVE[] = {
    STATUS(QUEUED), STATUS(INITIATED), STATUS(RINGING), STATUS(ANSWERED), STATUS(IN_PROGRESS),
};

/* Whether a call can be like that. */
static bool possible(bool placed, Maskline__Store__V1__LegStatus first,
                     Maskline__Store__V1__LegStatus second)
{
    bool talk = first == STATUS(IN_PROGRESS) && second == STATUS(IN_PROGRESS);
    if (!placed)
        return first == STATUS(IN_PROGRESS) && second != STATUS(QUEUED);
    if (first == STATUS(QUEUED))
        return false;
    if (first == STATUS(IN_PROGRESS) || second == STATUS(IN_PROGRESS))
        return talk;
    return second == STATUS(QUEUED) || second == STATUS(INITIATED) || first == STATUS(ANSWERED);
}

static unsigned each(visitor visit)
{
    unsigned count = 0;
    for (unsigned all = 0; all < 2u * 5 * 5 * 2 * 2 * 9 * TARGETS; all++) {
        unsigned rest = all;
        bool placed = rest % 2;
        Maskline__Store__V1__LegStatus first = LIVE[(rest /= 2) % 5];
        Maskline__Store__V1__LegStatus second = LIVE[(rest /= 5) % 5];
        bool wished = (rest /= 5) % 2;
        enum call_side side = (enum call_side)((rest /= 2) % 2);
        enum call_status status = (enum call_status)((rest /= 2) % 9);
        size_t target = (rest / 9) % TARGETS;
        if (!possible(placed, first, second))
            continue;
        struct scene scene;
        struct call_progress said = progress(side, status, target);
        scene_set(&scene, placed, first, second, wished);
        visit(&scene, &said);
        count++;
    }
    return count;
}

/* The visits share a scene that points into itself: it is made anew. */
static void again(const struct scene *scene, struct scene *ret_scene)
{
    scene_set(ret_scene, scene->sides.placed, scene->first.status, scene->second.status,
              scene->call.hang_up_time != 0);
}

static void check_leg(const Maskline__Store__V1__Leg *before, const Maskline__Store__V1__Leg *after)
{
    int from = rank_of(before->status), to = rank_of(after->status);
    bool next_target = before->status == STATUS(ANSWERED) && after->status == STATUS(RINGING) &&
                       after->attempts > before->attempts;
    ck_assert_msg(to >= from || next_target, "from %d to %d", from, to);
    ck_assert_uint_ge(after->attempts, before->attempts);
    ck_assert(call_leg_ended(after) == (to == 5));
}

static void check_allowed(const Maskline__Store__V1__Leg *leg)
{
    switch (leg->status) {
    case STATUS(INITIATED):
    case STATUS(QUEUED):
    case STATUS(RINGING):
    case STATUS(ANSWERED):
    case STATUS(IN_PROGRESS):
    case STATUS(COMPLETED):
    case STATUS(BUSY):
    case STATUS(NO_ANSWER):
    case STATUS(CANCELED):
    case STATUS(FAILED):
        return;
    default:
        ck_abort_msg("a call's leg is never %d", (int)leg->status);
    }
}

static void goes_forward(const struct scene *before, const struct call_progress *said)
{
    struct scene scene;
    again(before, &scene);
    enum call_news news = call_go_on(&scene.sides, said, NOW);
    check_leg(&before->first, &scene.first);
    check_leg(&before->second, &scene.second);
    check_allowed(&scene.first);
    check_allowed(&scene.second);
    ck_assert(news == CALL_SAME || news == CALL_CHANGED);
    bool same = scene.first.status == before->first.status &&
                scene.second.status == before->second.status &&
                scene.first.attempts == before->first.attempts &&
                scene.second.attempts == before->second.attempts &&
                scene.call.connect_time == before->call.connect_time;
    ck_assert(same == (news == CALL_SAME));
    if (!scene.sides.placed) {
        ck_assert(scene.first.status == STATUS(IN_PROGRESS) ||
                  scene.first.status == STATUS(COMPLETED));
        ck_assert_uint_eq(scene.first.attempts, 0);
    }
}

/* holds: VOI-02 INT-07 INT-08 */
START_TEST(a_leg_never_goes_back)
{
    ck_assert_uint_gt(each(goes_forward), 500);
}
END_TEST

static void ends_as_one(const struct scene *before, const struct call_progress *said)
{
    struct scene scene;
    again(before, &scene);
    bool talked = scene.call.connect_time != 0;
    ck_assert_int_eq(call_go_on(&scene.sides, said, NOW) == CALL_UNSOUND, false);
    bool end = said->status >= CALL_COMPLETED;
    ck_assert(call_leg_ended(&scene.first) == end);
    ck_assert(call_leg_ended(&scene.second) == end);
    ck_assert((scene.call.end_time != 0) == end);
    ck_assert((scene.call.due_time != 0) != end);
    ck_assert(call_live(&scene.interaction) != end);
    if (!end)
        return;
    ck_assert_int_eq(scene.call.end_time, NOW);
    ck_assert_uint_eq(scene.call.seconds, talked ? 20 : 0);
    if (talked) {
        ck_assert_int_eq(scene.first.status, STATUS(COMPLETED));
        ck_assert_int_eq(scene.second.status, STATUS(COMPLETED));
    } else {
        ck_assert_int_ne(scene.second.status, STATUS(COMPLETED));
    }
    /* Nothing that comes later makes it another end. */
    for (unsigned i = 0; i < 18; i++) {
        struct call_progress later =
            progress((enum call_side)(i % 2), (enum call_status)(i / 2), 0);
        Maskline__Store__V1__Leg first = scene.first, second = scene.second;
        enum call_news news = call_go_on(&scene.sides, &later, NOW + SECOND);
        ck_assert(news == CALL_SAME || news == CALL_CONTRADICTED);
        ck_assert_int_eq(scene.first.status, first.status);
        ck_assert_int_eq(scene.second.status, second.status);
        ck_assert_int_eq(scene.call.end_time, NOW);
        ck_assert(later.status >= CALL_COMPLETED || news == CALL_CONTRADICTED);
    }
    bool absurd = talked && (said->status == CALL_BUSY || said->status == CALL_NO_ANSWER);
    if (said->side == CALL_SECOND || scene.sides.placed)
        ck_assert_int_eq(call_go_on(&scene.sides, said, NOW + SECOND),
                         absurd ? CALL_CONTRADICTED : CALL_SAME);
    ck_assert(!call_wish_end(&scene.sides, "END_CALL", NOW));
}

/* holds: VOI-02 */
START_TEST(an_end_of_one_is_an_end_of_both)
{
    ck_assert_uint_gt(each(ends_as_one), 500);
}
END_TEST

static void rings_after_pick_up(const struct scene *before, const struct call_progress *said)
{
    struct scene scene;
    again(before, &scene);
    call_go_on(&scene.sides, said, NOW);
    if (!scene.sides.placed || scene.call.end_time || before->second.status != STATUS(QUEUED))
        return;
    if (scene.second.status != STATUS(QUEUED))
        ck_assert_int_ge(rank_of(scene.first.status), 3);
}

/* holds: VOI-10 VOI-11 */
START_TEST(the_partner_waits_until_the_first_has_picked_up)
{
    each(rings_after_pick_up);
    struct scene scene;
    static const struct {
        enum call_status said;
        Maskline__Store__V1__LegStatus is;
    } ENDS[] = {{CALL_BUSY, STATUS(BUSY)},
                {CALL_NO_ANSWER, STATUS(NO_ANSWER)},
                {CALL_FAILED, STATUS(FAILED)},
                {CALL_CANCELED, STATUS(CANCELED)}};
    for (size_t i = 0; i < 4; i++) {
        scene_set(&scene, true, STATUS(RINGING), STATUS(QUEUED), false);
        struct call_progress said = progress(CALL_FIRST, ENDS[i].said, 0);
        ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
        ck_assert_int_eq(scene.first.status, ENDS[i].is);
        ck_assert_int_eq(scene.second.status, STATUS(CANCELED));
        ck_assert_str_eq(scene.second.reason, "OTHER_SIDE_GONE");
        ck_assert_uint_eq(scene.second.attempts, 0);
    }
}
END_TEST

/* ---- single ends ---- */

/* holds: VOI-15 VOI-06 */
START_TEST(why_it_ended_is_told)
{
    static const struct {
        Maskline__Store__V1__LegStatus was;
        enum call_side side;
        enum call_status said;
        Maskline__Store__V1__LegStatus is;
        const char *reason;
    } ENDS[] = {
        {STATUS(RINGING), CALL_FIRST, CALL_CANCELED, STATUS(CANCELED), "OTHER_SIDE_GONE"},
        {STATUS(RINGING), CALL_FIRST, CALL_COMPLETED, STATUS(CANCELED), "OTHER_SIDE_GONE"},
        {STATUS(ANSWERED), CALL_FIRST, CALL_CANCELED, STATUS(CANCELED), "OTHER_SIDE_GONE"},
        {STATUS(INITIATED), CALL_FIRST, CALL_CANCELED, STATUS(CANCELED), "OTHER_SIDE_GONE"},
        {STATUS(RINGING), CALL_SECOND, CALL_BUSY, STATUS(BUSY), ""},
        {STATUS(RINGING), CALL_SECOND, CALL_NO_ANSWER, STATUS(NO_ANSWER), ""},
        {STATUS(ANSWERED), CALL_SECOND, CALL_NO_ANSWER, STATUS(NO_ANSWER), "NOT_ACCEPTED"},
        {STATUS(ANSWERED), CALL_SECOND, CALL_COMPLETED, STATUS(NO_ANSWER), "NOT_ACCEPTED"},
        {STATUS(RINGING), CALL_SECOND, CALL_FAILED, STATUS(FAILED), "CARRIER_REFUSED"},
        {STATUS(RINGING), CALL_SECOND, CALL_CANCELED, STATUS(CANCELED), "OTHER_SIDE_GONE"},
        {STATUS(RINGING), CALL_SECOND, CALL_GONE, STATUS(FAILED), "CALL_LOST"},
        {STATUS(IN_PROGRESS), CALL_FIRST, CALL_GONE, STATUS(COMPLETED), "CALL_LOST"},
        {STATUS(IN_PROGRESS), CALL_SECOND, CALL_COMPLETED, STATUS(COMPLETED), ""},
        {STATUS(IN_PROGRESS), CALL_FIRST, CALL_FAILED, STATUS(COMPLETED), ""},
    };
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        struct scene scene;
        scene_set(&scene, false, STATUS(IN_PROGRESS), ENDS[i].was, false);
        struct call_progress said = progress(ENDS[i].side, ENDS[i].said, 0);
        ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
        ck_assert_msg(scene.second.status == ENDS[i].is, "%zu: %d", i, (int)scene.second.status);
        ck_assert_str_eq(scene.second.reason, ENDS[i].reason);
        ck_assert_int_eq(scene.first.status, STATUS(COMPLETED));
    }
}
END_TEST

/* holds: VOI-12 */
START_TEST(what_was_hung_up_says_so)
{
    struct scene scene;
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), true);
    ck_assert_int_eq(scene.call.due_time, NOW - SECOND + CALL_HANG_UP_AGAIN);
    ck_assert(!call_wish_end(&scene.sides, "SESSION_CLOSED", NOW));
    struct call_progress said = progress(CALL_SECOND, CALL_GONE, 0);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
    ck_assert_int_eq(scene.second.status, STATUS(CANCELED));
    ck_assert_str_eq(scene.second.reason, "END_CALL");
    /* Words of the carrier do not put off when it is looked at again. */
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), true);
    said = progress(CALL_SECOND, CALL_CONNECTED, 0);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
    ck_assert_int_eq(scene.call.due_time, NOW - SECOND + CALL_HANG_UP_AGAIN);
}
END_TEST

/* holds: VOI-14 */
START_TEST(several_phones_are_one_leg)
{
    static const struct {
        enum call_status said;
        size_t target;
        Maskline__Store__V1__LegStatus is;
        uint32_t attempts;
        enum call_news news;
    } STEPS[] = {
        {CALL_RINGING, 0, STATUS(RINGING), 1, CALL_CHANGED},
        {CALL_RINGING, 0, STATUS(RINGING), 1, CALL_SAME},
        {CALL_PICKED_UP, 0, STATUS(ANSWERED), 1, CALL_CHANGED},
        {CALL_RINGING, 0, STATUS(ANSWERED), 1, CALL_SAME},
        {CALL_RINGING, 1, STATUS(RINGING), 2, CALL_CHANGED},
        {CALL_PICKED_UP, 0, STATUS(RINGING), 2, CALL_SAME}, /* late */
        {CALL_PICKED_UP, 1, STATUS(ANSWERED), 2, CALL_CHANGED},
        {CALL_CONNECTED, 1, STATUS(IN_PROGRESS), 2, CALL_CHANGED},
        {CALL_RINGING, 1, STATUS(IN_PROGRESS), 2, CALL_SAME},
        {CALL_CONNECTED, 1, STATUS(IN_PROGRESS), 2, CALL_SAME},
    };
    struct scene scene;
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(INITIATED), false);
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct call_progress said = progress(CALL_SECOND, STEPS[i].said, STEPS[i].target);
        ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), STEPS[i].news);
        ck_assert_msg(scene.second.status == STEPS[i].is, "%zu", i);
        ck_assert_uint_eq(scene.second.attempts, STEPS[i].attempts);
    }
    ck_assert_int_eq(scene.call.connect_time, NOW);
    ck_assert_int_eq(scene.call.due_time, NOW + 3600 * SECOND + CALL_LONGEST_SLACK);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
    struct scene scene;
    const struct call_progress said[] = {
        progress(CALL_SECOND, CALL_RINGING, TARGETS),
        progress((enum call_side)2, CALL_RINGING, 0),
        progress(CALL_SECOND, (enum call_status)9, 0),
        progress(CALL_SECOND, (enum call_status) - 1, 0),
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), false);
        ck_assert_int_eq(call_go_on(&scene.sides, &said[i], NOW), CALL_UNSOUND);
        ck_assert_int_eq(scene.second.status, STATUS(RINGING));
    }
    scene_set(&scene, true, STATUS(RINGING), STATUS(QUEUED), false);
    scene.interaction.n_outbound = 1;
    ck_assert(!call_of(&scene.interaction, &scene.sides));
    scene.interaction.n_outbound = 2;
    scene.interaction.call = NULL;
    ck_assert(!call_of(&scene.interaction, &scene.sides));
}
END_TEST

/* holds: INT-04 */
START_TEST(seconds_are_counted)
{
    static const struct {
        int64_t said;
        uint64_t seconds;
    } COUNTS[] = {{-1, 20}, {0, 0}, {7, 7}, {21, 21}, {22, 21}, {INT64_MAX, 21}};
    struct scene scene;
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(IN_PROGRESS), false);
        struct call_progress said = progress(CALL_FIRST, CALL_COMPLETED, 0);
        said.seconds = COUNTS[i].said;
        ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
        ck_assert_uint_eq(scene.call.seconds, COUNTS[i].seconds);
    }
    /* What was never said to be connected has none, whatever is said; but for one that has talked and hung up. */
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), false);
    struct call_progress said = progress(CALL_SECOND, CALL_NO_ANSWER, 0);
    said.seconds = 9;
    call_go_on(&scene.sides, &said, NOW);
    ck_assert_uint_eq(scene.call.seconds, 0);
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), false);
    said = progress(CALL_SECOND, CALL_COMPLETED, 0);
    said.seconds = 9;
    call_go_on(&scene.sides, &said, NOW);
    ck_assert_uint_eq(scene.call.seconds, 9);
    ck_assert_int_eq(scene.call.connect_time, NOW - 9 * SECOND);
    ck_assert_int_eq(scene.second.status, STATUS(COMPLETED));
    /* Of one that is lost nobody knows more than the longest. */
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(IN_PROGRESS), false);
    scene.call.longest_call = 10 * SECOND;
    call_lose(&scene.sides, NOW);
    ck_assert_uint_eq(scene.call.seconds, 10);
}
END_TEST

START_TEST(steps_happen_in_order_whatever_the_carrier_says_of_time)
{
    struct scene scene;
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), false);
    scene.second.update_time = NOW - 30 * SECOND;
    struct call_progress said = progress(CALL_SECOND, CALL_CONNECTED, 0);
    said.time = NOW - 50 * SECOND;
    call_go_on(&scene.sides, &said, NOW);
    ck_assert_int_eq(scene.call.connect_time, NOW - 30 * SECOND);
    said = progress(CALL_SECOND, CALL_COMPLETED, 0);
    said.time = NOW - 10 * SECOND;
    call_go_on(&scene.sides, &said, NOW);
    ck_assert_uint_eq(scene.call.seconds, 20);
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), false);
    said.time = NOW + 10 * SECOND;
    call_go_on(&scene.sides, &said, NOW);
    ck_assert_int_eq(scene.call.end_time, NOW);
}
END_TEST

START_TEST(a_lost_call_is_settled_by_its_carrier_once)
{
    struct scene scene;
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(RINGING), true);
    call_lose(&scene.sides, NOW);
    ck_assert_int_eq(scene.second.status, STATUS(FAILED));
    ck_assert_str_eq(scene.second.reason, "CALL_LOST");
    ck_assert(scene.call.lost);
    struct call_progress said = progress(CALL_SECOND, CALL_BUSY, 0);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW + SECOND), CALL_CHANGED);
    ck_assert_int_eq(scene.second.status, STATUS(BUSY));
    ck_assert(!scene.call.lost);
    ck_assert_int_eq(scene.call.end_time, NOW);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW + SECOND), CALL_SAME);
    said.status = CALL_NO_ANSWER;
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW + SECOND), CALL_CONTRADICTED);
    /* That it knows nothing of it tells only that. */
    scene_set(&scene, true, STATUS(ANSWERED), STATUS(RINGING), true);
    call_lose(&scene.sides, NOW);
    said = progress(CALL_FIRST, CALL_GONE, 0);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_SAME);
    ck_assert_int_eq(scene.first.status, STATUS(FAILED));
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_SAME);
    /* Its length was told, and stays. */
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(IN_PROGRESS), true);
    call_lose(&scene.sides, NOW);
    said = progress(CALL_FIRST, CALL_COMPLETED, 0);
    said.seconds = 5;
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
    ck_assert_uint_eq(scene.call.seconds, 20);
    ck_assert_str_eq(scene.second.reason, "");
}
END_TEST

START_TEST(a_recording_may_be_told_of_later)
{
    struct scene scene;
    scene_set(&scene, false, STATUS(IN_PROGRESS), STATUS(IN_PROGRESS), false);
    struct call_progress said = progress(CALL_FIRST, CALL_COMPLETED, 0);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
    ck_assert(!scene.call.recorded);
    said.recorded = true;
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_CHANGED);
    ck_assert(scene.call.recorded);
    ck_assert_int_eq(call_go_on(&scene.sides, &said, NOW), CALL_SAME);
}
END_TEST

SUITE_MAIN("call legs", a_leg_never_goes_back, an_end_of_one_is_an_end_of_both,
           the_partner_waits_until_the_first_has_picked_up, why_it_ended_is_told,
           what_was_hung_up_says_so, several_phones_are_one_leg, what_cannot_be_is_refused,
           seconds_are_counted, steps_happen_in_order_whatever_the_carrier_says_of_time,
           a_lost_call_is_settled_by_its_carrier_once, a_recording_may_be_told_of_later)
