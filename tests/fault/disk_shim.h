/*
 * A disk that can fail and lose its power, put between a program and the files below one folder.
 *
 * It stands in for the calls by which RocksDB and storage/ use files; linked into a program, or loaded before it with LD_PRELOAD. The files
 * are the real ones; what was asked of them is written down as well (disk_journal.h), from which disk.py tells what a power loss at any
 * moment would have left. Syncs are written down and not made: the machine of the test keeps its power. Calls that it does not know of,
 * made for a file below the folder, abort the program. Without these variables it does nothing:
 *
 *   MASKLINE_DISK_FOLDER   absolute path of the folder
 *   MASKLINE_DISK_JOURNAL  the journal to append to; absent: none is kept
 *   MASKLINE_DISK_FAULTS   the file that says what fails (disk_faults.h); absent: nothing does
 */
#ifndef MASKLINE_TESTS_FAULT_DISK_SHIM_H
#define MASKLINE_TESTS_FAULT_DISK_SHIM_H

#include <stddef.h>

/* Puts something of the program's own into the journal, so that it has a place among its writes and syncs. Any thread. */
void disk_note(const void *data, size_t size);

#endif
