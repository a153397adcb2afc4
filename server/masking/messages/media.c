#include "server/masking/messages/media.h"

#include "server/masking/services/services.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* It goes into requests that carriers make: what ends a line there, or a word, must not stand in it. U+0080 to U+009F are control
 * characters, too. */
static bool has_blanks(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at <= ' ' || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
            return true;
    return false;
}

/* Whether something stands where the host begins. */
static bool has_host(const char *text)
{
    return *text && !strchr("/?#:@", *text);
}

static bool is_web_address(const char *url)
{
    return (strncasecmp(url, "http://", 7) == 0 && has_host(url + 7)) ||
           (strncasecmp(url, "https://", 8) == 0 && has_host(url + 8));
}

const char *media_url_fault(const char *url)
{
    if (!is_web_address(url))
        return "It must begin with http:// or https://, and name a host.";
    return has_blanks(url) ? "It must not have blanks or control characters in it." : NULL;
}

const char *media_type_fault(const char *content_type)
{
    return strpbrk(content_type, "\r\n") ? "It must be one line." : NULL;
}

struct message_limits message_limits(const Maskline__Store__V1__Settings *settings)
{
    struct service_settings held = service_settings_held(settings);
    return (struct message_limits){
        .body = (size_t)held.max_body_length,
        .media = (size_t)held.max_media,
        .media_url = (size_t)held.max_media_url_length,
    };
}
