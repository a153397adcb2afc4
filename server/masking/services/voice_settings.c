#include "server/masking/services/voice_settings.h"

#include <string.h>

/* 0 of a record stands for the default. */
static void take_held(int64_t *held, int64_t value)
{
    if (value)
        *held = value;
}

void voice_settings_held(const Maskline__Store__V1__Settings *settings,
                         struct service_settings *held)
{
    const Maskline__Store__V1__VoiceSettings *voice = settings->voice;
    if (!voice)
        return;
    take_held(&held->ring_limit, voice->ring_limit);
    take_held(&held->ring_limit_without_key, voice->ring_limit_without_key);
    take_held(&held->longest_call, voice->longest_call);
    held->call_acceptance = voice->never_ask_key ? CALLS_TAKE_PICK_UP : CALLS_TAKE_KEY;
    held->call_recording = voice->record ? CALLS_RECORDED : CALLS_UNRECORDED;
    held->whisper = voice->whisper;
    held->announcement = voice->announcement;
    if (*voice->consent_notice)
        held->consent_notice = voice->consent_notice;
}

static void take(int64_t *held, int64_t given, int64_t unset, bool *changed)
{
    if (given == unset || given == *held)
        return;
    *held = given;
    *changed = true;
}

/* An empty text stands for the default. */
static void take_text(const char **held, const char *given, const char *standard, bool *changed)
{
    if (given && !*given)
        given = standard;
    if (!given || strcmp(given, *held) == 0)
        return;
    *held = given;
    *changed = true;
}

static bool keep_text(struct arena *arena, char **place, const char *text)
{
    /* It may be where it was. */
    if (text != *place)
        *place = arena_string(arena, text);
    return *place != NULL;
}

bool voice_settings_change(struct arena *arena, Maskline__Store__V1__Settings *settings,
                           const struct service_settings *change, bool *ret_changed)
{
    struct service_settings standard = service_settings_default();
    struct service_settings held = standard;
    bool changed = false;
    voice_settings_held(settings, &held);
    take(&held.ring_limit, change->ring_limit, SETTING_UNSET, &changed);
    take(&held.ring_limit_without_key, change->ring_limit_without_key, SETTING_UNSET, &changed);
    take(&held.longest_call, change->longest_call, SETTING_UNSET, &changed);
    take(&held.call_acceptance, change->call_acceptance, 0, &changed);
    take(&held.call_recording, change->call_recording, 0, &changed);
    take_text(&held.whisper, change->whisper, standard.whisper, &changed);
    take_text(&held.announcement, change->announcement, standard.announcement, &changed);
    take_text(&held.consent_notice, change->consent_notice, standard.consent_notice, &changed);
    /* What is as by default takes no room in the record. */
    if (!changed)
        return true;
    Maskline__Store__V1__VoiceSettings *voice = settings->voice;
    if (!voice) {
        voice = arena_alloc(arena, sizeof *voice);
        if (!voice)
            return false;
        maskline__store__v1__voice_settings__init(voice);
        settings->voice = voice;
    }
    voice->ring_limit = held.ring_limit;
    voice->ring_limit_without_key = held.ring_limit_without_key;
    voice->longest_call = held.longest_call;
    voice->never_ask_key = held.call_acceptance == CALLS_TAKE_PICK_UP;
    voice->record = held.call_recording == CALLS_RECORDED;
    *ret_changed = true;
    return keep_text(arena, &voice->whisper, held.whisper) &&
           keep_text(arena, &voice->announcement, held.announcement) &&
           keep_text(arena, &voice->consent_notice, held.consent_notice);
}
