/*
 * A Service's settings, between the messages of the API and the domain. What settings there are says the domain's list
 * (server/masking/services/setting_list.h), where it also says how one is added; how they look says the API's own description of its
 * messages.
 */
#ifndef MASKLINE_SERVER_API_SETTINGS_H
#define MASKLINE_SERVER_API_SETTINGS_H

#include "maskline/v1/services.pb-c.h"
#include "server/api/masks.h"
#include "server/masking/services/services.h"

/* The bits of a Service's changes: SETTING_CHANGE(cool_down), and its name. */
#define SETTING_CHANGE(name) (UINT64_C(1) << SETTING_##name)
#define CHANGE_OF_NAME       (UINT64_C(1) << SETTINGS)

/* For mask_changes. */
const struct mask_path *service_mask_paths(void);

/* The changes of the settings that are set in a request, which is a CreateServiceRequest or an UpdateServiceRequest. */
uint64_t settings_set(const ProtobufCMessage *request);

/* The settings that change: what is absent has its default then. The others are unset. Bad values are added to an error that
 * was cleared before. Lists are kept in the arena. */
struct service_settings settings_read(struct error *error, struct arena *arena,
                                      const ProtobufCMessage *request, uint64_t changes);

/* Sets all policies of a Service to what holds. */
void settings_show(struct arena *arena, const Maskline__Store__V1__Settings *settings,
                   Maskline__V1__Service *service);

#endif
