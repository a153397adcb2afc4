/*
 * What calls about phone numbers, short codes and addresses in channels have in common: to the domain they are one thing. They differ in
 * what can be asked of them, and in the messages that show them.
 */
#ifndef MASKLINE_SERVER_API_NUMBER_CALLS_H
#define MASKLINE_SERVER_API_NUMBER_CALLS_H

#include "maskline/v1/phone_numbers.pb-c.h"
#include "server/api/internal.h"
#include "server/masking/numbers/numbers.h"

/* One kind of them: constants. */
struct number_calls {
    enum number_kind kind;
    /* In the arena; NULL when it is full. */
    void *(*message)(struct arena *arena, const Maskline__Store__V1__PhoneNumber *number,
                     int64_t in_use);
    /* The responses. Their first field is the number, or the list of numbers, which has next_page_token beside it; the last one has
     * none. */
    const ProtobufCMessageDescriptor *added, *got, *listed, *updated, *removed;
};

/* Each answers the call, at once or later. Texts live as long as the call. */

/* `method` and `request` are those of request_identity. */
void number_add(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                const char *method, const ProtobufCMessage *request,
                const struct number_draft *draft);

/* An empty list of carriers is a change, too: to the default one. */
struct carrier_list {
    bool set; /* false: they stay as they are */
    char **names;
    size_t count;
};
/* What a request changes of capabilities: a mask that names all of them, or each by itself, or, without a mask, what is there. */
enum {
    CHANGES_SMS = 1 << 8,
    CHANGES_MMS = 1 << 9,
    CHANGES_VOICE = 1 << 10,
    CHANGES_CAPABILITIES = CHANGES_SMS | CHANGES_MMS | CHANGES_VOICE,
};
#define CAPABILITY_PATHS                                                       \
    {"capabilities", CHANGES_CAPABILITIES}, {"capabilities.sms", CHANGES_SMS}, \
        {"capabilities.mms", CHANGES_MMS},                                     \
    {                                                                          \
        "capabilities.voice", CHANGES_VOICE                                    \
    }
/* `standard`, NUMBER_CAN_...: of what a number is that is added without a word on what it can do. */
void number_change_capabilities(struct number_change *change, uint64_t changes,
                                const Maskline__V1__PhoneNumberCapabilities *can,
                                unsigned standard);

void number_update(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                   const struct number_change *change, const struct carrier_list *carriers);

void number_remove(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                   const char *service, const char *number, bool force);

/* For reads.h. */
bool number_get(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                const char *service, const char *number, struct view *view, struct error *error);

struct number_page {
    const char *service;
    struct number_filter filter; /* its kind does not count */
    int32_t size;
    const char *token;
};
/* Takes an error that was cleared before, and refuses what it has. */
bool number_list(struct api *api, struct grpc_c_call *call, const struct number_calls *calls,
                 const struct number_page *page, struct view *view, struct error *error);

#endif
