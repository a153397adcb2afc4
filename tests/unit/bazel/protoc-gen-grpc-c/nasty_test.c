/* Stubs of .proto files that use every freedom they have, and of those that Debian brings: that this program was compiled and
 * linked, both sides in one, is most of the test. */
#include "collide.grpc-c-client.h"
#include "collide.grpc-c-server.h"
#include "comments.grpc-c-client.h"
#include "comments.grpc-c-server.h"
#include "deep/er/base.grpc-c-client.h"
#include "deep/er/base.grpc-c-server.h"
#include "deep/public.grpc-c-client.h"
#include "deep/public.grpc-c-server.h"
#include "google/protobuf/any.grpc-c-client.h"
#include "google/protobuf/any.grpc-c-server.h"
#include "grpc/health/v1/health.grpc-c-client.h"
#include "grpc/health/v1/health.grpc-c-server.h"
#include "grpc/reflection/v1/reflection.grpc-c-client.h"
#include "grpc/reflection/v1/reflection.grpc-c-server.h"
#include "grpc/reflection/v1alpha/reflection.grpc-c-client.h"
#include "grpc/reflection/v1alpha/reflection.grpc-c-server.h"
#include "keywords.grpc-c-client.h"
#include "keywords.grpc-c-server.h"
#include "no_package.grpc-c-client.h"
#include "no_package.grpc-c-server.h"
#include "presence.grpc-c-client.h"
#include "presence.grpc-c-server.h"
#include "same.grpc-c-client.h"
#include "same.grpc-c-server.h"
#include "types.grpc-c-client.h"
#include "types.grpc-c-server.h"

#include <string.h>

#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const struct grpc_c_service *service;
    const char *name;
    size_t method_count;
} services[] = {
    {&default_int_union_descriptor, "default.int.Union", 35},
    {&default_int_auto_descriptor, "default.int.auto", 37},
    {&default_int_auto_2_descriptor, "default.int.auto_", 0},
    {&s_arena_descriptor, "Arena", 2},
    {&s_error_descriptor, "Error", 1},
    {&s_grpc_c_descriptor, "GrpcC", 3},
    {&s_call_descriptor, "Call", 1},
    {&s_pthread_descriptor, "Pthread", 1},
    {&s_posix_descriptor, "posix", 1},
    {&x_descriptor, "_", 1},
    {&x_2_descriptor, "__", 1},
    {&x_3_descriptor, "x", 1},
    {&main_descriptor, "main", 1},
    {&collide_unary_first_descriptor, "collide.UnaryFirst", 20},
    {&collide_unary_last_descriptor, "collide.UnaryLast", 20},
    {&collide_down_first_descriptor, "collide.DownFirst", 20},
    {&collide_down_last_descriptor, "collide.DownLast", 20},
    {&collide_up_first_descriptor, "collide.UpFirst", 20},
    {&collide_up_last_descriptor, "collide.UpLast", 20},
    {&collide_both_first_descriptor, "collide.BothFirst", 20},
    {&collide_both_last_descriptor, "collide.BothLast", 20},
    {&collide_all_unary_descriptor, "collide.AllUnary", 20},
    {&collide_all_down_descriptor, "collide.AllDown", 20},
    {&collide_all_up_descriptor, "collide.AllUp", 20},
    {&collide_all_both_descriptor, "collide.AllBoth", 20},
    {&same_names_urls_descriptor, "same.names.Urls", 9},
    {&same_names_ur_ls_descriptor, "same.names.URLs", 1},
    {&same_names_urls_2_descriptor, "same.names.urls", 1},
    {&same_names_foo_descriptor, "same.names.Foo", 3},
    {&same_names_foo_bar_descriptor, "same.names.FooBar", 2},
    {&same_names_empty_descriptor, "same.names.Empty", 0},
    {&same_names_foo_service_descriptor, "same.names.FooService", 0},
    {&same_names_foo_descriptor_descriptor, "same.names.Foo_Descriptor", 0},
    {&a_b_c_http_service2_descriptor, "a.b_c.HTTPService2", 8},
    {&comments_talk_descriptor, "comments.Talk", 9},
    {&comments_gone_descriptor, "comments.Gone", 0},
    {&grpc_health_v1_health_descriptor, "grpc.health.v1.Health", 2},
    {&grpc_reflection_v1_server_reflection_descriptor, "grpc.reflection.v1.ServerReflection", 1},
    {&grpc_reflection_v1alpha_server_reflection_descriptor,
     "grpc.reflection.v1alpha.ServerReflection", 1},
};

