#include "server/masking/numbers/selection.h"

#include "proto/c/fault.h"
#include "server/masking/bars/bars.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/numbers/pools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RELAXED(name) (UINT32_C(1) << MASKLINE__STORE__V1__RELAXATION__RELAXATION_##name)
#define LEVEL(name)   MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_##name

/* The scope that the Service's level means for this person. What it cannot mean is added to *relaxed. */
static enum scope scope_wished(const Maskline__Store__V1__Settings *settings, const struct geo *geo,
                               uint32_t *relaxed)
{
    enum scope scope = SCOPE_COUNTRY;
    switch (settings->geo_match_level) {
    case LEVEL(AREA_CODE):
        scope = SCOPE_AREA;
        break;
    case LEVEL(OVERLAY):
        scope = SCOPE_OVERLAY;
        break;
    case LEVEL(RADIUS):
        *relaxed |= RELAXED(NO_COORDINATES);
        scope = SCOPE_REGION;
        break;
    case LEVEL(REGION):
        scope = SCOPE_REGION;
        break;
    default:
        return SCOPE_COUNTRY;
    }
    if (*geo_place(geo, scope))
        return MUTANT("geo_level_ignored") ? SCOPE_COUNTRY : scope;
    *relaxed |= *geo->area ? RELAXED(REGION_UNKNOWN) : RELAXED(NO_AREAS);
    return SCOPE_COUNTRY;
}

static struct pool_wish wish_of(const struct seeker *seeker, uint32_t *ret_relaxed)
{
    const Maskline__Store__V1__Settings *settings = seeker->joining.service->settings;
    bool best_effort =
        settings->geo_matching == MASKLINE__STORE__V1__GEO_MATCHING__GEO_MATCHING_BEST_EFFORT;
    struct pool_wish wish = {
        .sms = seeker->mode != MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY,
        .voice = seeker->mode != MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY,
    };
    /* Messages go to the first identifier, and calls ring it first: its place counts. */
    geo_of(seeker->identifiers[0].text, &wish.geo);
    *ret_relaxed = 0;
    wish.narrowest = scope_wished(settings, &wish.geo, ret_relaxed);
    wish.widest = best_effort && !MUTANT("best_effort_gives_up") ? SCOPE_COUNTRY : wish.narrowest;
    return wish;
}

/* Whether a number (in its canonical form) is the person's own. */
static bool own_number(const struct seeker *seeker, const char *proxy)
{
    for (size_t i = 0; i < seeker->joining.count; i++) {
        struct address own = address_canonical(&seeker->identifiers[i]);
        if (!strcmp(own.text, proxy) && !MUTANT("own_number_is_chosen"))
            return true;
    }
    return false;
}

bool number_fits_mode(const Maskline__Store__V1__PhoneNumber *number,
                      Maskline__Store__V1__Mode mode, struct error *error)
{
    if (mode != MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY && !number->voice)
        return refuse(error, REFUSED_NO_VOICE_NUMBER);
    if (mode != MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY && !number->sms &&
        !MUTANT("number_need_not_fit_mode"))
        return refuse(error, REFUSED_NO_SMS_NUMBER);
    return true;
}

/* ---- choosing ---- */

struct selecting {
    struct masking *masking;
    struct rows *rows;
    const struct seeker *seeker;
    struct error *error;
    struct pool *pool;
    struct pool_wish wish;
    struct pairs pairs; /* what this person has or had */
    struct choice choice;
    struct address has; /* what the person has and is to get another than; empty: nothing */
    bool opted_out;     /* of messages from some number that would have fitted */
};

/* Whether it (in its canonical form) is not to be chosen, whatever else it is. */
static bool unwanted(const struct selecting *s, const char *proxy)
{
    return !strcmp(proxy, s->has.text) || own_number(s->seeker, proxy);
}

enum tried { TRIED_FOUND, TRIED_NOTHING, TRIED_STALE, TRIED_FAILED };

static bool of_other_country(const Maskline__Store__V1__PhoneNumber *number,
                             const struct pool_wish *wish)
{
    if (!*wish->geo.country)
        return false;
    struct geo geo = {.country = ""};
    if (!*number->country) /* it was not told when the number was added */
        geo_of(number->phone_number, &geo);
    return strcmp(*number->country ? number->country : geo.country, wish->geo.country) != 0;
}

