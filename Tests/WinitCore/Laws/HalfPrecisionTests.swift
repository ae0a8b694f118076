import Testing
import WinitCore

// macOS on x86-64 has no Float16.
#if !(os(macOS) && arch(x86_64))
  @Suite struct HalfPrecisionTests {
    @Test
    func `conversion to binary16 equals the processor's for every binary16 number, its neighbors and the midpoints`() {
      for bits: UInt16 in 0..<0x7C00 {
        let here = Float(Float16(bitPattern: bits)),
          next = bits == 0x7BFF ? 65536 : Float(Float16(bitPattern: bits + 1))
        let middle = (here + next) / 2
        for value in [here, here.nextUp, middle.nextDown, middle, middle.nextUp, next.nextDown] {
          #expect(value.float16Bits == Float16(value).bitPattern, "\(value)")
          #expect((-value).float16Bits == Float16(-value).bitPattern, "\(-value)")
        }
      }
    }
  }
#endif
