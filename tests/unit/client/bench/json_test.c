#include "client/bench/json.h"
#include "tests/unit/suite.h"

#include <math.h>

static char *text;
static size_t size;

static struct json begin(void)
{
    text = NULL;
    struct json json = {.out = open_memstream(&text, &size)};
    ck_assert_ptr_nonnull(json.out);
    return json;
}

static void expect(struct json *json, const char *expected)
{
    ck_assert_int_eq(fclose(json->out), 0);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(commas_stand_between)
{
    struct json json = begin();
    json_object(&json, NULL);
    json_array(&json, "a");
    json_count(&json, NULL, 1);
    json_object(&json, NULL);
    json_end(&json);
    json_object(&json, NULL);
    json_flag(&json, "b", true);
    json_flag(&json, "c", false);
    json_end(&json);
    json_end(&json);
    json_array(&json, "d");
    json_end(&json);
    json_end(&json);
    expect(&json, "{\"a\":[1,{},{\"b\":true,\"c\":false}],\"d\":[]}\n");
}
END_TEST

START_TEST(texts_are_escaped)
{
    struct json json = begin();
    json_array(&json, NULL);
    json_text(&json, NULL, "a\"b\\c\n\x01 \xc3\xa4");
    json_text(&json, NULL, "");
    json_text(&json, NULL, NULL);
    json_end(&json);
    expect(&json, "[\"a\\\"b\\\\c\\u000a\\u0001 \xc3\xa4\",\"\",null]\n");
}
END_TEST

START_TEST(numbers_are_numbers)
{
    struct json json = begin();
    json_array(&json, NULL);
    json_number(&json, NULL, 0.25);
    json_number(&json, NULL, -3);
    json_number(&json, NULL, 1234567);
    json_number(&json, NULL, NAN);
    json_number(&json, NULL, INFINITY);
    json_count(&json, NULL, UINT64_MAX);
    json_end(&json);
    expect(&json, "[0.25,-3,1.23457e+06,null,null,18446744073709551615]\n");
}
END_TEST

SUITE_MAIN("client/bench json", commas_stand_between, texts_are_escaped, numbers_are_numbers)