/* The memory's word is a hint; the row's counts. */
static enum tried take(struct selecting *s, const char *proxy, enum scope scope)
{
    static const Maskline__Store__V1__GeoMatchLevel LEVELS[SCOPES] = {
        LEVEL(COUNTRY), LEVEL(REGION), LEVEL(OVERLAY), LEVEL(AREA_CODE)};
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found =
        rows_number(s->rows, s->seeker->joining.service->pool.data, proxy, &number, s->error);
    if (found == KV_FAILED)
        return TRIED_FAILED;
    if (found == KV_ABSENT || !number_is_choosable(number) || (s->wish.sms && !number->sms) ||
        (s->wish.voice && !number->voice))
        return TRIED_STALE;
    s->choice.number = number;
    s->choice.level = LEVELS[scope];
    if (scope < s->wish.narrowest)
        s->choice.relaxed |= RELAXED(WIDER_LEVEL);
    if (of_other_country(number, &s->wish))
        s->choice.relaxed |= RELAXED(OTHER_COUNTRY);
    return TRIED_FOUND;
}

/* Whether this person opted out of messages from this number, in a session that would carry some. */
static enum tried barred(struct selecting *s, const char *proxy)
{
    if (!s->wish.sms || MUTANT("barred_pair_is_chosen"))
        return TRIED_FOUND;
    switch (bars_opted_out(s->masking->bars, s->rows, s->seeker->joining.service->pool.data,
                           s->seeker->joining.persons, s->seeker->joining.count, proxy, s->error)) {
    case KV_FOUND:
        s->opted_out = true;
        return TRIED_NOTHING;
    case KV_ABSENT:
        return TRIED_FOUND;
    default:
        return TRIED_FAILED;
    }
}

static int newest_first(const void *a, const void *b)
{
    const struct pair *x = *(const struct pair *const *)a, *y = *(const struct pair *const *)b;
    if (x->taken_time != y->taken_time && !MUTANT("sticky_takes_any_earlier"))
        return x->taken_time < y->taken_time ? 1 : -1;
    return strcmp(x->proxy, y->proxy);
}

/* A number that this person had, the latest first. */
static enum tried try_earlier(struct selecting *s)
{
    const struct pair **earlier =
        arena_array(s->rows->arena, s->pairs.count, sizeof(const struct pair *));
    size_t count = 0;
    enum scope scope;
    if (!earlier) {
        refuse(s->error, REFUSED_NO_MEMORY);
        return TRIED_FAILED;
    }
    for (size_t i = 0; i < s->pairs.count; i++) {
        const struct pair *pair = &s->pairs.pairs[i];
        if ((pair->state == PAIR_FREE ||
             (pair->state == PAIR_COOLING && MUTANT("sticky_wins_over_cool_down"))) &&
            pool_has(s->pool, &s->wish, pair->proxy, &scope) && !unwanted(s, pair->proxy))
            earlier[count++] = pair;
    }
    if (!count)
        return TRIED_NOTHING;
    qsort(earlier, count, sizeof(const struct pair *), newest_first);
    s->choice.reason = MASKLINE__STORE__V1__CHOICE_REASON__CHOICE_REASON_STICKY;
    enum tried tried = TRIED_NOTHING;
    for (size_t i = 0; i < count && tried == TRIED_NOTHING; i++) {
        const char *proxy = earlier[i]->proxy;
        tried = barred(s, proxy);
        if (tried == TRIED_FOUND) {
            (void)pool_has(s->pool, &s->wish, proxy, &scope);
            return take(s, proxy, scope);
        }
    }
    return tried;
}

/* Whether one who was seated just before got this number (in its canonical form). */
static bool just_taken(const struct seeker *seeker, const char *proxy)
{
    for (size_t i = 0; i < seeker->seated_count; i++) {
        const Maskline__Store__V1__Participant *seated = seeker->seated[i];
        for (size_t j = 0; j < seated->n_bindings; j++) {
            struct address form = proxy_form(seated->bindings[j]->proxy_identifier);
            if (!strcmp(form.text, proxy))
                return true;
        }
    }
    return false;
}

