#include "server/masking/sessions/joiner.h"

#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/rows/forms.h"
#include "server/masking/rows/known.h"
#include "server/masking/messages/legs.h"
#include "server/masking/numbers/selection.h"

#include <stdio.h>
#include <string.h>

/* ---- form ---- */

static void path_of(const struct joiner *joiner, const char *field, char ret_path[64])
{
    snprintf(ret_path, 64, "%s.%s", joiner->path, field);
}

/* The path of an identifier, as the client may have given it: one, or a list. */
static void identifier_path(const struct joiner *joiner, size_t index, char ret_path[64])
{
    if (joiner->draft->identifier_count == 1)
        path_of(joiner, "identifier", ret_path);
    else
        snprintf(ret_path, 64, "%s.identifiers[%zu]", joiner->path, index);
}

static void bad_identifier(struct error *error, const struct joiner *joiner, size_t index,
                           const char *why)
{
    char path[64];
    identifier_path(joiner, index, path);
    if (error->code == STATUS_OK)
        refuse(error, REFUSED_IDENTIFIER);
    error_field(error, path, "%s",
                MUTANT("error_tells_number") ? joiner->draft->identifiers[index] : why);
}

static bool known(const struct joiner *joiner, const struct person *person)
{
    for (size_t i = 0; i < joiner->count; i++) {
        if (!memcmp(joiner->persons[i].bytes, person->bytes, PERSON_SIZE))
            return true;
    }
    return false;
}

static void read_identifiers(struct error *error, const uint8_t *hash_key, struct joiner *joiner)
{
    const struct participant_draft *draft = joiner->draft;
    char path[64];
    if (!draft->identifier_count) {
        path_of(joiner, "identifier", path);
        error_field(error, path, "A participant needs at least one real number.");
    }
    if (draft->identifier_count > IDENTIFIERS_MOST) {
        path_of(joiner, "identifiers", path);
        error_field(error, path, "At most %d.", IDENTIFIERS_MOST);
    }
    for (size_t i = 0; i < draft->identifier_count && i < IDENTIFIERS_MOST; i++) {
        char canonical[CHANNEL_SIZE];
        enum address_input input = draft->lenient ? ADDRESS_LENIENT : ADDRESS_STRICT;
        if (!identifier_parse(draft->identifiers[i], input, canonical)) {
            bad_identifier(error, joiner, i, "This is no number in E.164: + and 8 to 15 digits.");
            continue;
        }
        struct person person = person_of(hash_key, canonical);
        if (known(joiner, &person)) {
            identifier_path(joiner, i, path);
            error_field(error, path, "This is one phone with another of the list.");
            continue;
        }
        /* Networks want forms of one phone without the digit that they leave out. */
        joiner->texts[joiner->count] = draft->identifiers[i];
        (void)address_parse(canonical, ADDRESS_STRICT, &joiner->identifiers[joiner->count]);
        joiner->persons[joiner->count++] = person;
    }
}

const char *joiner_text(const struct joiner *joiner, size_t index)
{
    const char *number = joiner->identifiers[index].text;
    return *number ? number : joiner->texts[index];
}

void joiner_read_proxy(struct error *error, struct joiner *joiner)
{
    const char *proxy = joiner->draft->proxy_identifier, *sid = joiner->draft->proxy_number_sid;
    char path[64];
    if (proxy && *proxy) {
        joiner->asks = true;
        path_of(joiner, "proxy_identifier", path);
        if (!proxy_parse(proxy, &joiner->proxy))
            error_field(error, path,
                        "This is no number in E.164, + and 8 to 15 digits, no short code, and no "
                        "address in a channel.");
    }
    if (sid && *sid) {
        joiner->asks = joiner->asks_sid = true;
        path_of(joiner, "proxy_identifier_sid", path);
        joiner->asks_short = sid_parse("SC", sid, joiner->sid);
        if (joiner->asks_short || sid_parse("PN", sid, joiner->sid))
            return;
        if (error->code == STATUS_OK)
            refuse(error, REFUSED_NUMBER_SID);
        error_field(error, path, "This is no SID of a phone number or a short code.");
    }
}

