// SHA-256 of OpenSSL's libcrypto. The three functions are marked as deprecated since OpenSSL 3.0 in favor of EVP, which
// allocates memory for every message and makes a static binary 5 MB larger; they are in every release, and in the forks.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