static bool may_have(const struct selecting *s, const char *proxy, bool fresh)
{
    const struct pair *pair = pairs_find(&s->pairs, proxy);
    if (MUTANT("used_number_is_chosen"))
        return !unwanted(s, proxy);
    return !(pair && (fresh || pair->state != PAIR_FREE)) && !unwanted(s, proxy);
}

/* The least used one; with `fresh` of those that this person never had. What the same command took has one use more than the walk
 * knows of: it stands behind those with as many. */
static enum tried try_least_used(struct selecting *s, bool fresh)
{
    struct pool_walk walk;
    const char *taken = NULL, *proxy;
    unsigned tier = 0;
    int64_t load = 0;
    enum scope scope = SCOPE_COUNTRY;
    s->choice.reason = MASKLINE__STORE__V1__CHOICE_REASON__CHOICE_REASON_LEAST_USED;
    pool_walk(s->pool, &s->wish, &walk);
    while ((proxy = pool_walk_next(&walk))) {
        if (taken && (walk.tier != tier || walk.load > load + 1))
            break;
        if (!may_have(s, proxy, fresh))
            continue;
        enum tried tried = barred(s, proxy);
        if (tried == TRIED_FAILED)
            return TRIED_FAILED;
        if (tried == TRIED_NOTHING)
            continue;
        if (!just_taken(s->seeker, proxy))
            return take(s, proxy, pool_walk_scope(&walk));
        if (!taken) {
            taken = proxy;
            tier = walk.tier;
            load = walk.load;
            scope = pool_walk_scope(&walk);
        }
    }
    return taken ? take(s, taken, scope) : TRIED_NOTHING;
}

static enum tried try_all(struct selecting *s)
{
    bool avoid = s->seeker->joining.service->settings->number_selection ==
                 MASKLINE__STORE__V1__NUMBER_SELECTION__NUMBER_SELECTION_AVOID_STICKY;
    enum tried tried = avoid ? try_least_used(s, true) : try_earlier(s);
    if (tried != TRIED_NOTHING)
        return tried;
    tried = try_least_used(s, false);
    if (avoid && tried == TRIED_FOUND)
        s->choice.relaxed |= RELAXED(HAD_BEFORE);
    return tried;
}

/* When the first number that would fit has rested; 0: none rests. */
static int64_t next_free(const struct selecting *s)
{
    int64_t first = 0;
    enum scope scope;
    for (size_t i = 0; i < s->pairs.count; i++) {
        const struct pair *pair = &s->pairs.pairs[i];
        if (pair->state == PAIR_COOLING && (!first || pair->free_time < first) &&
            pool_has(s->pool, &s->wish, pair->proxy, &scope) && !unwanted(s, pair->proxy))
            first = pair->free_time;
    }
    return first;
}

/* The first condition that left nothing. */
static enum refusal first_missing(const struct selecting *s, const struct pool_fits *fits)
{
    if (!fits->all)
        return REFUSED_POOL_EMPTY;
    if (!fits->able)
        return s->wish.voice && (!fits->voice || fits->sms) ? REFUSED_NO_VOICE_NUMBER
                                                            : REFUSED_NO_SMS_NUMBER;
    if (!fits->near)
        return REFUSED_NO_COUNTRY_NUMBER;
    if (!fits->choosable)
        return REFUSED_ONLY_RESERVED;
    /* Others would do, were they nearer. */
    if (fits->in_scope < fits->choosable && !MUTANT("far_numbers_count"))
        return REFUSED_NO_NEAR_NUMBER;
    return s->opted_out ? REFUSED_PAIR_OPTED_OUT : REFUSED_ALL_IN_USE;
}

/* The area codes of a complex, or what else the place of a scope is called. */
static void place_of(const struct selecting *s, char ret_place[PLACE_SIZE])
{
    const struct geo *geo = &s->wish.geo;
    unsigned code = 0, number;
    const struct area *area = address_area(s->seeker->identifiers[0].text, &number);
    if (s->wish.widest != SCOPE_OVERLAY || !area) {
        snprintf(ret_place, PLACE_SIZE, "%s", geo_place(geo, s->wish.widest));
        return;
    }
    *ret_place = '\0';
    while (area_sibling(area->overlay, &code)) {
        size_t used = strlen(ret_place);
        snprintf(ret_place + used, PLACE_SIZE - used, "%s%03u", used ? " " : "", code);
    }
}

