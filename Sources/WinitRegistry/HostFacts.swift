// Facts about the machine a run was created on, for whoever looks for the cause of a difference later.

import CanonicalJSON
import Foundation

func hostFacts() -> JSONValue {
  let process = ProcessInfo.processInfo
  #if arch(x86_64)
    let architecture = "x86_64"
  #elseif arch(arm64)
    let architecture = "arm64"
  #else
    let architecture = "other"
  #endif
  return [
    "hostname": .string(process.hostName), "os": .string(process.operatingSystemVersionString),
    "architecture": .string(architecture), "processors": .integer(process.activeProcessorCount),
  ]
}
