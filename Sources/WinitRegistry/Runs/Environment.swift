// The environment in which a run is created. It helps to find the cause of a difference later.

import Foundation
import WinitCore
import WinitJSON

/// The environment of this process: machine, user and git checkout. The checkout is read in the background from the
/// start, because that can take seconds on a large checkout.
final class Environment {
  private let gitStatus = GitStatus()

  private let producer: Producer

  /// - Parameter producer: the software that made the model.
  init(_ producer: Producer) { self.producer = producer }

  /// The machine, the user and the software that made the model, in the form of a run's record.
  var host: JSONValue {
    let process = ProcessInfo.processInfo
    let machine: KeyValuePairs<String, JSONValue> = [
      "hostname": .string(hostName()), "user": .string(userName()),
      "os": .string(process.operatingSystemVersionString), "os_kernel": .string(systemKernel()),
      "architecture": .string(architecture), "processor": .string(processorName()),
      "processors": .integer(process.activeProcessorCount), "kernel": .string(SIMDKernel.current.rawValue),
    ]
    return .object(machine.map { JSONValue.Member($0, $1) } + producer.members)
  }

  /// Returns the commit and the changes of the git checkout that contains the current folder; nil if there is none.
  ///
  /// - Throws: the error of the request to stop, if the operation was asked to stop meanwhile.
  func git() throws -> JSONValue? { try gitStatus?.wait { try OperationContext.current.cancellation.check() }?.json }
}

/// Returns the user, the machine, the folder and the version of this software, for the history.
func currentActor() -> JSONValue {
  [
    "user": .string(userName()), "hostname": .string(hostName()),
    "folder": .string(FileManager.default.currentDirectoryPath), "tool_version": .string(Registry.version),
  ]
}

/// Returns the name of the machine. (`ProcessInfo.hostName` may send a request over the network.)
private func hostName() -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  gethostname(&buffer, buffer.count - 1)
  return text(buffer)
}

/// Returns the name of the user, from the environment variables if possible: the user database of the system may be on
/// the network.
private func userName() -> String {
  if let name = environmentVariable("LOGNAME") ?? environmentVariable("USER"), !name.isEmpty { return name }
  return getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(getuid())"
}

private func systemKernel() -> String {
  var facts = utsname()
  uname(&facts)
  func field(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
  return withUnsafeBytes(of: &facts.sysname, field) + " " + withUnsafeBytes(of: &facts.release, field)
}

private func processorName() -> String {
  #if os(Linux)
    guard let file = fopen("/proc/cpuinfo", "r") else { return "" }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 1024)
    // The system makes the text of a processor when it is read, so reading ends with the first processor.
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = text(buffer)
      guard line.hasPrefix("model name") else { continue }
      return line.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
    }
    return ""
  #else
    var buffer = [CChar](repeating: 0, count: 256)
    var size = buffer.count
    return sysctlbyname("machdep.cpu.brand_string", &buffer, &size, nil, 0) == 0 ? text(buffer) : ""
  #endif
}

private func text(_ buffer: [CChar]) -> String {
  String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

#if arch(x86_64)
  private let architecture = "x86_64"
#elseif arch(arm64)
  private let architecture = "arm64"
#else
  private let architecture = "other"
#endif
