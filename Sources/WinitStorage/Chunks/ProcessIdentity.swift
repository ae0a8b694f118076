// The identity of a process, which differs from earlier and later processes with the same process id.

import Foundation
import WinitJSON

/// Identifies a process, so that another process on the same machine can find out whether it has ended.
struct ProcessIdentity: Sendable, Equatable {
  let pid: Int
  /// The boot of the machine, and the container, in which the process id is unique; empty if unknown.
  let namespace: String
  /// The start time of the process, in units of the system; empty if unknown.
  let start: String
  /// The command, such as `winit-registry create`; nil if it is not recorded.
  var command: String?

  static let current = ProcessIdentity(
    pid: Int(getpid()), namespace: currentNamespace(), start: startTime(of: Int(getpid())), command: currentCommand())

  /// Whether the process is, or was, on this machine and in this container since the last boot.
  var isSameMachine: Bool { namespace == ProcessIdentity.current.namespace && !namespace.isEmpty }

  /// Whether the process is known to have ended. False if it runs, or if this process cannot see it.
  var hasEnded: Bool {
    guard isSameMachine else { return false }
    if kill(pid_t(truncatingIfNeeded: pid), 0) != 0, errno == ESRCH { return true }
    let startNow = ProcessIdentity.startTime(of: pid)
    return !startNow.isEmpty && startNow != start
  }

  private static func currentNamespace() -> String {
    #if os(Linux)
      let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
      let container = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
      guard !boot.isEmpty, !container.isEmpty else { return "" }
      return "\(boot.split(separator: "\n").first ?? "") \(container)"
    #else
      var uuid = [CChar](repeating: 0, count: 64)
      var size = uuid.count
      guard sysctlbyname("kern.bootsessionuuid", &uuid, &size, nil, 0) == 0 else { return "" }
      return String(decoding: uuid.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #endif
  }

  private static func startTime(of pid: Int) -> String {
    #if os(Linux)
      let fields = statusFields(of: pid)
      guard fields.count > 20 else { return "" }
      return fields[1] == "Z" ? "ended" : String(fields[20])
    #else
      return ""
    #endif
  }

  #if os(Linux)
    /// Returns the fields after the name, which is in parentheses and may contain spaces: the field 1 is the state, and
    /// the field 20 is the start time (proc(5)). Returns none for a process that this process cannot see.
    static func statusFields(of pid: Int) -> [Substring] {
      let line = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
      return (line.lastIndex(of: ")").map { line[$0...] } ?? "").split(separator: " ")
    }
  #endif

  /// Returns the name of the program and of its subcommand, without the arguments.
  private static func currentCommand() -> String? {
    let words = ProcessInfo.processInfo.arguments
    guard let name = words.first?.split(separator: "/").last else { return nil }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let subcommand = words.dropFirst().first { word in
      (1...20).contains(word.utf8.count) && word.utf8.allSatisfy(letters.contains)
    }
    return String(name.prefix(40)) + (subcommand.map { " " + $0 } ?? "")
  }
}

extension ProcessIdentity {
  var json: JSONValue {
    [
      "pid": .integer(pid), "space": .string(namespace), "start": .string(start),
      "command": command.map { .string($0) } ?? .null,
    ]
  }

  init?(json: JSONValue) {
    guard let pid = json["pid"]?.integerValue, let namespace = json["space"]?.stringValue,
      let start = json["start"]?.stringValue
    else { return nil }
    self.init(pid: pid, namespace: namespace, start: start, command: json["command"]?.stringValue)
  }
}