/* What was there, and what would do: whatever barred the others, a new number of this kind is free for everybody. */
static void tell_needed(const struct selecting *s, const struct pool_fits *fits)
{
    const struct pool_wish *wish = &s->wish;
    error_metadata(s->error, "left", "all=%u able=%u country=%u choosable=%u near=%u free=0",
                   fits->all, fits->able, fits->near, fits->choosable, fits->in_scope);
    error_metadata(s->error, "needed_numbers", "%d", MUTANT("refusal_says_nothing") ? 0 : 1);
    error_metadata(s->error, "needed_capabilities", "%s",
                   wish->sms && wish->voice ? "sms voice"
                   : wish->sms              ? "sms"
                                            : "voice");
    if (*wish->geo.code)
        error_metadata(s->error, "needed_calling_code", "%s", wish->geo.code);
    if (wish->widest != SCOPE_COUNTRY) {
        char place[PLACE_SIZE];
        place_of(s, place);
        error_metadata(s->error, "needed_place", "%s", place);
    }
}

/* Who opted out is not refused for want of a number; but another one would do. */
static void note_shortage(const struct selecting *s, enum refusal refusal, int64_t free_time)
{
    const struct pool_wish *wish = &s->wish;
    if (!s->seeker->shortage)
        return;
    *s->seeker->shortage = (struct shortage){.there_is = refusal != REFUSED_PAIR_OPTED_OUT,
                                             .one_would_do = true,
                                             .geo = wish->geo,
                                             .sms = wish->sms,
                                             .voice = wish->voice,
                                             .free_time = free_time};
    if (wish->widest != SCOPE_COUNTRY)
        place_of(s, s->seeker->shortage->place);
}

static bool explain(const struct selecting *s)
{
    struct pool_fits fits = pool_fit(s->pool, &s->wish);
    enum refusal refusal = first_missing(s, &fits);
    refuse(s->error, refusal);
    int64_t free_time = fits.in_scope ? next_free(s) : 0;
    note_shortage(s, refusal, free_time);
    if (free_time)
        error_free_time(s->error, free_time, s->rows->now);
    tell_needed(s, &fits);
    return false;
}

bool select_number(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                   struct choice *ret_choice, struct error *error)
{
    struct selecting s = {
        .masking = masking,
        .rows = rows,
        .seeker = seeker,
        .error = error,
    };
    uint32_t relaxed;
    s.wish = wish_of(seeker, &relaxed);
    s.has = proxy_form(seeker->has ? seeker->has : "");
    const uint8_t *pool = seeker->joining.service->pool.data;
    if (!pairs_read(rows, &seeker->joining, &s.pairs, error))
        return false;
    /* Of all messages of the Service: then there is no need to ask for each number. */
    if (barred(&s, "") != TRIED_FOUND)
        return s.opted_out && refuse(error, REFUSED_PAIR_OPTED_OUT);
    /* A memory that is wrong about a row is thrown away, once. */
    for (int round = 0; round < 2; round++) {
        if (MUTANT("pool_read_each_time"))
            pools_forget(masking->pools, pool);
        if (!pools_get(masking->pools, rows, pool, &s.pool, error))
            return false;
        if (!pool_index(s.pool, &s.wish)) {
            pools_forget(masking->pools, pool);
            return refuse(error, REFUSED_NO_MEMORY);
        }
        s.choice = (struct choice){.relaxed = relaxed};
        switch (try_all(&s)) {
        case TRIED_FOUND:
            *ret_choice = s.choice;
            return true;
        case TRIED_NOTHING:
            return explain(&s);
        case TRIED_STALE:
            pools_forget(masking->pools, pool);
            break;
        default:
            return false;
        }
    }
    return refuse(error, REFUSED_INTERNAL);
}

/* ---- as asked for ---- */