START_TEST(test_tables)
{
    for (size_t i = 0; i < COUNT(services); i++) {
        const struct grpc_c_service *service = services[i].service;
        ck_assert_str_eq(service->name, services[i].name);
        ck_assert_uint_eq(service->method_count, services[i].method_count);
        size_t size = strlen(service->name);
        for (size_t j = 0; j < service->method_count; j++) {
            const struct grpc_c_method *method = &service->methods[j];
            ck_assert(method->path[0] == '/' && method->path[size + 1] == '/');
            ck_assert(strncmp(method->path + 1, service->name, size) == 0);
            ck_assert_ptr_nonnull(method->request);
            ck_assert_ptr_nonnull(method->response);
            ck_assert_ptr_nonnull(method->start);
            for (size_t k = 0; k < j; k++) {
                ck_assert_str_ne(method->path, service->methods[k].path);
                ck_assert_ptr_ne(method->start, service->methods[k].start);
            }
        }
    }
}
END_TEST

START_TEST(test_messages_are_the_right_ones)
{
    static const char *const expected[][2] = {
        {"a.b_c.V2beta1.FooBar.HTTPRequest2", "a.b_c.V2beta1.FooBar.HTTPRequest2._under_Score_"},
        {"a.b_c.V2beta1.FooBar", "google.protobuf.Any"},
        {"google.protobuf.Empty", "google.protobuf.Struct"},
        {"google.protobuf.StringValue", "google.protobuf.Int64Value"},
        {"google.protobuf.Duration", "google.protobuf.Value"},
        {"google.protobuf.compiler.CodeGeneratorRequest",
         "google.protobuf.compiler.CodeGeneratorResponse.File"},
        {"Message", "message_two.Inner.DEEP3"},
        {"a.b_c.V2beta1Own", "a.b_c.V2beta1Own"},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        ck_assert_str_eq(a_b_c_http_service2_descriptor.methods[i].request->name, expected[i][0]);
        ck_assert_str_eq(a_b_c_http_service2_descriptor.methods[i].response->name, expected[i][1]);
    }
}
END_TEST

/* Names that are promised: a later release must not change them. */
START_TEST(test_names_stay)
{
    const struct default_int_union_service keywords = {.data = NULL,
                                                       .data_ = NULL,
                                                       .register_ = NULL,
                                                       .delete = NULL,
                                                       .linux_ = NULL,
                                                       .attribute = NULL};
    ck_assert_ptr_null(keywords.data);
    const struct same_names_urls_service same = {.get_url = NULL,
                                                 .get_url_2 = NULL,
                                                 .get_url_3 = NULL,
                                                 .get_url_4 = NULL,
                                                 .get_url2 = NULL,
                                                 .get_url_2_2 = NULL,
                                                 .int_ = NULL,
                                                 .int_2 = NULL,
                                                 .int_3 = NULL};
    ck_assert(!same.int_ && !same.int_2);
    const struct collide_both_first_service collide = {
        .foo = NULL, .foo_open_2 = NULL, .foo_service = NULL};
    ck_assert(!collide.foo);
    static bool (*const unary)(struct grpc_c_channel *, const struct grpc_c_call_options *,
                               const Message *, struct arena *, const Message **,
                               struct grpc_c_status *) = s_pthread_create;
    ck_assert(unary != NULL);
}
END_TEST

/* Zero and absent are not the same. */
START_TEST(test_presence_of_optional_fields)
{
    /* Not by the macro: with bytes in a oneof it lacks braces that gcc misses. */
    Presence__Maybe some;
    presence__maybe__init(&some);
    some._number_case = PRESENCE__MAYBE___NUMBER_NUMBER;
    some._text_case = PRESENCE__MAYBE___TEXT_TEXT;
    some.text = (char *)"";
    some._base_case = PRESENCE__MAYBE___BASE_BASE;
    static const uint8_t wanted[] = {1 << 3, 0, 2 << 3 | 2, 0, 5 << 3 | 2, 0};
    uint8_t packed[sizeof(wanted)];
    ck_assert_uint_eq(presence__maybe__get_packed_size(&some), sizeof(wanted));
    presence__maybe__pack(&some, packed);
    ck_assert_mem_eq(packed, wanted, sizeof(wanted));
    Presence__Maybe *read = presence__maybe__unpack(NULL, sizeof(packed), packed);
    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(read->_number_case, PRESENCE__MAYBE___NUMBER_NUMBER);
    ck_assert_int_eq(read->number, 0);
    ck_assert_str_eq(read->text, "");
    ck_assert_int_eq(read->_base_case, PRESENCE__MAYBE___BASE_BASE);
    ck_assert_int_eq(read->_inner_case, PRESENCE__MAYBE___INNER__NOT_SET);
    ck_assert_int_eq(read->_kind_case, PRESENCE__MAYBE___KIND__NOT_SET);
    presence__maybe__free_unpacked(read, NULL);
}
END_TEST

SUITE_MAIN("nasty", test_tables, test_messages_are_the_right_ones, test_names_stay,
           test_presence_of_optional_fields)
