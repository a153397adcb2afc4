/*
 * Which Maskline this is.
 */
#ifndef MASKLINE_CLIENT_VERSION_H
#define MASKLINE_CLIENT_VERSION_H

#define MASKLINE_VERSION     "0.1.0"
/* When the manual was last gone through. */
#define MASKLINE_MANUAL_DATE "2026-11-26"

#endif
