#pragma once
#include <stdlib.h>
#include <uninorm.h>

// Swift does not see the two forms, which are macros for addresses of structures that only the library knows.
static inline uint8_t *postern_nfc(const uint8_t *text, size_t count, size_t *length) {
    return u8_normalize(UNINORM_NFC, text, count, NULL, length);
}
static inline uint8_t *postern_nfkc(const uint8_t *text, size_t count, size_t *length) {
    return u8_normalize(UNINORM_NFKC, text, count, NULL, length);
}
