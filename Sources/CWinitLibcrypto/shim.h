// SHA-256 and SHA-1 of OpenSSL's libcrypto. OpenSSL 3.0 deprecates SHA256_Init, SHA256_Update and SHA256_Final in favor
// of EVP. EVP allocates memory for every message and makes a static binary 5 MB larger. Every release has the functions,
// and so have the forks.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
