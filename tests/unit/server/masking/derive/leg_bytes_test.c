#include "server/masking/derive/leg_bytes.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>

#define STATUS(name) MASKLINE__STORE__V1__LEG_STATUS__LEG_STATUS_##name

enum { ARENA = 4 * 1024 * 1024 };

struct sample {
    Maskline__Store__V1__Interaction interaction;
    Maskline__Store__V1__Content content;
    Maskline__Store__V1__Leg legs[4];
    Maskline__Store__V1__Leg *outbound[3];
    uint8_t sid[16];
    char body[512];
};

static void fill(struct sample *sample, unsigned seed)
{
    memset(sample, 0, sizeof *sample);
    maskline__store__v1__interaction__init(&sample->interaction);
    maskline__store__v1__content__init(&sample->content);
    memset(sample->sid, (int)seed, sizeof sample->sid);
    memset(sample->body, 'x', seed * 7 % sizeof sample->body);
    sample->content.body = sample->body;
    sample->interaction.sid = (ProtobufCBinaryData){16, sample->sid};
    sample->interaction.content = &sample->content;
    sample->interaction.create_time = seed;
    sample->interaction.update_time = seed % 3 ? (int64_t)seed << 20 : 0;
    sample->interaction.expire_time = seed % 5 ? INT64_C(1) << (seed % 60) : 0;
    sample->interaction.outbound = sample->outbound;
    sample->interaction.n_outbound = seed % 4;
    for (unsigned i = 0; i < 4; i++) {
        Maskline__Store__V1__Leg *leg = &sample->legs[i];
        maskline__store__v1__leg__init(leg);
        leg->status = seed % 2 ? STATUS(QUEUED) : STATUS(SENT);
        leg->attempts = seed * i;
        leg->carrier = sample->body;
        leg->due_time = seed;
        if (i < 3)
            sample->outbound[i] = leg;
    }
    if (seed % 2)
        sample->interaction.inbound = &sample->legs[3];
}

static struct bytes pack(const Maskline__Store__V1__Interaction *interaction, struct arena *arena)
{
    size_t size = maskline__store__v1__interaction__get_packed_size(interaction);
    uint8_t *bytes = arena_alloc(arena, size);
    ck_assert_ptr_nonnull(bytes);
    maskline__store__v1__interaction__pack(interaction, bytes);
    return (struct bytes){bytes, size};
}

static struct bytes pack_leg(const Maskline__Store__V1__Leg *leg, struct arena *arena)
{
    size_t size = maskline__store__v1__leg__get_packed_size(leg);
    uint8_t *bytes = arena_alloc(arena, size);
    ck_assert_ptr_nonnull(bytes);
    maskline__store__v1__leg__pack(leg, bytes);
    return (struct bytes){bytes, size};
}

/* The same as unpacking, changing and packing. */
START_TEST(replaces_as_protobuf_would)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    for (unsigned seed = 0; seed < 300; seed++) {
        fill(&sample, seed);
        struct bytes before = pack(&sample.interaction, arena);
        Maskline__Store__V1__Leg leg = MASKLINE__STORE__V1__LEG__INIT;
        leg.status = STATUS(DELIVERED);
        leg.reason = sample.body;
        for (unsigned i = 0; i < 4; i++) {
            struct bytes after;
            bool has = i < sample.interaction.n_outbound;
            ck_assert_int_eq(leg_bytes_replace(before, i, pack_leg(&leg, arena), 77, arena, &after),
                             has);
            struct leg_bytes read;
            ck_assert(leg_bytes_read(before, i, arena, &read));
            ck_assert_int_eq(read.expire_time, sample.interaction.expire_time);
            ck_assert_int_eq(read.leg != NULL, has);
            if (!has)
                continue;
            ck_assert_uint_eq(read.leg->attempts, sample.outbound[i]->attempts);
            Maskline__Store__V1__Interaction *expected = maskline__store__v1__interaction__unpack(
                arena_allocator(arena), before.size, before.data);
            Maskline__Store__V1__Interaction *got = maskline__store__v1__interaction__unpack(
                arena_allocator(arena), after.size, after.data);
            ck_assert_ptr_nonnull(got);
            expected->outbound[i] = &leg;
            expected->update_time = 77;
            struct bytes want = pack(expected, arena), have = pack(got, arena);
            ck_assert_uint_eq(want.size, have.size);
            ck_assert_mem_eq(want.data, have.data, want.size);
        }
        arena_reset(arena);
    }
    arena_free(arena);
}
END_TEST

/* holds: STO-05 */
START_TEST(keeps_what_it_does_not_know)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    fill(&sample, 7);
    struct bytes known = pack(&sample.interaction, arena);
    static const uint8_t more[] = {0xf8, 0x06, 0x2a, 0xf9, 0x06, 1, 2, 3,    4,    5, 6, 7,
                                   8,    0xfd, 0x06, 1,    2,    3, 4, 0xfa, 0x06, 2, 9, 9};
    uint8_t *all = arena_alloc(arena, known.size + sizeof more);
    memcpy(all, known.data, known.size);
    memcpy(all + known.size, more, sizeof more);
    Maskline__Store__V1__Leg leg = MASKLINE__STORE__V1__LEG__INIT;
    struct bytes after;
    ck_assert(leg_bytes_replace((struct bytes){all, known.size + sizeof more}, 1,
                                pack_leg(&leg, arena), 5, arena, &after));
    ck_assert_ptr_nonnull(memmem(after.data, after.size, more, sizeof more));
    arena_free(arena);
}
END_TEST

/* Cut or spoilt anywhere, it is refused or read; never read beyond its end. */
START_TEST(damage_is_survived)
{
    struct arena *arena = arena_new(ARENA);
    static struct sample sample;
    fill(&sample, 7);
    struct bytes whole = pack(&sample.interaction, arena);
    Maskline__Store__V1__Leg leg = MASKLINE__STORE__V1__LEG__INIT;
    for (size_t size = 0; size < whole.size; size++) {
        uint8_t *copy = malloc(size + 1);
        ck_assert_ptr_nonnull(copy);
        struct leg_bytes read;
        struct bytes after;
        for (unsigned spoilt = 0; spoilt < 4; spoilt++) {
            memcpy(copy, whole.data, size);
            if (size)
                copy[size * spoilt / 4] = (uint8_t)(0xff - spoilt);
            (void)leg_bytes_read((struct bytes){copy, size}, 2, arena, &read);
            (void)leg_bytes_replace((struct bytes){copy, size}, 2, pack_leg(&leg, arena), 5, arena,
                                    &after);
            arena_reset(arena);
            whole = pack(&sample.interaction, arena);
        }
        free(copy);
    }
    arena_free(arena);
}
END_TEST

SUITE_MAIN("leg_bytes", replaces_as_protobuf_would, keeps_what_it_does_not_know, damage_is_survived)