void joiner_read(struct error *error, const uint8_t *hash_key, const char *path,
                 const struct participant_draft *draft, struct joiner *ret_joiner)
{
    memset(ret_joiner, 0, sizeof *ret_joiner);
    ret_joiner->draft = draft;
    memcpy(ret_joiner->path, path, strnlen(path, sizeof ret_joiner->path - 1));
    read_identifiers(error, hash_key, ret_joiner);
    if (draft->friendly_name && *draft->friendly_name) {
        char name[64];
        path_of(ret_joiner, "friendly_name", name);
        form_text(error, name, draft->friendly_name,
                  FRIENDLY_NAME_MOST + MUTANT("friendly_name_a_character_longer"));
    }
    joiner_read_proxy(error, ret_joiner);
}

bool joiner_of(const Maskline__Store__V1__Participant *participant,
               const struct participant_draft *draft, struct joiner *ret_joiner)
{
    *ret_joiner = (struct joiner){.draft = draft, .path = "spec"};
    if (participant->n_identifiers != participant->n_persons ||
        participant->n_persons > IDENTIFIERS_MOST)
        return false;
    for (size_t i = 0; i < participant->n_persons; i++) {
        if (participant->persons[i].len != PERSON_SIZE)
            return false;
        ret_joiner->texts[i] = participant->identifiers[i];
        (void)address_parse(participant->identifiers[i], ADDRESS_STRICT,
                            &ret_joiner->identifiers[i]);
        memcpy(ret_joiner->persons[i].bytes, participant->persons[i].data, PERSON_SIZE);
        ret_joiner->count++;
    }
    return true;
}

bool joiners_same(const struct joiner *a, const struct joiner *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (known(a, &b->persons[i]))
            return true;
    }
    return false;
}

bool joiner_is(const struct joiner *joiner, const Maskline__Store__V1__Participant *participant)
{
    for (size_t i = 0; i < participant->n_persons; i++) {
        struct person person;
        if (participant->persons[i].len != PERSON_SIZE)
            continue;
        memcpy(person.bytes, participant->persons[i].data, PERSON_SIZE);
        if (known(joiner, &person))
            return true;
    }
    return false;
}

/* ---- a seat ---- */

/* A proxy number as a person's own would send messages round in circles. */
static bool check_loop(struct known *known, struct rows *rows, const struct joiner *joiner,
                       struct error *error)
{
    for (size_t i = 0; i < joiner->count; i++) {
        enum kv_found found = known_held(known, rows, joiner_text(joiner, i), error);
        if (found == KV_FAILED)
            return false;
        if (found == KV_ABSENT || MUTANT("proxy_number_joins"))
            continue;
        error_clear(error);
        bad_identifier(error, joiner, i, "This is a proxy number, and nobody's own.");
        return false;
    }
    return true;
}

static bool find_number(struct masking *masking, struct rows *rows, const struct seeker *seeker,
                        const struct joiner *joiner, struct choice *ret_choice, struct error *error)
{
    if (!joiner->asks)
        return select_number(masking, rows, seeker, ret_choice, error);
    const char *proxy = *joiner->proxy.text ? joiner->proxy.text : NULL;
    if (!select_asked(masking, rows, seeker, proxy, joiner->sid, ret_choice, error))
        return false;
    if (joiner->asks_sid && !ret_choice->number->short_code == joiner->asks_short)
        return refuse(error, REFUSED_PROXY_NOT_FOUND);
    if (proxy && joiner->asks_sid &&
        memcmp(ret_choice->number->sid.data, joiner->sid, SID_BYTES) != 0) {
        char path[64];
        path_of(joiner, "proxy_identifier_sid", path);
        error_clear(error);
        return error_field(error, path, "This is another number's than proxy_identifier.");
    }
    return true;
}

