// Facts about the machine a run was created on, for whoever looks for the cause of a difference later.

import CanonicalJSON
import Foundation

func hostFacts() -> JSONValue {
  let process = ProcessInfo.processInfo
  // ProcessInfo's may ask the network.
  var buffer = [CChar](repeating: 0, count: 256)
  gethostname(&buffer, buffer.count - 1)
  let hostname = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  #if arch(x86_64)
    let architecture = "x86_64"
  #elseif arch(arm64)
    let architecture = "arm64"
  #else
    let architecture = "other"
  #endif
  return [
    "hostname": .string(hostname), "os": .string(process.operatingSystemVersionString),
    "architecture": .string(architecture), "processors": .integer(process.activeProcessorCount),
  ]
}
