#include "server/masking/outbox/ports.h"
#include "tests/unit/suite.h"

#include <string.h>

static struct carrier_port CARRIERS[] = {{.name = "one"}, {.name = "two"}, {.name = "three"}};

static struct ports *three(void)
{
    struct ports *ports = ports_new();
    struct error error;
    ck_assert_ptr_nonnull(ports);
    for (int i = 0; i < 3; i++)
        ck_assert(ports_add(ports, &CARRIERS[i], &error));
    return ports;
}

START_TEST(names_differ)
{
    struct ports *ports = three();
    struct error error;
    ck_assert(!ports_add(ports, &CARRIERS[1], &error));
    ck_assert_str_eq(error.reason, "CARRIER_EXISTS");
    ck_assert(!ports_add(ports, &(struct carrier_port){.name = ""}, &error));
    ck_assert_uint_eq(ports_count(ports), 3);
    ck_assert_str_eq(ports_find(ports, "two")->carrier->name, "two");
    ck_assert_ptr_null(ports_find(ports, "four"));
    ports_free(ports);
}
END_TEST

START_TEST(who_may_bring)
{
    struct ports *ports = three();
    char *names[] = {"two", "three"};
    ck_assert(ports_named(ports, names, 2, "three"));
    ck_assert(!ports_named(ports, names, 2, "one"));
    ck_assert(ports_named(ports, NULL, 0, "one")); /* the default */
    ck_assert(!ports_named(ports, NULL, 0, "two"));
    ports_free(ports);
}
END_TEST

START_TEST(who_is_tried)
{
    struct ports *ports = three();
    char *names[] = {"two", "gone", "three"};
    unsigned here;
    ck_assert_str_eq(ports_choose(ports, names, 3, 0, &here)->carrier->name, "two");
    ck_assert_uint_eq(here, 2);
    ck_assert_str_eq(ports_choose(ports, names, 3, 1, &here)->carrier->name, "three");
    ck_assert_str_eq(ports_choose(ports, names, 3, 2, &here)->carrier->name, "two");
    ck_assert_str_eq(ports_choose(ports, NULL, 0, 5, &here)->carrier->name, "one");
    ck_assert_uint_eq(here, 1);
    ck_assert_ptr_null(ports_choose(ports, names + 1, 1, 0, &here));
    ports_free(ports);
}
END_TEST

SUITE_MAIN("ports", names_differ, who_may_bring, who_is_tried)