bool joiner_set_identifiers(struct arena *arena, const struct joiner *joiner,
                            Maskline__Store__V1__Participant *participant)
{
    participant->identifiers = arena_array(arena, joiner->count, sizeof(char *));
    participant->persons = arena_array(arena, joiner->count, sizeof(ProtobufCBinaryData));
    if (!participant->identifiers || !participant->persons)
        return false;
    size_t last = joiner->count - 1;
    for (size_t i = 0; i < joiner->count; i++) {
        size_t from = MUTANT("identifiers_turn_round") ? last - i : i;
        participant->identifiers[i] = arena_string(arena, joiner_text(joiner, from));
        participant->persons[i].data = arena_copy(arena, joiner->persons[from].bytes, PERSON_SIZE);
        participant->persons[i].len = PERSON_SIZE;
        if (!participant->identifiers[i] || !participant->persons[i].data)
            return false;
    }
    participant->n_identifiers = participant->n_persons =
        MUTANT("only_first_identifier_joins") ? 1 : joiner->count;
    return true;
}

Maskline__Store__V1__Binding *binding_to(struct rows *rows, const struct choice *choice)
{
    Maskline__Store__V1__Binding *binding = arena_alloc(rows->arena, sizeof *binding);
    if (!binding)
        return NULL;
    maskline__store__v1__binding__init(binding);
    binding->proxy_identifier = choice->number->phone_number;
    binding->number = choice->number->sid;
    binding->since_time = rows->now;
    if (!MUTANT("choice_untold"))
        binding->choice_reason = choice->reason;
    binding->matched_level = choice->level;
    binding->relaxed = choice->relaxed;
    return binding;
}

static Maskline__Store__V1__Participant *make(struct rows *rows,
                                              const Maskline__Store__V1__Session *session,
                                              const struct joiner *joiner,
                                              const struct choice *choice)
{
    struct arena *arena = rows->arena;
    Maskline__Store__V1__Participant *made = arena_alloc(arena, sizeof *made);
    Maskline__Store__V1__Binding *binding = binding_to(rows, choice);
    Maskline__Store__V1__Binding **bindings = arena_array(arena, 1, sizeof(void *));
    uint8_t *sid = arena_alloc(arena, SID_BYTES);
    if (!made || !binding || !bindings || !sid)
        return NULL;
    txn_mint(rows->txn, sid);
    bindings[0] = binding;
    maskline__store__v1__participant__init(made);
    made->sid = (ProtobufCBinaryData){SID_BYTES, sid};
    if (joiner->draft->friendly_name)
        made->friendly_name = borrowed(joiner->draft->friendly_name);
    made->bindings = bindings;
    made->n_bindings = 1;
    made->create_time = made->update_time = rows->now;
    made->generation = session->generation;
    return joiner_set_identifiers(arena, joiner, made) ? made : NULL;
}

/* Everybody at the other end. */
static struct person *peers_of(struct rows *rows, const struct seat *seat, size_t *ret_count)
{
    const Maskline__Store__V1__Session *session = seat->session;
    const struct joiner *coming = seat->coming;
    size_t room = coming ? coming->count : 0, count = 0;
    for (size_t i = 0; i < session->n_participants; i++)
        room += session->participants[i]->n_persons;
    struct person *peers = arena_array(rows->arena, room, sizeof *peers);
    if (!peers)
        return NULL;
    for (size_t i = 0; i < session->n_participants; i++) {
        const Maskline__Store__V1__Participant *participant = session->participants[i];
        if (participant->delete_time || participant == seat->replaced)
            continue;
        for (size_t j = 0; j < participant->n_persons; j++) {
            if (participant->persons[j].len == PERSON_SIZE)
                memcpy(peers[count++].bytes, participant->persons[j].data, PERSON_SIZE);
        }
    }
    for (size_t i = 0; coming && i < coming->count; i++)
        peers[count++] = coming->persons[i];
    *ret_count = count;
    return peers;
}

static bool seek(struct rows *rows, const struct seat *seat, const struct joiner *joiner,
                 struct seeker *ret_seeker, struct error *error)
{
    const Maskline__Store__V1__Session *session = seat->session;
    size_t peer_count = 0;
    struct person *peers = peers_of(rows, seat, &peer_count);
    const char **texts = arena_array(rows->arena, joiner->count, sizeof *texts);
    if (!peers || !texts)
        return refuse(error, REFUSED_NO_MEMORY);
    for (size_t i = 0; i < joiner->count; i++)
        texts[i] = joiner_text(joiner, i);
    *ret_seeker = (struct seeker){
        .joining =
            {
                .service = seat->service,
                .session = session->sid.data,
                .persons = joiner->persons,
                .count = joiner->count,
                .peers = peers,
                .peer_count = peer_count,
            },
        .identifiers = joiner->identifiers,
        .texts = texts,
        .mode = session->mode,
        .seated = session->participants,
        .seated_count = seat->is_new ? session->n_participants : 0,
        .shortage = seat->shortage,
    };
    return true;
}