bool pair_allowed(const struct pair *pair, int64_t now, struct error *error)
{
    if (pair->state == PAIR_TAKEN && !MUTANT("asked_for_pair_is_shared")) {
        refuse(error, REFUSED_PAIR_IN_USE);
        error_metadata(error, "session_sid", "%s", sid_format("KC", pair->session).text);
        return false;
    }
    if (pair->state == PAIR_COOLING && !MUTANT("asked_for_pair_needs_no_rest")) {
        refuse(error, REFUSED_PAIR_COOLING_DOWN);
        error_free_time(error, pair->free_time, now);
        return false;
    }
    return true;
}

/* Not in this pool: in another one of the tenant's? */
static bool elsewhere(struct rows *rows, const char *proxy, struct error *error)
{
    Maskline__Store__V1__NumberClaim *claim;
    enum kv_found found = proxy ? rows_claim(rows, proxy, &claim, error) : KV_ABSENT;
    if (found == KV_FAILED)
        return false;
    bool held = found == KV_FOUND && claim->tenant == rows->tenant &&
                claim->state != MASKLINE__STORE__V1__CLAIM_STATE__CLAIM_STATE_QUARANTINED;
    bool channel = proxy && (address_scheme(proxy) || *proxy == '~');
    return refuse(error, held      ? REFUSED_PROXY_ELSEWHERE
                         : channel ? REFUSED_SENDER_NOT_SERVED
                                   : REFUSED_PROXY_NOT_FOUND);
}

bool pair_not_opted_out(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                        const char *proxy, struct error *error)
{
    if (seeker->mode == MASKLINE__STORE__V1__MODE__MODE_VOICE_ONLY ||
        MUTANT("barred_pair_may_be_asked_for"))
        return true;
    enum kv_found found =
        bars_opted_out(masking->bars, rows, seeker->joining.service->pool.data,
                       seeker->joining.persons, seeker->joining.count, proxy, error);
    return found == KV_ABSENT || (found == KV_FOUND && refuse(error, REFUSED_PAIR_OPTED_OUT));
}

static bool same_channel(const char *a, const char *b)
{
    size_t size = address_scheme(a);
    return size == address_scheme(b) && !strncmp(a, b, size);
}

bool number_reaches(const struct seeker *seeker, const Maskline__Store__V1__PhoneNumber *number,
                    struct error *error)
{
    for (size_t i = 0; i < seeker->joining.count; i++) {
        if (number->short_code && !address_in_country(&seeker->identifiers[i], number->country) &&
            !MUTANT("short_code_of_another_country"))
            return refuse(error, REFUSED_OTHER_COUNTRY);
        if (!same_channel(seeker->texts[i], number->phone_number) && !MUTANT("channels_are_mixed"))
            return refuse(error, REFUSED_OTHER_CHANNEL);
    }
    return true;
}

bool select_asked(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                  const char *proxy, const uint8_t *sid, struct choice *ret_choice,
                  struct error *error)
{
    const uint8_t *pool = seeker->joining.service->pool.data;
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found = proxy ? rows_number(rows, pool, proxy, &number, error)
                                : rows_number_by_sid(rows, pool, sid, &number, error);
    if (found != KV_FOUND)
        return found == KV_ABSENT && elsewhere(rows, proxy, error);
    struct address form = proxy_form(number->phone_number);
    if (own_number(seeker, form.text))
        return refuse(error, REFUSED_OWN_NUMBER);
    if (number->state != MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE &&
        !MUTANT("asked_for_number_in_any_state"))
        return refuse(error, REFUSED_NUMBER_NOT_ACTIVE);
    if (!number_reaches(seeker, number, error))
        return false;
    struct pair pair;
    if (!number_fits_mode(number, seeker->mode, error)) {
        if (seeker->shortage)
            *seeker->shortage =
                (struct shortage){.there_is = true, .asked_for = number->phone_number};
        return false;
    }
    if (!pair_find(rows, &seeker->joining, number->phone_number, &pair, error) ||
        !pair_allowed(&pair, rows->now, error) ||
        !pair_not_opted_out(masking, rows, seeker, number->phone_number, error))
        return false;
    *ret_choice = (struct choice){
        .number = number,
        .reason = MASKLINE__STORE__V1__CHOICE_REASON__CHOICE_REASON_ASKED,
    };
    return true;
}
