// SHA-256 of several messages of any lengths: padding, and which messages are hashed at once.

#include "functions.h"
#include "processor.h"
#include "sha256.h"

#include <string.h>

/// A message in progress. Its whole blocks are hashed where they are; the rest and the padding are in `tail`.
struct message {
  const unsigned char *next;  // the next whole block
  uint64_t blocks;            // how many blocks follow there, or in the tail
  int is_tail;                // whether the next block is in the tail
  unsigned tail_blocks;
  unsigned char *digest;      // where the digest goes
  uint32_t state[8];
  unsigned char tail[128];
};

static const unsigned char *next_block(const struct message *m) {
  return m->is_tail ? m->tail + 64 * (m->tail_blocks - m->blocks) : m->next;
}

/// Records that blocks were added to the state.
static void advance(struct message *m, uint64_t blocks) {
  if (!m->is_tail) m->next += 64 * blocks;
  m->blocks -= blocks;
  if (m->blocks > 0 || m->is_tail) return;
  m->blocks = m->tail_blocks;
  m->is_tail = 1;
}

/// The padding is the bit 1, zeros, and the length in bits as a big-endian number (section 5.1.1).
static void start(struct message *m, const unsigned char *data, uint64_t length, unsigned char *digest) {
  const size_t rest = (size_t)(length % 64);
  *m = (struct message){.next = data, .blocks = length / 64, .digest = digest, .tail_blocks = rest < 56 ? 1 : 2};
  memcpy(m->state, sha256_initial, sizeof m->state);
  if (rest > 0) memcpy(m->tail, data + (length - rest), rest);
  m->tail[rest] = 0x80;
  for (int i = 0; i < 8; i++) m->tail[64 * m->tail_blocks - 1 - i] = (unsigned char)(8 * length >> (8 * i));
  advance(m, 0);
}

static int is_finished(const struct message *m) { return m->is_tail && m->blocks == 0; }

static void write_digest(const struct message *m) {
  for (int i = 0; i < 8; i++)
    for (int k = 0; k < 4; k++) m->digest[4 * i + k] = (unsigned char)(m->state[i] >> (24 - 8 * k));
}

/// Adds as many blocks to each of the messages as all of them have.
static void add_blocks(const struct winit_sha256_group *group, struct message *messages, size_t count) {
  uint32_t state[8 * WINIT_MAX_MESSAGES] = {0};
  const void *pointers[WINIT_MAX_MESSAGES];
  const size_t lanes = group->lanes;
  uint64_t blocks = messages[0].blocks;
  for (size_t i = 1; i < count; i++) if (messages[i].blocks < blocks) blocks = messages[i].blocks;
  // A lane without a message reads the first message.
  for (size_t i = 0; i < lanes; i++) pointers[i] = next_block(&messages[i < count ? i : 0]);
  for (size_t i = 0; i < count; i++) for (int k = 0; k < 8; k++) state[lanes * k + i] = messages[i].state[k];
  group->function(state, pointers, (size_t)blocks);
  for (size_t i = 0; i < count; i++) {
    for (int k = 0; k < 8; k++) messages[i].state[k] = state[lanes * k + i];
    advance(&messages[i], blocks);
  }
}

struct winit_sha256_group winit_sha256_group(enum winit_kernel kernel, size_t count) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  const struct winit_sha256_group one = {NULL, 1};
  if (!functions) return one;
#if defined(__x86_64__) || defined(__aarch64__)
  const int has_instructions = (processor() & PROCESSOR_SHA) != 0;
#endif
#if defined(__x86_64__)
  // Hashing sixteen takes as long for fewer messages.
  const size_t minimum = has_instructions ? 12 : 8;
  if (functions->kernel == WINIT_KERNEL_AVX512 && count >= minimum)
    return (struct winit_sha256_group){winit_sha256_avx512, 16};
  if (has_instructions && (processor() & PROCESSOR_AVX2) && count >= 3)
    return (struct winit_sha256_group){winit_sha256_four, 4};
  if (has_instructions) return count >= 2 ? (struct winit_sha256_group){winit_sha256_two, 2} : one;
  if (functions->kernel != WINIT_KERNEL_SSE2 && count >= 4) return (struct winit_sha256_group){winit_sha256_avx2, 8};
#elif defined(__aarch64__)
  if (has_instructions && count >= 3) return (struct winit_sha256_group){winit_sha256_four, 4};
#endif
  return one;
}

size_t winit_sha256_lanes(enum winit_kernel kernel) { return winit_sha256_group(kernel, WINIT_MAX_MESSAGES).lanes; }

enum winit_status winit_sha256(
    enum winit_kernel kernel, size_t count, const void *const *messages, const uint64_t *lengths,
    unsigned char *digests) {
  if (!winit_functions_of(kernel)) return WINIT_NO_KERNEL;
  for (size_t i = 0; i < count; i++) if (lengths[i] >> 61 != 0) return WINIT_BAD_ARGUMENT;
  struct message active[WINIT_MAX_MESSAGES];
  size_t active_count = 0, next = 0;
  for (;;) {
    for (; active_count < WINIT_MAX_MESSAGES && next < count; next++)
      start(&active[active_count++], messages[next], lengths[next], digests + 32 * next);
    if (active_count == 0) return WINIT_OK;
    const struct winit_sha256_group group = winit_sha256_group(kernel, active_count);
    if (group.function) {
      add_blocks(&group, active, active_count < group.lanes ? active_count : group.lanes);
    } else {
      const uint64_t blocks = active[0].blocks;
      winit_sha256_blocks(active[0].state, next_block(&active[0]), (size_t)blocks);
      advance(&active[0], blocks);
    }
    for (size_t i = 0; i < active_count;) {
      if (!is_finished(&active[i])) {
        i++;
        continue;
      }
      write_digest(&active[i]);
      active[i] = active[--active_count];
    }
  }
}
