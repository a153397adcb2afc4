#include "proto/c/address.h"

#include <string.h>

enum { DIGITS_MIN = 8, DIGITS_MAX = 15, SHORT_MIN = 3, SHORT_MAX = 8 };

/* Forms that networks write with one digit more after the calling code. They differ from other numbers of the country by
 * their length. Version ADDRESS_VERSION of this table. */
static const struct form {
    const char *prefix;
    size_t length;   /* of the whole text */
    size_t position; /* of the digit that is left out */
} FORMS[] = {
    {"+521", 14, 3}, /* Mexico: the 1 of mobile numbers, until 2019 */
    {"+549", 14, 3}, /* Argentina: the 9 of mobile numbers */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == ' ' || c == '.' || c == '-' || c == '(' || c == ')';
}

/* Copies digits, and skips separators between them. */
static bool collect(const char *at, struct address *ret_address)
{
    struct address found = {.text = "+"};
    size_t digits = 0;
    for (; *at; at++) {
        if (is_digit(*at)) {
            if (digits == DIGITS_MAX)
                return false;
            found.text[1 + digits++] = *at;
        } else if (!is_separator(*at)) {
            return false;
        }
    }
    if (digits < DIGITS_MIN || found.text[1] == '0')
        return false;
    *ret_address = found;
    return true;
}

/* Behind what stands for the +, or NULL. */
static const char *after_prefix(const char *text)
{
    while (*text == ' ')
        text++;
    if (*text == '+')
        return text + 1;
    if (strncmp(text, "011", 3) == 0)
        return text + 3;
    /* 0011 is the prefix of Australia; no number begins with 11. */
    if (strncmp(text, "00", 2) == 0 && strncmp(text, "0011", 4) != 0)
        return text + 2;
    return NULL;
}

/* The same of digits alone. */
static bool collect_plain(const char *at, struct address *ret_address)
{
    size_t digits = 0;
    while (digits <= DIGITS_MAX && is_digit(at[digits]))
        digits++;
    if (at[digits] || digits < DIGITS_MIN || digits > DIGITS_MAX || at[0] == '0')
        return false;
    struct address found = {.text = "+"};
    memcpy(found.text + 1, at, digits);
    *ret_address = found;
    return true;
}

bool address_parse(const char *text, enum address_input input, struct address *ret_address)
{
    if (input == ADDRESS_STRICT)
        return text[0] == '+' && collect_plain(text + 1, ret_address);
    /* (0) is dialled inside the country only; whether to leave it out differs by country. */
    const char *digits = after_prefix(text);
    return digits && !strstr(digits, "(0)") && collect(digits, ret_address);
}

bool address_short_code(const char *text, struct address *ret_address)
{
    size_t digits = strspn(text, "0123456789");
    if (text[digits] || digits < SHORT_MIN || digits > SHORT_MAX)
        return false;
    *ret_address = (struct address){.text = ""};
    memcpy(ret_address->text, text, digits);
    return true;
}

static const char WHATSAPP[] = "whatsapp:", MESSENGER[] = "messenger:";

size_t address_scheme(const char *text)
{
    if (!strncmp(text, WHATSAPP, sizeof WHATSAPP - 1))
        return sizeof WHATSAPP - 1;
    return strncmp(text, MESSENGER, sizeof MESSENGER - 1) ? 0 : sizeof MESSENGER - 1;
}

static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    }
    return true;
}

bool address_channel(const char *text, size_t most, char ret_canonical[CHANNEL_SIZE])
{
    size_t scheme = address_scheme(text), length = strnlen(text, CHANNEL_SIZE);
    const char *rest = text + scheme;
    if (!scheme || length > most || length >= CHANNEL_SIZE || !*rest || !is_visible(rest))
        return false;
    struct address number;
    bool is_number = scheme == sizeof WHATSAPP - 1;
    if (is_number && !address_parse(rest, ADDRESS_STRICT, &number))
        return false;
    if (is_number)
        number = address_canonical(&number);
    memcpy(ret_canonical, text, scheme);
    memcpy(ret_canonical + scheme, is_number ? number.text : rest,
           (is_number ? strlen(number.text) : length - scheme) + 1);
    return true;
}

struct address address_canonical(const struct address *address)
{
    struct address canonical = *address;
    size_t length = strlen(canonical.text);
    for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
        const struct form *form = &FORMS[i];
        if (length == form->length &&
            strncmp(canonical.text, form->prefix, strlen(form->prefix)) == 0) {
            memmove(canonical.text + form->position, canonical.text + form->position + 1,
                    length - form->position);
            break;
        }
    }
    return canonical;
}

bool address_same(const struct address *a, const struct address *b)
{
    struct address x = address_canonical(a);
    struct address y = address_canonical(b);
    return strcmp(x.text, y.text) == 0;
}
