// The library in a thread with another floating-point mode.

import CWinitKernels
import Testing
import WinitRegistry
import WinitTestSupport

@Suite struct ArithmeticModeTests {
  #if arch(x86_64)
    @Test func `a create in a thread that flushes subnormal numbers and rounds up has the same id and texts`() throws {
      // Of the truncated normal, alpha is a subnormal number of binary64. The other numbers are inexact.
      let spec = """
        values: {a: 1 / 3, b: exp(a) / 7}
        tensors: {cut: [64], he: [48, 33], dt: [64], tiny: [64], vector: [9]}
        rules:
          - {match: cut, init: {scheme: truncated_normal, std: 0.1, low: -38, high: b}}
          - {match: he, init: {scheme: he_normal, gain: sqrt(a)}}
          - {match: dt, init: {scheme: dt_bias, dt_max: b}}
          - {match: tiny, init: {scheme: normal, std: 1e-39}}
          - {match: vector, init: orthogonal}
        """
      func create() throws -> (id: String, laws: [String]) {
        let fixture = try Fixture()
        let run = try fixture.create("m", spec)
        return (run.id.description, try fixture.registry.tensors(of: run).flatMap { [$0.json, $0.scheme, $0.law] })
      }
      let expected = try create()
      // Flush to zero, denormals are zero, round up, all exceptions masked.
      let mode: UInt64 = 0x1F80 | 0x8000 | 0x0040 | 0x4000
      winit_arithmetic_leave(mode)
      let found = Result { try create() }
      #expect(winit_arithmetic_enter() & ~0x3F == mode)
      #expect(try found.get() == expected)
    }
  #endif
}
