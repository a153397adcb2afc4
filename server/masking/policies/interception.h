/*
 * Interception: what comes in may be put to a program of the Service's before its outbound legs are made. It stands behind all that may
 * refuse by itself: who is asked need not decide about what goes nowhere anyway. What the Service sends itself does not come here.
 *
 * The question has three possible outcomes. Two of them are decided here, at once, in the decision that accepts: it goes on, or it is
 * blocked and kept without outbound legs. They are all that there is while nobody can attend: the Service's setting decides, and nobody waits
 * for a deadline.
 *
 * The third, for when somebody attends, is to be asked: the same decision then keeps the interaction as HELD (records.proto), without
 * outbound legs and as durable as any before the carrier gets its answer; the question goes out when the interaction is durable, as what
 * is to be sent does (ingress.c); and the answer, or the deadline, is a command of its own, which finds route and guards again by the
 * same steps as what comes in (messages/inbound_way.h) and makes the legs, or BLOCKED, by a second entry. What is HELD is found again
 * after a crash by that state. So interception_ask is where it is told whether somebody attends, and nothing else of the way in need know
 * of it.
 */
#ifndef MASKLINE_SERVER_MASKING_POLICIES_INTERCEPTION_H
#define MASKLINE_SERVER_MASKING_POLICIES_INTERCEPTION_H

#include "server/masking/internal.h"

struct interception_subject {
    const Maskline__Store__V1__Service *service;
    Maskline__Store__V1__InteractionType type;
};

/* *ret_interception: NULL, it goes on; or, in the arena, what its record has to say of it: it gets no outbound legs. Writer's thread. False:
 * the decision cannot be made; the error says why. */
bool interception_ask(struct rows *rows, const struct interception_subject *subject,
                      Maskline__Store__V1__Interception **ret_interception, struct error *error);

#endif