/* Addresses in channels: text alone goes there, and only from an address that was asked for. */
static bool check_channel(const struct seat *seat, const struct joiner *joiner, struct error *error)
{
    bool channel = false;
    for (size_t i = 0; i < joiner->count; i++)
        channel = channel || address_scheme(joiner_text(joiner, i));
    if (!channel)
        return true;
    if (seat->session->mode != MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY &&
        !MUTANT("channel_in_any_mode"))
        return refuse(error, REFUSED_CHANNEL_MODE);
    if (joiner->asks)
        return true;
    char path[64];
    path_of(joiner, "proxy_identifier", path);
    error_clear(error);
    return error_field(error, path, "In a channel the sender's address has to be given.");
}

bool joiner_number(struct masking *masking, struct rows *rows, const struct seat *seat,
                   const struct joiner *joiner, const char *has, struct choice *ret_choice,
                   struct error *error)
{
    struct seeker seeker;
    if (!check_channel(seat, joiner, error) || !seek(rows, seat, joiner, &seeker, error))
        return false;
    seeker.has = has;
    /* Who asks for the own number is told so. */
    return (joiner->asks || check_loop(masking->known, rows, joiner, error)) &&
           find_number(masking, rows, &seeker, joiner, ret_choice, error) &&
           (!joiner->asks || check_loop(masking->known, rows, joiner, error));
}

/* Whether what somebody else had before reaches the joiner, who may be of another country or channel. */
static bool check_reach(struct rows *rows, const struct seeker *seeker, const char *proxy,
                        struct error *error)
{
    Maskline__Store__V1__PhoneNumber *number;
    enum kv_found found =
        rows_number(rows, seeker->joining.service->pool.data, proxy, &number, error);
    return found == KV_ABSENT || (found == KV_FOUND && number_reaches(seeker, number, error));
}

bool joiner_may_have(struct masking *masking, struct rows *rows, const struct seat *seat,
                     const struct joiner *joiner,
                     const Maskline__Store__V1__Participant *participant, struct error *error)
{
    struct seeker seeker;
    if (!check_loop(masking->known, rows, joiner, error) ||
        !seek(rows, seat, joiner, &seeker, error))
        return false;
    for (size_t i = 0; i < participant->n_bindings; i++) {
        const Maskline__Store__V1__Binding *binding = participant->bindings[i];
        struct pair pair;
        if (binding->ended || MUTANT("replacement_takes_pairs"))
            continue;
        if (!check_reach(rows, &seeker, binding->proxy_identifier, error) ||
            !pair_find(rows, &seeker.joining, binding->proxy_identifier, &pair, error) ||
            !pair_allowed(&pair, rows->now, error))
            return false;
        /* Nothing is sent from earlier numbers. */
        if (!binding->until_time && !MUTANT("replacement_of_opted_out_person") &&
            !pair_not_opted_out(masking, rows, &seeker, binding->proxy_identifier, error))
            return false;
    }
    return true;
}

bool joiner_seat(struct masking *masking, struct rows *rows, const struct seat *seat,
                 const struct joiner *joiner, Maskline__Store__V1__Participant **ret_participant,
                 struct error *error)
{
    struct choice choice;
    if (!joiner_number(masking, rows, seat, joiner, NULL, &choice, error))
        return false;
    *ret_participant = make(rows, seat->session, joiner, &choice);
    return *ret_participant || refuse(error, REFUSED_NO_MEMORY);
}

void joiner_warm(struct rows *rows, const uint8_t *service, const struct joiner *joiner)
{
    pairs_warm(rows, service, joiner->persons, joiner->count);
}
