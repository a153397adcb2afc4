/*
 * From records, entries and errors to plain structs.
 */
#ifndef MASKLINE_TESTS_MODEL_CONVERT_H
#define MASKLINE_TESTS_MODEL_CONVERT_H

#include "maskline/store/v1/entry.pb-c.h"
#include "tests/model/plain.h"
#include "proto/c/error.h"

struct plain_service convert_service(const struct world *world,
                                     const Maskline__Store__V1__Service *service);
struct plain_number convert_number(const struct world *world,
                                   const Maskline__Store__V1__PhoneNumber *number, int64_t in_use);
/* What an operation gave as metadata; -1: nothing that one could have given. */
int convert_metadata(Maskline__Store__V1__MetadataItem *const *items, size_t count);

struct plain_bar convert_opt_out(const struct world *world,
                                 const Maskline__Store__V1__OptOut *opt_out);
struct plain_bar convert_block(const struct world *world, const Maskline__Store__V1__Block *block);
struct plain_person convert_person(const struct world *world,
                                   const Maskline__Store__V1__Participant *participant);
struct plain_session convert_session(const struct world *world,
                                     const Maskline__Store__V1__Session *session);
struct plain_interaction convert_interaction(const Maskline__Store__V1__Interaction *interaction);
/* The refusal in an answer. */
void convert_error(const struct world *world, const struct error *error, struct answer *ret_answer);
struct plain_sid convert_sid(ProtobufCBinaryData data);
/* An entry; `service` is the label of the log's Service. */
struct event convert_entry(const struct world *world, const Maskline__Store__V1__Entry *entry);
/* Whether the entry holds a real number other than where participants are written down. Changes the entry. */
bool entry_leaks(const struct world *world, Maskline__Store__V1__Entry *entry);

#endif
