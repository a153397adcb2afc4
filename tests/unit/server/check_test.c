#include "server/maskline.h"
#include "tests/unit/suite.h"

#include <stdio.h>

/* Settings that are right one by one, as flags. */
static struct config settings(int count, const char *const *flags)
{
    struct config config;
    struct error error;
    ck_assert_msg(config_read(count, flags, (const char *const[]){NULL}, stdout, &config, &error) ==
                      CONFIG_OK,
                  "%s", error.message);
    return config;
}

static void expect_bad(int count, const char *const *flags)
{
    struct config config = settings(count, flags);
    struct error error;
    ck_assert(!maskline_check(&config, &error));
    /* What the program tells bad settings by. */
    ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
    ck_assert_str_ne(error.message, "");
}

START_TEST(test_settings_that_fit)
{
    struct config config =
        settings(2, (const char *const[]){"--carrier=simulator", "--carrier=gateway:a"});
    struct error error;
    ck_assert_msg(maskline_check(&config, &error), "%s", error.message);
}
END_TEST

START_TEST(test_settings_that_do_not)
{
    expect_bad(1, (const char *const[]){"--carrier=pigeon"});
    expect_bad(2, (const char *const[]){"--carrier=gateway:a", "--carrier=gateway:a"});
    expect_bad(1, (const char *const[]){"--listen=nowhere"});
    expect_bad(1, (const char *const[]){"--listen=0.0.0.0:1"});
}
END_TEST

SUITE_MAIN("settings together", test_settings_that_fit, test_settings_that_do_not)
