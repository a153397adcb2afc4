/* Unique names of sessions. */
#include "tests/model/model_internal.h"

static bool has_name(const struct m_session *session, int service, int name)
{
    return session->service == service && !session->gone && session->name == name;
}

/* The one that got it last. */
int m_name_find(const struct model *model, int service, int name)
{
    int found = NONE;
    for (int i = 0; i < model->session_count; i++)
        if (has_name(&model->sessions[i], service, name) &&
            (found == NONE || model->sessions[i].named > model->sessions[found].named))
            found = i;
    return found;
}

void m_name_refusals(struct model *model, int service, int name, int session)
{
    bool reuse = model->services[service].settings.reuse_names;
    int holder = name ? m_name_find(model, service, name) : NONE;
    if (holder == NONE || holder == session)
        return;
    for (int i = 0; i < model->session_count; i++) {
        const struct m_session *other = &model->sessions[i];
        if (i == session || !has_name(other, service, name) ||
            (reuse && (i != holder || !session_runs(other))))
            continue;
        if (!session_runs(other) && other->purge_least <= model->now)
            m_may_deny(model, STATUS_ALREADY_EXISTS, "SESSION_NAME_TAKEN", 80603);
        else
            m_deny(model, STATUS_ALREADY_EXISTS, "SESSION_NAME_TAKEN", 80603);
    }
}

void m_name_take(struct model *model, int session)
{
    struct m_session *taker = &model->sessions[session];
    if (taker->name && m_name_find(model, taker->service, taker->name) != session)
        taker->named = ++model->names;
    else if (!taker->named)
        taker->named = ++model->names;
}
