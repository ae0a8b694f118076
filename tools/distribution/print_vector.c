// Prints the version of the kernels and the first 16 bytes of `h.0.w`, the example of docs/manifest.md, with the widest
// kernel of the processor. It is linked with the library of a wheel, and includes the header of the wheel.

#include <stdio.h>

#include "winit_kernels.h"

int main(void) {
  struct winit_recipe recipe = {
      .seed = 18446744073709551557u,
      .stream = 2052055581291986262u,
      .law = WINIT_NORMAL,
      .format = WINIT_FLOAT32,
      .mean = 0.0f,
      .std = 0.02f,
  };
  unsigned char bytes[16];
  if (winit_fill(WINIT_KERNEL_BEST, &recipe, 0, 4, bytes) != WINIT_OK) {
    return 1;
  }
  printf("%x %s ", winit_kernels_version(), winit_kernel_name(WINIT_KERNEL_BEST));
  for (int i = 0; i < 16; i++) {
    printf("%02x", bytes[i]);
  }
  printf("\n");
  return 0;
}
