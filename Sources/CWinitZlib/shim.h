// zlib (https://zlib.net). The reader of git's objects decompresses with it.
#include <zlib.h>
