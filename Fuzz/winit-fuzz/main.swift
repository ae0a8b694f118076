// Runs a fuzz target: with inputs of libFuzzer if it was built for that (tools/fuzz), and otherwise with the files
// named.
//
//   winit-fuzz TARGET FILE…

import Foundation
import WinitFuzzTargets

#if WINIT_FUZZ
  // The entry point of libFuzzer, which reads the arguments and calls `body` for each input.
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  private let environment = ProcessInfo.processInfo.environment["WINIT_FUZZ_TARGET"] ?? ""

  private enum Driver {
    static let target = FuzzTarget.all.first { $0.name == environment }
  }

  guard Driver.target != nil else {
    print("$WINIT_FUZZ_TARGET is `\(environment)`, not one of \(FuzzTarget.all.map(\.name))")
    exit(64)
  }
  private var count = CommandLine.argc
  private var arguments = CommandLine.unsafeArgv
  exit(
    runDriver(&count, &arguments) { bytes, count in
      do { _ = try Driver.target?(Array(UnsafeBufferPointer(start: bytes, count: count))) } catch {
        fatalError("BROKEN: \(error)")
      }
      return 0
    })
#else
  private let arguments = CommandLine.arguments.dropFirst()

  guard let target = FuzzTarget.all.first(where: { $0.name == arguments.first }), arguments.count > 1 else {
    print("usage: winit-fuzz TARGET FILE…\ntargets: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    exit(64)
  }
  private var status: Int32 = 0
  for path in arguments.dropFirst() {
    do {
      let bytes = Array(try Data(contentsOf: URL(filePath: path)))
      print("\(path): \(try target(bytes))")
    } catch {
      print("\(path): BROKEN: \(error)")
      status = 1
    }
  }
  exit(status)
#endif
