/* Services and numbers. */
#include "tests/model/generate_internal.h"

static void some_notices(struct generator *generator, struct settings *settings)
{
    settings->notices = settings->silences = 0;
    for (int i = 1; i < OCCASIONS; i++) {
        if (g_chance(generator, 50))
            settings->notices |= 1 << i;
        else if (g_chance(generator, 20))
            settings->silences |= 1 << i;
    }
}

static struct settings all_settings(struct generator *generator)
{
    struct settings settings = {.default_ttl = SPAN(generator, 0, 0, 20, 100),
                                .cool_down = SPAN(generator, 30, 60, 90, 5),
                                .late_window = SPAN(generator, 5, 10),
                                .max_life = SPAN(generator, 5, 20, 20),
                                .grace = SPAN(generator, 0, 0, 4, 30),
                                .quarantine = SPAN(generator, 10, 60),
                                .idle_cap = SPAN(generator, 0, 0, 0, 0, 25),
                                .retention = SPAN(generator, 40, 200, 1000),
                                .mode = 1 + g_below(generator, 5),
                                .selection = g_below(generator, 3),
                                .level = g_chance(generator, 20) ? 1 + g_below(generator, 5) : 0,
                                .matching = g_below(generator, 3)};
    if (settings.cool_down < settings.late_window + settings.max_life && g_chance(generator, 80))
        settings.cool_down = settings.late_window + settings.max_life;
    if (settings.mode > MODE_VOICE)
        settings.mode = settings.mode == MODE_VOICE + 1 ? MODE_TEXT : MODE_BOTH;
    settings.cap_period = SPAN(generator, 5, 20, 60);
    settings.person_cap = g_chance(generator, 80) ? 0 : 1 + g_below(generator, 5);
    settings.session_cap = g_chance(generator, 85) ? 0 : 1 + g_below(generator, 5);
    settings.rate = g_chance(generator, 70) ? 0 : 1;
    settings.reuse_names = g_below(generator, 2);
    settings.own_words = g_chance(generator, 15);
    settings.keywords = g_chance(generator, 15) ? KEYWORDS_IGNORED : KEYWORDS_HEARD;
    settings.scope = 1 + g_below(generator, 2);
    some_notices(generator, &settings);
    return settings;
}

static void some_settings(struct generator *generator, struct settings *settings)
{
    struct settings all = all_settings(generator);
#define X(name)                  \
    if (g_chance(generator, 12)) \
        settings->name = all.name;
    WORLD_SETTINGS(X)
#undef X
    /* These two go together. */
    bool notices = g_chance(generator, 15);
    settings->notices = notices ? all.notices : -1;
    settings->silences = notices ? all.silences : -1;
    if (g_chance(generator, 12))
        settings->keywords = all.keywords;
    if (g_chance(generator, 12))
        settings->scope = all.scope;
    if (g_chance(generator, 20))
        settings->selection = 1 + g_below(generator, 2);
    if (g_chance(generator, 20))
        settings->level = all.level;
    if (g_chance(generator, 20))
        settings->matching = all.matching;
    if (g_chance(generator, 10))
        settings->mode = all.mode;
}

void make_service(struct generator *generator, struct op *op)
{
    if (op->kind == OP_SERVICE_CREATE) {
        op->label = generator->next_service++;
        op->name = 1 + g_below(generator, NAMES);
        op->settings = all_settings(generator);
        op->request = g_request(generator);
        return;
    }
    op->service = g_service(generator);
    if (op->kind != OP_SERVICE_UPDATE)
        return;
    if (g_chance(generator, 25))
        op->name = 1 + g_below(generator, NAMES);
    some_settings(generator, &op->settings);
}

/* Mostly one that is in a pool, or in none. */
static int a_number(struct generator *generator, bool there)
{
    int number = g_below(generator, NUMBERS);
    for (int i = 0; i < 4 && (model_number_service(generator->model, number) != 0) != there; i++)
        number = g_below(generator, NUMBERS);
    return number;
}

void make_number(struct generator *generator, struct op *op)
{
    bool adds = op->kind == OP_NUMBER_ADD || op->kind == OP_NUMBERS_ADD;
    op->number = a_number(generator, !adds);
    op->service = g_service(generator);
    int owner = model_number_service(generator->model, op->number);
    if (op->kind != OP_NUMBER_ADD && op->kind != OP_NUMBERS_ADD && owner && g_chance(generator, 90))
        op->service = (struct ref){.label = owner};
    op->number_by_sid =
        op->kind != OP_NUMBER_ADD && op->kind != OP_NUMBERS_ADD && g_chance(generator, 30);
    op->carriers =
        g_chance(generator, 60) ? BY_DEFAULT : (enum carrier_choice)g_below(generator, BY_STRANGER);
    if (g_chance(generator, 2))
        op->carriers = BY_STRANGER;
    op->force = op->kind == OP_NUMBER_REMOVE && g_chance(generator, 50);
    if (op->kind == OP_NUMBER_ADD || op->kind == OP_NUMBERS_ADD) {
        op->reserved = g_chance(generator, 15);
        if (g_chance(generator, 12))
            op->can = g_below(generator, 8);
        op->request = g_request(generator);
        return;
    }
    op->set_reserved = g_chance(generator, 40);
    op->reserved = op->set_reserved && g_chance(generator, 40);
    op->set_carriers = g_chance(generator, 25);
    if (g_chance(generator, 60))
        op->state = g_chance(generator, 50) ? NUMBER_ACTIVE : 2 + g_below(generator, 2);
    /* What waits for a number that is locked is to be seen to go. */
    int locked = model_number_locked(generator->model);
    if (locked >= 0 && g_chance(generator, 50)) {
        op->number = locked;
        op->service = (struct ref){.label = model_number_service(generator->model, locked)};
        op->state = NUMBER_ACTIVE;
    }
}

/* One in ten times the same number twice. */
void make_numbers(struct generator *generator, struct op *op)
{
    make_number(generator, op);
    op->request = 0;
    op->batch_count = 1 + g_below(generator, OP_BATCH);
    for (int i = 0; i < op->batch_count; i++)
        op->batch[i] = a_number(generator, false);
}
