#include "proto/c/utf8_fold.h"

#include <string.h>

#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct utf8_part part(const char *text)
{
    return (struct utf8_part){text, strlen(text)};
}

static bool same(const char *one, const char *other)
{
    bool result = utf8_same_word(part(one), part(other));
    ck_assert_int_eq(utf8_same_word(part(other), part(one)), result);
    return result;
}

/* holds: KEY-16 */
START_TEST(test_words_that_are_the_same)
{
    static const char *const words[][2] = {
        {"STOP", "stop"},
        {"sToP", "StOp"},
        {"ARRÊT", "arrêt"},
        {"ARRE\xCC\x82T", "arrêt"}, /* the accent as a character of its own */
        {"e\xCC\x81t\xC3\x89", "été"},
        {"PARÁ", "pará"},
        {"ŻÓŁĆ", "żółć"},
        {"PŘESTAŇ", "přestaň"},
        {"PR\xCC\x8C", "př"},
        {"СТОП", "стоп"},
        {"ЁЖ", "ёж"},
        {"ΔΙΑΚΟΠΉ", "διακοπή"},
        {"ΤΈΛΟΣ", "τέλος"},
        {"İPTAL", "iptal"},
        {"IPTAL", "ıptal"},
        {"DỪNG", "dừng"},
        {"ＳＴＯＰ", "stop"},
        {"停止", "停止"},
        {"STOẞ", "stoß"},
        {"ÿ", "Ÿ"},
        {"ՍՏՈՊ", "ստոպ"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(words); i++)
        ck_assert_msg(same(words[i][0], words[i][1]), "%s", words[i][0]);
}
END_TEST

START_TEST(test_words_that_are_not)
{
    static const char *const words[][2] = {
        {"STOP", "STO"}, {"STOP", "STOPP"}, {"arret", "arrêt"},
        {"停止", "停"},  {"STOP", "SТOP"}, /* a Cyrillic letter */
        {"×", "÷"},                        /* signs, among the letters of Latin-1 */
        {"\xFF", "ÿ"},                     /* no UTF-8 */
        {"a\xCC", "a"},  {"", "a"},
    };
    for (size_t i = 0; i < COUNT(words); i++)
        ck_assert_msg(!same(words[i][0], words[i][1]), "%s", words[i][0]);
}
END_TEST

static void ck_trims(const char *text, const char *word)
{
    struct utf8_part found = utf8_trim(text);
    ck_assert_uint_eq(found.size, strlen(word));
    ck_assert_mem_eq(found.begin, word, found.size);
}

START_TEST(test_white_space_around)
{
    ck_trims("", "");
    ck_trims("  \r\n\t", "");
    ck_trims("stop", "stop");
    ck_trims("\n stop \r\n", "stop");
    ck_trims("\xC2\xA0stop\xE3\x80\x80", "stop");
    ck_trims("\xEF\xBB\xBFstop\xE2\x80\x8B", "stop");
    ck_trims(" no  more ", "no  more");
    ck_trims(" \xFF ", "\xFF");
    ck_trims("\xC3", "\xC3");
    ck_trims(" \x7F\x1F ", "\x7F\x1F");
}
END_TEST

/* Characters of one byte take a short way; with a character before them and taken off again they would not. */
START_TEST(test_plain_letters_go_as_all_do)
{
    for (unsigned one = 1; one < 0x80; one++) {
        for (unsigned other = 1; other < 0x80; other++) {
            const char plain[][2] = {{(char)one, 0}, {(char)other, 0}};
            const char marked[][4] = {{(char)one, '\xCC', '\xA0', 0},
                                      {(char)other, '\xCC', '\xA0', 0}};
            bool is_same = one == other ||
                           ((one | 32) == (other | 32) && (one | 32) >= 'a' && (one | 32) <= 'z');
            ck_assert_int_eq(same(plain[0], plain[1]), is_same);
            ck_assert_int_eq(same(marked[0], marked[1]), is_same);
        }
    }
}
END_TEST

/* Whatever the bytes are, a word is itself, and nothing outside it is read. */
START_TEST(test_any_bytes)
{
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[9] = "";
        for (size_t i = 0; i < 8; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (char)(seed >> 16);
        }
        struct utf8_part whole = {text, strlen(text)};
        struct utf8_part word = utf8_trim(text);
        if (!utf8_same_word(whole, whole) || word.begin < text ||
            word.begin + word.size > text + whole.size)
            ck_abort_msg("seed %u", seed);
    }
}
END_TEST

SUITE_MAIN("utf8_fold", test_words_that_are_the_same, test_words_that_are_not,
           test_white_space_around, test_plain_letters_go_as_all_do, test_any_bytes)
