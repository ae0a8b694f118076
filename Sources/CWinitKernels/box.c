// Boxes of tensors, written with any strides.

#include "arithmetic.h"
#include "functions.h"

#include <string.h>

/// How many elements temporary memory holds: enough that the ends of a range cost little.
#define WINDOW 2048
/// Rows that begin at most this many elements apart are cut out of one range that covers them.
#define NEAR 256

/// An axis of the box: its length, and the distances between neighbors in words and in bytes of the output.
struct axis {
  uint64_t size, pitch;
  int64_t stride;
};

/// Copies elements of 2, 4 or 8 bytes to places that are `stride` bytes apart.
static void scatter(char *out, const char *in, uint64_t count, size_t size, int64_t stride) {
  if (stride == (int64_t)size) {
    memcpy(out, in, count * size);
    return;
  }
  switch (size) {
    case 2: for (uint64_t i = 0; i < count; i++) memcpy(out + (int64_t)i * stride, in + 2 * i, 2); break;
    case 4: for (uint64_t i = 0; i < count; i++) memcpy(out + (int64_t)i * stride, in + 4 * i, 4); break;
    default: for (uint64_t i = 0; i < count; i++) memcpy(out + (int64_t)i * stride, in + 8 * i, 8); break;
  }
}

/// Elements in temporary memory: those of the words start ..< start + count.
struct window {
  uint64_t start, count;
  char elements[8 * WINDOW];
};

/// Writes the elements of a row: consecutive words from `word` on. `rest` is how many words follow from `word` to the
/// end of the rows that are near.
static void write_row(
    const struct winit_functions *functions, const struct winit_recipe *recipe, size_t size, uint64_t word,
    const struct axis *row, uint64_t rest, char *out, struct window *window) {
  if (row->stride == (int64_t)size && (row->size >= NEAR || rest == row->size)) {
    functions->fill_range(recipe, word, row->size, out);
    return;
  }
  for (uint64_t done = 0; done < row->size;) {
    uint64_t skipped = word + done - window->start;
    if (skipped >= window->count) {
      window->start = word + done;
      window->count = rest - done < WINDOW ? rest - done : WINDOW;
      skipped = 0;
      functions->fill_range(recipe, window->start, window->count, window->elements);
    }
    uint64_t count = window->count - skipped;
    if (count > row->size - done) count = row->size - done;
    scatter(out + (int64_t)done * row->stride, window->elements + skipped * size, count, size, row->stride);
    done += count;
  }
}

/// Joins axes whose elements lie one after another both in the words and in the output, and drops those of length 1.
/// Returns how many axes are left.
static size_t join(struct axis *axes, size_t rank) {
  size_t kept = 0;
  for (size_t i = 0; i < rank; i++) {
    if (axes[i].size == 1) continue;
    struct axis *last = axes + kept - 1;
    if (kept > 0 && last->pitch == axes[i].size * axes[i].pitch &&
        last->stride == (int64_t)axes[i].size * axes[i].stride) {
      last->size *= axes[i].size;
      last->pitch = axes[i].pitch;
      last->stride = axes[i].stride;
    } else {
      axes[kept++] = axes[i];
    }
  }
  return kept;
}

static void fill_axes(
    const struct winit_functions *functions, const struct winit_recipe *recipe, size_t size, struct axis *axes,
    size_t rank, uint64_t word, char *out) {
  // A box whose last axis does not advance by single words, because its length is 1, has rows of one element.
  struct axis row = {1, 1, (int64_t)size};
  if (rank > 0 && axes[rank - 1].pitch == 1) row = axes[--rank];
  uint64_t place[WINIT_MAX_RANK] = {0};
  struct window window = {.count = 0};
  for (;;) {
    uint64_t rest = row.size;
    if (rank > 0 && axes[rank - 1].pitch <= NEAR)
      rest += (axes[rank - 1].size - 1 - place[rank - 1]) * axes[rank - 1].pitch;
    write_row(functions, recipe, size, word, &row, rest, out, &window);
    size_t axis = rank;
    for (;;) {
      if (axis == 0) return;
      axis--;
      if (++place[axis] < axes[axis].size) break;
      word -= (axes[axis].size - 1) * axes[axis].pitch;
      out -= (int64_t)(axes[axis].size - 1) * axes[axis].stride;
      place[axis] = 0;
    }
    word += axes[axis].pitch;
    out += axes[axis].stride;
  }
}

enum winit_status winit_fill_box(
    enum winit_kernel kernel, const struct winit_recipe *recipe, size_t rank, const uint64_t *shape,
    const uint64_t *offset, const uint64_t *size, const int64_t *strides, uint64_t first, void *out) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return WINIT_NO_KERNEL;
  const size_t item = item_size(recipe->law, recipe->format);
  if (item == 0 || rank > WINIT_MAX_RANK) return WINIT_BAD_ARGUMENT;
  struct axis axes[WINIT_MAX_RANK];
  uint64_t pitch = 1, word = first, stride = item;
  int is_empty = 0, is_huge = 0;
  for (size_t i = rank; i-- > 0;) {
    if (offset[i] > shape[i] || size[i] > shape[i] - offset[i]) return WINIT_BAD_ARGUMENT;
    if (size[i] == 0) is_empty = 1;
    axes[i] = (struct axis){size[i], pitch, strides ? strides[i] : (int64_t)stride};
    word += offset[i] * pitch;
    // A tensor without elements may have axes of any length beside that of length 0.
    if (__builtin_mul_overflow(pitch, shape[i], &pitch)) is_huge = 1;
    stride *= size[i];
  }
  if (is_empty) return WINIT_OK;
  if (is_huge) return WINIT_BAD_ARGUMENT;
  const uint64_t mode = arithmetic_enter();
  fill_axes(functions, recipe, item, axes, join(axes, rank), word, out);
  arithmetic_leave(mode);
  return WINIT_OK;
}
