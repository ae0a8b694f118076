// A process, told apart from all others, those before and after it with the same number too.

import Foundation
import WinitJSON

/// A process of a machine. Another one on the same machine can see whether it has ended.
struct ProcessIdentity: Sendable, Equatable {
  let pid: Int
  /// The machine since it was started, and the container, within which the number counts.
  let space: String
  /// When it began, in the system's own units; empty where that cannot be told.
  let start: String

  static let current = ProcessIdentity(
    pid: Int(getpid()), space: currentSpace(), start: startTime(of: Int(getpid())))

  /// True where it is known to have ended; false where it runs, or where it cannot be seen from here.
  var hasEnded: Bool {
    guard space == ProcessIdentity.current.space, !space.isEmpty else { return false }
    if kill(pid_t(truncatingIfNeeded: pid), 0) != 0, errno == ESRCH { return true }
    let startNow = ProcessIdentity.startTime(of: pid)
    return !startNow.isEmpty && startNow != start
  }

  private static func currentSpace() -> String {
    #if os(Linux)
      let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
      let container = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
      guard !boot.isEmpty, !container.isEmpty else { return "" }
      return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + container
    #else
      var uuid = [CChar](repeating: 0, count: 64)
      var size = uuid.count
      guard sysctlbyname("kern.bootsessionuuid", &uuid, &size, nil, 0) == 0 else { return "" }
      return String(decoding: uuid.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #endif
  }

  private static func startTime(of pid: Int) -> String {
    #if os(Linux)
      // After the name in parentheses, which may hold spaces, come the state and, as the twentieth, the start (proc(5)).
      let line = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
      let fields = (line.lastIndex(of: ")").map { line[$0...] } ?? "").split(separator: " ")
      guard fields.count > 20 else { return "" }
      return fields[1] == "Z" ? "ended" : String(fields[20])
    #else
      return ""
    #endif
  }
}

extension ProcessIdentity {
  var json: JSONValue { ["pid": .integer(pid), "space": .string(space), "start": .string(start)] }

  init?(json: JSONValue) {
    guard let pid = json["pid"]?.integerValue, let space = json["space"]?.stringValue,
      let start = json["start"]?.stringValue
    else { return nil }
    self.init(pid: pid, space: space, start: start)
  }
}
