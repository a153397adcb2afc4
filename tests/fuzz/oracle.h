/*
 * What a fuzzer says when something is not as it must be: where, what, and the end of the process, so that libFuzzer or the driver
 * (drive.c) keeps the input.
 */
#ifndef MASKLINE_TESTS_FUZZ_ORACLE_H
#define MASKLINE_TESTS_FUZZ_ORACLE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* must(condition, "format", ...) */
#define must(condition, ...)                                                                    \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "\n%s:%d: this must hold: %s\n  ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                                       \
            fputc('\n', stderr);                                                                \
            abort();                                                                            \
        }                                                                                       \
    } while (0)

/* What a fuzzer gives to libFuzzer, and to the driver. The others are optional. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
    __attribute__((weak));

/* Ends what a fuzzer keeps from input to input. */
void fuzzer_close(void) __attribute__((weak));

/* After the whole corpus has run, by the driver alone: what it must have reached. */
void fuzzer_reached(void) __attribute__((weak));

/* What libFuzzer, or the driver, gives to a fuzzer's mutator: bytes changed at random. Returns the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

#endif
