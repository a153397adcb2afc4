#include "server/masking/derive/session_apply.h"
#include "server/masking/derive/session_bytes.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#define STATUS(name) MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_##name

enum { ARENA = 4 * 1024 * 1024, PEOPLE = 3 };

struct sample {
    Maskline__Store__V1__Session session;
    Maskline__Store__V1__Participant people[PEOPLE];
    Maskline__Store__V1__Participant *pointers[PEOPLE];
    Maskline__Store__V1__Binding binding;
    Maskline__Store__V1__Binding *bindings[1];
    char *identifiers[1];
    uint8_t sid[16];
};

static void fill(struct sample *sample, unsigned seed)
{
    memset(sample, 0, sizeof *sample);
    Maskline__Store__V1__Session *session = &sample->session;
    maskline__store__v1__session__init(session);
    maskline__store__v1__binding__init(&sample->binding);
    memset(sample->sid, (int)seed, sizeof sample->sid);
    sample->binding.proxy_identifier = (char *)(uintptr_t) "+15550100001";
    sample->bindings[0] = &sample->binding;
    sample->identifiers[0] = (char *)(uintptr_t) "+15551230001";
    session->sid = (ProtobufCBinaryData){16, sample->sid};
    session->unique_name = (char *)(uintptr_t)(seed % 2 ? "trip" : "");
    session->status = seed % 3 ? STATUS(OPEN) : STATUS(IN_PROGRESS);
    session->ttl = (int64_t)seed << (seed % 40);
    session->ttl_given = seed % 5 > 0;
    session->create_time = INT64_C(1700000000000000) + seed;
    session->start_time = seed % 7 ? 0 : 5;
    session->last_interaction_time = seed % 4 ? 0 : -(int64_t)seed;
    session->generation = seed;
    session->interaction_count = UINT64_C(1) << seed % 64;
    session->effective_expire_time = seed % 6 ? 0 : 99;
    session->participants = sample->pointers;
    session->n_participants = seed % (PEOPLE + 1);
    for (unsigned i = 0; i < PEOPLE; i++) {
        Maskline__Store__V1__Participant *person = &sample->people[i];
        maskline__store__v1__participant__init(person);
        person->sid = session->sid;
        person->bindings = sample->bindings;
        person->n_bindings = i % 2;
        person->identifiers = sample->identifiers;
        person->n_identifiers = 1;
        person->generation = seed * i;
        sample->pointers[i] = person;
    }
}

static struct bytes pack(const Maskline__Store__V1__Session *session, struct arena *arena)
{
    size_t size = maskline__store__v1__session__get_packed_size(session);
    uint8_t *bytes = arena_alloc(arena, size);
    ck_assert_ptr_nonnull(bytes);
    maskline__store__v1__session__pack(session, bytes);
    return (struct bytes){bytes, size};
}

static Maskline__Store__V1__Session *unpack(struct bytes bytes, struct arena *arena)
{
    Maskline__Store__V1__Session *session =
        maskline__store__v1__session__unpack(arena_allocator(arena), bytes.size, bytes.data);
    ck_assert_ptr_nonnull(session);
    return session;
}

static const Maskline__Store__V1__InteractionCreated *a_message(void)
{
    static Maskline__Store__V1__InteractionCreated created =
        MASKLINE__STORE__V1__INTERACTION_CREATED__INIT;
    created.effective_expire_time = 1234567;
    return &created;
}

/* The same as unpacking, changing and packing. */
START_TEST(applies_as_to_a_record)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    for (unsigned seed = 0; seed < 500; seed++) {
        fill(&sample, seed);
        struct bytes before = pack(&sample.session, arena), after;
        ck_assert(session_bytes_apply_interaction(before, a_message(), 77, arena, &after));
        session_apply_interaction(&sample.session, a_message(), 77);
        struct bytes want = pack(&sample.session, arena);
        struct bytes have = pack(unpack(after, arena), arena);
        ck_assert_uint_eq(after.size, want.size);
        ck_assert_uint_eq(have.size, want.size);
        ck_assert_mem_eq(have.data, want.data, want.size);
        arena_reset(arena);
    }
    arena_free(arena);
}
END_TEST

/* The field may be one that a later version counts in. */
START_TEST(keeps_what_it_does_not_know)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    fill(&sample, 7);
    struct bytes known = pack(&sample.session, arena);
    static const uint8_t number[] = {0xf8, 0x3e, 0x2a}; /* field 1007 */
    static const uint8_t text[] = {0x82, 0x3f, 2, 9, 9};
    uint8_t *all = arena_alloc(arena, known.size + sizeof number + sizeof text);
    memcpy(all, number, sizeof number);
    memcpy(all + sizeof number, known.data, known.size);
    memcpy(all + sizeof number + known.size, text, sizeof text);
    struct bytes before = {all, known.size + sizeof number + sizeof text}, after;
    for (int round = 0; round < 3; round++, before = after)
        ck_assert(session_bytes_apply_interaction(before, a_message(), 77, arena, &after));
    ck_assert_ptr_nonnull(memmem(after.data, after.size, number, sizeof number));
    ck_assert_ptr_nonnull(memmem(after.data, after.size, text, sizeof text));
    ck_assert_uint_eq(unpack(after, arena)->interaction_count,
                      unpack(known, arena)->interaction_count + 3);
    arena_free(arena);
}
END_TEST

/* Cut or spoilt anywhere, it is refused or read; never read beyond its end. */
START_TEST(damage_is_survived)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    fill(&sample, 35);
    struct bytes whole = pack(&sample.session, arena);
    for (size_t size = 0; size < whole.size; size++) {
        for (unsigned spoilt = 0; spoilt < 4; spoilt++) {
            uint8_t *copy = malloc(size + 1);
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, whole.data, size);
            if (size)
                copy[size * spoilt / 4] = (uint8_t)(0xff - spoilt);
            struct bytes after;
            (void)session_bytes_apply_interaction((struct bytes){copy, size}, a_message(), 5, arena,
                                                  &after);
            free(copy);
            arena_reset(arena);
            whole = pack(&sample.session, arena);
        }
    }
    arena_free(arena);
}
END_TEST

SUITE_MAIN("session_bytes", applies_as_to_a_record, keeps_what_it_does_not_know, damage_is_survived)
