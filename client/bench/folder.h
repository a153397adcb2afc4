/*
 * Temporary folders.
 */
#ifndef MASKLINE_CLIENT_BENCH_FOLDER_H
#define MASKLINE_CLIENT_BENCH_FOLDER_H

/* Removes it with all that is in it, as far as that goes. Symbolic links are not followed. */
void folder_remove(const char *path);

#endif
