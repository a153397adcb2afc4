#include "server/masking/rows/forms.h"

#include "proto/c/fault.h"
#include "proto/c/sid.h"
#include "proto/c/utf8.h"

#include <stdio.h>
#include <string.h>

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool sid_shaped(const char *text)
{
    if (strnlen(text, SID_LENGTH + 1) != SID_LENGTH || !upper(text[0]) || !upper(text[1]))
        return false;
    for (size_t i = 2; i < SID_LENGTH; i++) {
        if (!hex(text[i]))
            return false;
    }
    return true;
}

bool identifier_parse(const char *text, enum address_input input, char ret_canonical[CHANNEL_SIZE])
{
    struct address address;
    if (!address_parse(text, input, &address))
        return address_channel(text, IDENTIFIER_MOST + MUTANT("identifier_a_character_longer"),
                               ret_canonical);
    address = address_canonical(&address);
    memcpy(ret_canonical, address.text, sizeof address.text);
    return true;
}

/* No secret: whoever knows the store knows the addresses. */
static void shorten(const char *text, struct address *ret_address)
{
    static const uint8_t no_key[32];
    uint8_t hash[HASH_SIZE];
    const struct bytes piece = {text, strlen(text)};
    key_hash(no_key, &piece, 1, hash);
    ret_address->text[0] = '~';
    for (size_t i = 0; i < HASH_SIZE - 1; i++)
        snprintf(ret_address->text + 1 + 2 * i, 3, "%02x", hash[i]);
}

struct address proxy_form(const char *proxy)
{
    struct address address = {.text = ""};
    if (address_parse(proxy, ADDRESS_STRICT, &address))
        return address_canonical(&address);
    char channel[CHANNEL_SIZE];
    const char *text = address_channel(proxy, PROXY_MOST, channel) ? channel : proxy;
    if (strlen(text) < sizeof address.text)
        strncat(address.text, text, sizeof address.text - 1);
    else
        shorten(text, &address);
    return address;
}

bool proxy_parse(const char *text, struct address *ret_address)
{
    char channel[CHANNEL_SIZE];
    if (address_parse(text, ADDRESS_STRICT, ret_address) || address_short_code(text, ret_address))
        return true;
    if (!address_channel(text, PROXY_MOST - MUTANT("proxy_a_character_shorter"), channel))
        return false;
    *ret_address = proxy_form(channel);
    return true;
}

bool proxy_is_short(const char *proxy)
{
    return *proxy >= '0' && *proxy <= '9';
}

void name_hash(const uint8_t *hash_key, const char *name, uint8_t ret_hash[HASH_SIZE])
{
    const struct bytes pieces[] = {{"name", 4}, {name, strlen(name)}};
    key_hash(hash_key, pieces, 2, ret_hash);
}

void form_text(struct error *error, const char *path, const char *text, size_t most)
{
    if (!utf8_valid((const uint8_t *)text, strlen(text)))
        error_field(error, path, "This is no UTF-8.");
    else if (utf8_length(text) > most)
        error_field(error, path, "At most %zu characters.", most);
}

void form_name(struct error *error, const char *path, const char *name)
{
    form_text(error, path, name, NAME_MOST + MUTANT("name_a_character_longer"));
    if (sid_shaped(name))
        error_field(error, path, "A name must not have the form of a SID.");
}

void form_request(struct error *error, const struct request_id *request)
{
    if (request->id)
        form_text(error, "request_id", request->id, REQUEST_ID_MOST);
}

void form_span(struct error *error, const char *path, int64_t span, int64_t least, int64_t most)
{
    if (span < least && least >= 1000000)
        error_field(error, path, "At least %lld second%s.", (long long)(least / 1000000),
                    least / 1000000 == 1 ? "" : "s");
    else if (span < least)
        error_field(error, path,
                    least ? "This must be more than 0." : "This must not be negative.");
    else if (span > most && !MUTANT("span_of_any_length"))
        error_field(error, path, "At most %lld seconds.", (long long)(most / 1000000));
}
