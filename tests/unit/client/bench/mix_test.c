#include "client/bench/mix.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(one_kind_is_a_mix)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct mix mix;
        char why[100];
        struct chance chance = {1};
        ck_assert(mix_parse(kind_name((enum kind)kind), &mix, why, sizeof why));
        for (int i = 0; i < 100; i++)
            ck_assert_int_eq(mix_pick(&mix, &chance), kind);
    }
}
END_TEST

START_TEST(shares_are_kept)
{
    struct mix mix;
    char why[100];
    struct chance chance = {1};
    unsigned counts[KINDS] = {0};
    ck_assert(mix_parse("message:80,get-session:15,create-session:5", &mix, why, sizeof why));
    ck_assert_str_eq(mix.name, "message:80,get-session:15,create-session:5");
    for (int i = 0; i < 100000; i++)
        counts[mix_pick(&mix, &chance)]++;
    ck_assert(counts[KIND_MESSAGE] > 79000 && counts[KIND_MESSAGE] < 81000);
    ck_assert(counts[KIND_GET_SESSION] > 14000 && counts[KIND_GET_SESSION] < 16000);
    ck_assert(counts[KIND_CREATE_SESSION] > 4000 && counts[KIND_CREATE_SESSION] < 6000);
    ck_assert_uint_eq(counts[KIND_SEND], 0);
}
END_TEST

START_TEST(without_a_share_it_is_one)
{
    struct mix mix;
    char why[100];
    ck_assert(mix_parse("message,send:3", &mix, why, sizeof why));
    ck_assert_uint_eq(mix.weights[KIND_MESSAGE], 1);
    ck_assert_uint_eq(mix.weights[KIND_SEND], 3);
    ck_assert_uint_eq(mix.sum, 4);
}
END_TEST

START_TEST(nonsense_is_refused_and_named)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "no workload ''"},
        {"massage", "no workload 'massage'"},
        {"message,", "no workload ''"},
        {",message", "no workload ''"},
        {"message,,send", "no workload ''"},
        {"message send", "no workload 'message send'"},
        {"messag", "no workload 'messag'"},
        {"message:", "'message:'"},
        {"message:0", "'message:0'"},
        {"message:-1", "'message:-1'"},
        {"message:+1", "'message:+1'"},
        {"message: 1", "'message: 1'"},
        {"message:1x", "'message:1x'"},
        {"message:1.5", "'message:1.5'"},
        {"message:1000001", "'message:1000001'"},
        {"message:99999999999999999999", "'message:9"},
        {"message:1:2", "'message:1:2'"},
        {"message,message", "twice"},
        {"events,message", "by itself"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mix mix = {.sum = 77};
        char why[200] = "";
        ck_assert_msg(!mix_parse(cases[i].text, &mix, why, sizeof why), "%s", cases[i].text);
        ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s: %s", cases[i].text, why);
        ck_assert_uint_eq(mix.sum, 77);
    }
}
END_TEST

START_TEST(a_mix_has_an_end)
{
    struct mix mix;
    char text[MIX_NAME + 1], why[100];
    memset(text, '0', sizeof text);
    memcpy(text, "message:", 8);
    text[MIX_NAME - 2] = '1';
    text[MIX_NAME - 1] = '\0';
    ck_assert(mix_parse(text, &mix, why, sizeof why));
    text[MIX_NAME - 1] = '1';
    text[MIX_NAME] = '\0';
    ck_assert(!mix_parse(text, &mix, why, sizeof why));
}
END_TEST

SUITE_MAIN("client/bench mix", one_kind_is_a_mix, shares_are_kept, without_a_share_it_is_one,
           nonsense_is_refused_and_named, a_mix_has_an_end)
