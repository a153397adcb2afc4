/*
 * Folders with files in them.
 */
#ifndef MASKLINE_TESTS_MODEL_FOLDER_H
#define MASKLINE_TESTS_MODEL_FOLDER_H

#include <stdbool.h>

/* Removes a folder with all that is in it, if there is one. */
void folder_remove(const char *folder);

/* Copies a folder, as it is at one moment, to one that is not there yet. Others may write to it meanwhile: it is copied again until nothing
 * changed. */
bool folder_copy(const char *from, const char *to);

#endif
