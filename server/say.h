/*
 * What the server says to whoever runs it: one line for each thing, on standard error, with the time.
 */
#ifndef MASKLINE_SERVER_SAY_H
#define MASKLINE_SERVER_SAY_H

/* "2026-01-31T12:00:00.123Z maskline: ..." Any thread. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
