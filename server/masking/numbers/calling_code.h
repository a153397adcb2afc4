/*
 * Calling codes: numbers that share one are in one group for selection.
 */
#ifndef MASKLINE_SERVER_MASKING_NUMBERS_CALLING_CODE_H
#define MASKLINE_SERVER_MASKING_NUMBERS_CALLING_CODE_H

/* The calling code of a number in E.164, 1 to 3 digits; empty when it is no such number. */
void calling_code(const char *number, char ret_code[4]);

#endif
