/*
 * The simulator's phones, in a file beside the store: who starts a server again finds them there with the sessions that they are in, and
 * what waited for them reaches them. What they got stays in memory, and goes with the server.
 */
#ifndef MASKLINE_SERVER_PHONE_BOOK_H
#define MASKLINE_SERVER_PHONE_BOOK_H

#include "proto/c/error.h"
#include "server/carriers/simulator/simulator.h"

struct phone_book;

/* Puts the phones of the files `phones` and `greetings` in the folder into the simulator, and writes down from now on what becomes of them. Before traffic. What
 * cannot be read or written is told of, and forgotten. The book must outlive the simulator's traffic. NULL and an error when there is no
 * memory. */
struct phone_book *phone_book_open(const char *folder, struct simulator *simulator,
                                   struct error *error);
/* NULL is fine. */
void phone_book_close(struct phone_book *book);

#endif
