// SHA-256 of several messages of any lengths: padding, and which message is in which lane.

#include "functions.h"
#include "processor.h"
#include "sha256.h"

#include <string.h>

/// A message in progress. Its whole blocks are hashed where they are; the rest and the padding are in `tail`.
struct message {
  const unsigned char *next;  // the next block
  uint64_t blocks;            // how many blocks follow there
  int is_tail;                // whether these are the last blocks
  unsigned tail_blocks;
  unsigned char *digest;      // where the digest goes, or NULL if there is no message
  unsigned char tail[128];
};

/// Moves on to the tail after the last whole block.
static void start_tail(struct message *m) {
  if (m->blocks > 0 || m->is_tail) return;
  m->next = m->tail;
  m->blocks = m->tail_blocks;
  m->is_tail = 1;
}

/// The padding is the bit 1, zeros, and the length in bits as a big-endian number (section 5.1.1).
static void start(struct message *m, const unsigned char *data, uint64_t length, unsigned char *digest) {
  const size_t rest = (size_t)(length % 64);
  *m = (struct message){.next = data, .blocks = length / 64, .digest = digest, .tail_blocks = rest < 56 ? 1 : 2};
  if (rest > 0) memcpy(m->tail, data + (length - rest), rest);
  m->tail[rest] = 0x80;
  for (int i = 0; i < 8; i++) m->tail[64 * m->tail_blocks - 1 - i] = (unsigned char)(8 * length >> (8 * i));
  start_tail(m);
}

static void write_digest(unsigned char *digest, const uint32_t state[8]) {
  for (int i = 0; i < 8; i++)
    for (int k = 0; k < 4; k++) digest[4 * i + k] = (unsigned char)(state[i] >> (24 - 8 * k));
}

static void finish(struct message *m, uint32_t state[8]) {
  for (;;) {
    winit_sha256_blocks(state, m->next, (size_t)m->blocks);
    m->blocks = 0;
    if (m->is_tail) break;
    start_tail(m);
  }
  write_digest(m->digest, state);
}

static void hash_in_lanes(
    const struct winit_sha256_group *group, size_t count, const void *const *messages, const uint64_t *lengths,
    unsigned char *digests) {
  struct message lanes[WINIT_MAX_MESSAGES];
  uint32_t state[8 * WINIT_MAX_MESSAGES], one[8];
  const void *pointers[WINIT_MAX_MESSAGES];
  const size_t width = group->lanes;
  size_t next = 0;
  for (size_t i = 0; i < width; i++) lanes[i].digest = NULL;
  for (;;) {
    size_t active = 0;
    uint64_t blocks = UINT64_MAX;
    const void *any = NULL;
    for (size_t i = 0; i < width; i++) {
      struct message *m = &lanes[i];
      if (!m->digest && next < count) {
        start(m, messages[next], lengths[next], digests + 32 * next);
        next++;
        for (int k = 0; k < 8; k++) state[width * k + i] = sha256_initial[k];
      }
      if (!m->digest) continue;
      active++;
      any = m->next;
      if (m->blocks < blocks) blocks = m->blocks;
    }
    if (active < group->minimum) break;
    for (size_t i = 0; i < width; i++) pointers[i] = lanes[i].digest ? lanes[i].next : NULL;
    // A lane without a message reads another message, all of which have this many blocks.
    for (size_t i = 0; i < width; i++) if (!pointers[i]) pointers[i] = any;
    group->function(state, pointers, (size_t)blocks);
    for (size_t i = 0; i < width; i++) {
      struct message *m = &lanes[i];
      if (!m->digest) continue;
      m->next += 64 * blocks;
      m->blocks -= blocks;
      if (m->blocks > 0) continue;
      if (!m->is_tail) {
        start_tail(m);
        continue;
      }
      for (int k = 0; k < 8; k++) one[k] = state[width * k + i];
      write_digest(m->digest, one);
      m->digest = NULL;
    }
  }
  for (size_t i = 0; i < width; i++) {
    if (!lanes[i].digest) continue;
    for (int k = 0; k < 8; k++) one[k] = state[width * k + i];
    finish(&lanes[i], one);
  }
}

struct winit_sha256_group winit_sha256_group(enum winit_kernel kernel) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return (struct winit_sha256_group){NULL, 1, 1};
#if defined(__x86_64__)
  if (functions->kernel == WINIT_KERNEL_AVX512) return (struct winit_sha256_group){winit_sha256_avx512, 16, 8};
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  if (processor() & PROCESSOR_SHA) return (struct winit_sha256_group){winit_sha256_two, 2, 2};
#endif
#if defined(__x86_64__)
  if (functions->kernel == WINIT_KERNEL_AVX2) return (struct winit_sha256_group){winit_sha256_avx2, 8, 4};
#endif
  return (struct winit_sha256_group){NULL, 1, 1};
}

size_t winit_sha256_lanes(enum winit_kernel kernel) { return winit_sha256_group(kernel).lanes; }

enum winit_status winit_sha256(
    enum winit_kernel kernel, size_t count, const void *const *messages, const uint64_t *lengths,
    unsigned char *digests) {
  if (!winit_functions_of(kernel)) return WINIT_NO_KERNEL;
  for (size_t i = 0; i < count; i++) if (lengths[i] >> 61 != 0) return WINIT_BAD_ARGUMENT;
  const struct winit_sha256_group group = winit_sha256_group(kernel);
  if (group.function) {
    hash_in_lanes(&group, count, messages, lengths, digests);
    return WINIT_OK;
  }
  for (size_t i = 0; i < count; i++) {
    struct message m;
    uint32_t state[8];
    memcpy(state, sha256_initial, sizeof state);
    start(&m, messages[i], lengths[i], digests + 32 * i);
    finish(&m, state);
  }
  return WINIT_OK;
}
